// What a person asks of a tuning, checked the same way on the page and where it enters.
import { z } from 'zod';
import { PROJECTIONS, projection } from './recipe.ts';

const whole = (least: number, most: number) =>
  z
    .number({ error: 'Write a number.' })
    .int('Write a whole number.')
    .min(least, `At least ${least.toLocaleString('en')}.`)
    .max(most, `At most ${most.toLocaleString('en')}.`);
const real = (least: number, most: number) =>
  z.number({ error: 'Write a number.' }).min(least, `At least ${least}.`).max(most, `At most ${most}.`);
const named = (what: string) => z.string({ error: `Choose ${what}.` }).min(1, `Choose ${what}.`);

/** A tuning as the form holds it: ids of records, and the settings that a recipe is made of. */
export const tuningRequest = z
  .object({
    name: z.string().trim().min(1, 'Give the result a name.').max(100, 'At most 100 characters.'),
    modelId: named('a model'),
    datasetId: named('a dataset'),
    /** A benchmark as which the dataset is asked; absent: as its own columns say. */
    task: z.string().optional(),
    /** "standard", "winner", or the name of one of the task's prompts. */
    prompt: z.string().default('standard'),
    split: z.string().default('train'),
    /** Absent: the whole split. */
    shots: whole(1, 1_000_000).optional(),
    balanced: z.boolean().default(false),
    /** Of the draw of examples and of everything else. */
    seed: whole(0, 2 ** 31).default(42),
    method: z.enum(['lora', 'full']).default('lora'),
    lora: z
      .object({
        rank: whole(1, 1024).default(8),
        alpha: real(0.001, 10_000).default(16),
        dropout: real(0, 0.95).default(0.05),
        rsLora: z.boolean().default(false),
        targets: z
          .array(projection)
          .min(1, 'Choose at least one projection.')
          .default([...PROJECTIONS]),
      })
      .prefault({}),
    loss: z.enum(['answer', 'everything']).default('answer'),
    appendEos: z.boolean().default(false),
    learningRate: real(1e-9, 10).default(5e-4),
    weightDecay: real(0, 10).default(0),
    clipNorm: real(1e-6, 1e6).default(1),
    schedule: z.enum(['linear', 'cosine', 'constant']).default('linear'),
    warmupSteps: whole(0, 1_000_000).default(0),
    steps: whole(1, 10_000_000).default(100),
    batch: whole(1, 100_000).default(25),
    /** Of one example; what is longer loses its beginning. */
    rowTokens: whole(16, 1 << 17).default(256),
    microTokens: whole(16, 1 << 20).default(2048),
    distill: z
      .object({ teacherId: named('a teacher'), weight: real(0, 1).default(0.5), temperature: real(0.01, 100).default(1) })
      .optional(),
    /** Absent: nothing is measured before the end. */
    validation: z
      .object({ split: z.string().default('validation'), items: whole(1, 1_000_000).default(200), every: whole(1, 1_000_000).default(25) })
      .optional(),
    keepBest: z.boolean().default(false),
    /** Stop after this many measurements without a better one. */
    patience: whole(1, 10_000).optional(),
    snapshotEvery: whole(1, 1_000_000).default(50),
    merge: z.boolean().default(false),
  })
  .refine(({ warmupSteps, steps }) => warmupSteps < steps, { message: 'The warm-up must end before the last step.', path: ['warmupSteps'] })
  .refine(({ keepBest, validation }) => !keepBest || validation, {
    message: 'Turn on the held-out measurement: the best step is chosen by it.',
    path: ['keepBest'],
  })
  .refine(({ patience, validation }) => patience === undefined || validation, {
    message: 'Turn on the held-out measurement: it decides when to stop.',
    path: ['patience'],
  });
export type TuningRequest = z.infer<typeof tuningRequest>;

/** The complaints about a request by the field's path, such as "lora.rank"; empty when all is well. */
export function faultsOf(request: unknown): Readonly<Record<string, string>> {
  const { error } = tuningRequest.safeParse(request);
  const faults: Record<string, string> = {};
  for (const { path, message } of error?.issues ?? []) faults[path.join('.')] ??= message;
  return faults;
}

/** An evaluation of a model on datasets, each asked with its standard prompt unless a winner or a name is given. */
export const evaluationRequest = z.object({
  modelId: named('a model'),
  sets: z
    .array(
      z.object({
        datasetId: z.string(),
        task: z.string().optional(),
        prompt: z.string().default('standard'),
        split: z.string(),
        /** Absent: all of the split. */
        items: whole(1, 1_000_000).optional(),
      }),
    )
    .min(1, 'Choose at least one dataset.'),
});
export type EvaluationRequest = z.infer<typeof evaluationRequest>;
