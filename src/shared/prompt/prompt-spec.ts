// What a prompt is: one plain object that can be stored, versioned, compared and hashed.
import { z } from 'zod';
import { canonicalJson } from '../canonical-json.ts';
import { hashText } from '../sha256.ts';
import { MAX_TEMPLATE_LENGTH } from './template.ts';

const template = z.string().max(MAX_TEMPLATE_LENGTH);

/** Which worked examples stand before the question. Drawn ones follow a version of the harness (evaluation.md 5.6). */
const shots = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('none') }),
  z.object({ kind: z.literal('fixed'), rows: z.array(z.record(z.string(), z.unknown())).min(1).max(1000) }),
  z.object({
    kind: z.literal('drawn'),
    k: z.number().int().positive().max(1000),
    sampling: z.enum(['4d21ab6', 'v0.4']).default('v0.4'),
    /** Absent: the harness's own, 42 for 4d21ab6 and 1234 for v0.4. */
    seed: z.number().int().optional(),
  }),
]);

/**
 * Templates are Jinja over an item's fields (its columns, `choices`, `gold`) and `letters` (A, B, C, ...).
 * A prompt either offers `choices`, or has one `answer` to complete.
 */
export const promptSpec = z
  .object({
    name: z.string().min(1).max(100),
    /** Text up to the delimiter. With `continuation`, rendered once for each choice, which it sees as `choice`. */
    context: template,
    /** One template that yields a list, `{{ choices }}`, or a template for each choice. */
    choices: z.union([template, z.array(template).min(2).max(100)]).optional(),
    /** Yields the index or the text of the right choice. */
    gold: template.default('{{ gold }}'),
    /** What is scored instead of the choice itself, for choices that stand inside the context (WinoGrande's partial evaluation). */
    continuation: template.optional(),
    /** The text to be completed, in a prompt without choices. */
    answer: template.optional(),
    delimiter: z.string().max(100).default(' '),
    description: template.default(''),
    /** Stands after a description that is not empty. */
    descriptionSeparator: z.string().max(100).default('\n\n'),
    /** Stands after each worked example. */
    exampleSeparator: z.string().max(100).default('\n\n'),
    shots: shots.default({ kind: 'none' }),
  })
  .refine((spec) => (spec.choices === undefined) !== (spec.answer === undefined), {
    message: 'a prompt has either choices or an answer, not both and not neither',
  })
  .refine((spec) => spec.continuation === undefined || spec.choices !== undefined, {
    message: 'a continuation needs choices',
    path: ['continuation'],
  });

export type PromptSpec = Readonly<z.infer<typeof promptSpec>>;
export type PromptSpecInput = z.input<typeof promptSpec>;

/** SHA-256 over everything that can change a rendered text; a prompt that is only renamed keeps its hash. */
export function promptHash(spec: PromptSpecInput): string {
  return hashText(canonicalJson({ ...promptSpec.parse(spec), name: undefined }));
}

/**
 * SHA-256 of the wording alone: of how a question is written, whatever worked examples stand before it. Training sets, evaluations and
 * the prompt itself bear it, so that what a model learnt and what it is asked can be told apart.
 */
export function wordingHash(spec: PromptSpecInput): string {
  return promptHash({ ...spec, exampleSeparator: undefined, shots: undefined });
}

/** A hash as the eye compares it: "0afc 360c". */
export function shortHash(hash: string): string {
  return `${hash.slice(0, 4)} ${hash.slice(4, 8)}`;
}
