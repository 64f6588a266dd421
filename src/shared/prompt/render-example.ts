// The one function whose text is previewed, trained on, scored and exported.
import { AppError } from '../errors.ts';
import { hashText } from '../sha256.ts';
import type { Item } from '../tasks/item.ts';
import type { PromptSpec } from './prompt-spec.ts';
import { compileTemplate, evaluateTemplate, renderTemplate, type Fields, type Template } from './template.ts';
import { findWarnings, type PromptWarning } from './warnings.ts';

export type SpanRole = 'description' | 'separator' | 'shot' | 'context' | 'delimiter' | 'answer';

/** A stretch [start, end) of the text in UTF-16 units; `counts` says whether a loss on the answer looks at it. */
export interface Span {
  readonly role: SpanRole;
  readonly start: number;
  readonly end: number;
  readonly counts: boolean;
}

/** `length` is the scored text's code points without the delimiter, the divisor of acc_norm. */
export interface RenderedChoice {
  readonly context: string;
  readonly continuation: string;
  readonly length: number;
}

/**
 * A rendered example. `text` is everything up to and with the right answer (up to the context where no answer is known);
 * the spans tile it. `choices` is empty for a prompt with an answer to complete. `hash` is SHA-256 of `text`.
 */
export interface RenderedExample {
  readonly text: string;
  readonly spans: readonly Span[];
  readonly hash: string;
  readonly context: string;
  readonly answer: string | undefined;
  /** The answer with its delimiter, as it is appended to `context`. */
  readonly continuation: string | undefined;
  readonly choices: readonly RenderedChoice[];
  readonly gold: number | undefined;
  /** Names that a template used and the row lacks. */
  readonly missing: readonly string[];
  readonly warnings: readonly PromptWarning[];
}

/**
 * Renders one item: description, worked examples (`shots`, else those fixed in the prompt), context, delimiter, answer.
 * Throws AppError 'bad-prompt' when a template fails, yields no choices, names a gold answer that is none of them,
 * or a worked example has no answer.
 */
export function renderExample(spec: PromptSpec, item: Item, options: { readonly shots?: readonly Item[] } = {}): RenderedExample {
  const compiled = compilePrompt(spec);
  const shots = options.shots ?? (spec.shots.kind === 'fixed' ? spec.shots.rows : []);
  const own = renderOwnPart(spec, compiled, item);
  const description = renderTemplate(compiled.description, item);

  const pieces: { role: SpanRole; text: string }[] = [];
  pieces.push({ role: 'description', text: description.text });
  if (description.text !== '') pieces.push({ role: 'separator', text: spec.descriptionSeparator });
  const missing = new Set([...own.missing, ...description.missing]);
  for (const shot of shots) {
    const worked = compiled.worked.get(shot) ?? renderOwnPart(spec, compiled, shot);
    compiled.worked.set(shot, worked);
    if (worked.answer === undefined) {
      throw new AppError(
        'bad-prompt',
        `prompt “${spec.name}”: a worked example has no right answer; give examples whose answer is known.`,
        { shot },
      );
    }
    worked.missing.forEach((name) => missing.add(name));
    pieces.push(
      { role: 'shot', text: worked.context + spec.delimiter + worked.answer },
      { role: 'separator', text: spec.exampleSeparator },
    );
  }
  const before = pieces.map((piece) => piece.text).join('');
  pieces.push({ role: 'context', text: own.context });
  if (own.answer !== undefined) pieces.push({ role: 'delimiter', text: spec.delimiter }, { role: 'answer', text: own.answer });

  const text = pieces.map((piece) => piece.text).join('');
  const choices = own.choices.map(({ context, scored }) => ({
    context: before + context,
    continuation: spec.delimiter + scored,
    length: countCodePoints(scored),
  }));
  const rendered = {
    text,
    spans: tile(pieces),
    hash: hashText(text),
    context: before + own.context,
    answer: own.answer,
    continuation: own.answer === undefined ? undefined : spec.delimiter + own.answer,
    choices,
    gold: own.gold,
    missing: [...missing],
  };
  return { ...rendered, warnings: findWarnings({ ...rendered, delimiter: spec.delimiter }) };
}

/** Unicode code points, as Python counts the characters of a string. */
export function countCodePoints(text: string): number {
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    const isPair = (text.codePointAt(i) ?? 0) > 0xffff;
    if (isPair) i++;
    count++;
  }
  return count;
}

interface OwnPart {
  readonly context: string;
  readonly answer: string | undefined;
  readonly choices: readonly { readonly context: string; readonly scored: string }[];
  readonly gold: number | undefined;
  readonly missing: readonly string[];
}

/** The item's own part of the text, with neither description nor worked examples. */
function renderOwnPart(spec: PromptSpec, compiled: CompiledPrompt, item: Item): OwnPart {
  const missing: string[] = [];
  const render = (template: Template, fields: Fields): string => {
    const rendering = renderTemplate(template, fields);
    missing.push(...rendering.missing);
    return rendering.text;
  };

  if (compiled.choices === undefined) {
    const context = render(compiled.context, item);
    const { value } = evaluateTemplate(compiled.answer!, item);
    const answer = value === undefined ? undefined : render(compiled.answer!, item);
    return { context, answer, choices: [], gold: undefined, missing };
  }

  const texts = renderChoices(spec, compiled.choices, item, missing);
  const gold = findGold(spec, evaluateTemplate(compiled.gold, item).value, texts);
  const { continuation } = compiled;
  const shared = continuation === undefined ? render(compiled.context, item) : undefined;
  const choices = texts.map((choice) => {
    if (continuation === undefined) return { context: shared!, scored: choice };
    const fields = { ...item, choice };
    return { context: render(compiled.context, fields), scored: render(continuation, fields) };
  });
  const shown = choices[gold ?? 0]!;
  return { context: shown.context, answer: gold === undefined ? undefined : shown.scored, choices, gold, missing };
}

function renderChoices(spec: PromptSpec, templates: Template | readonly Template[], item: Item, missing: string[]): readonly string[] {
  if ('program' in templates) {
    const { value, missing: unknown } = evaluateTemplate(templates, item);
    missing.push(...unknown);
    if (unknown.length > 0 && value === undefined) throw missingColumns(spec, 'choices', unknown);
    if (!Array.isArray(value) || value.length < 2) {
      const found = Array.isArray(value) ? `a list of ${value.length}` : `“${String(value)}”`;
      throw new AppError(
        'bad-prompt',
        `${templates.where}: expected a list of two or more choices, found ${found}; write for example {{ choices }}.`,
      );
    }
    return value.map(String);
  }
  return templates.map((template) => {
    const rendering = renderTemplate(template, item);
    missing.push(...rendering.missing);
    return rendering.text;
  });
}

/** A number is an index, a text is one of the choices; nothing, '' and -1 say that the answer is not known. */
function findGold(spec: PromptSpec, value: unknown, choices: readonly string[]): number | undefined {
  if (value === undefined || value === '' || value === -1 || value === '-1') return undefined;
  const index = typeof value === 'number' ? value : choices.indexOf(String(value));
  if (Number.isInteger(index) && index >= 0 && index < choices.length) return index;
  const expected = `a choice's index (0 to ${choices.length - 1}) or text`;
  throw new AppError(
    'bad-prompt',
    `prompt “${spec.name}”, gold: expected ${expected}, found “${String(value)}”; the choices are ${choices.join(' | ')}.`,
  );
}

/** The error for a template that needs columns the row lacks. */
export function missingColumns(spec: { readonly name: string }, where: string, names: readonly string[]): AppError {
  const list = names.map((name) => `“${name}”`).join(', ');
  return new AppError(
    'bad-prompt',
    `prompt “${spec.name}”, ${where}: the row has no column ${list}; correct the name in the template or map a column to it.`,
    {
      missing: names,
    },
  );
}

function tile(pieces: readonly { readonly role: SpanRole; readonly text: string }[]): readonly Span[] {
  let end = 0;
  return pieces
    .map(({ role, text }) => ({ role, start: end, end: (end += text.length), counts: role === 'answer' }))
    .filter((span) => span.end > span.start || span.role === 'answer');
}

interface CompiledPrompt {
  readonly context: Template;
  readonly description: Template;
  readonly gold: Template;
  readonly choices: Template | readonly Template[] | undefined;
  readonly continuation: Template | undefined;
  readonly answer: Template | undefined;
  /** Worked examples already rendered: the same fifty stand before every question. */
  readonly worked: WeakMap<Item, OwnPart>;
}

const compiledPrompts = new WeakMap<PromptSpec, CompiledPrompt>();

/** Compiles every template of a prompt (once per object), so that mistakes show before a row is seen. Throws AppError 'bad-prompt'. */
export function compilePrompt(spec: PromptSpec): CompiledPrompt {
  const known = compiledPrompts.get(spec);
  if (known) return known;
  const compile = (source: string, part: string): Template => compileTemplate(source, `prompt “${spec.name}”, ${part}`);
  const { choices } = spec;
  const compiled: CompiledPrompt = {
    context: compile(spec.context, 'context'),
    description: compile(spec.description, 'description'),
    gold: compile(spec.gold, 'gold'),
    choices: typeof choices === 'string' ? compile(choices, 'choices') : choices?.map((choice, i) => compile(choice, `choice ${i + 1}`)),
    continuation: spec.continuation === undefined ? undefined : compile(spec.continuation, 'continuation'),
    answer: spec.answer === undefined ? undefined : compile(spec.answer, 'answer'),
    worked: new WeakMap(),
  };
  compiledPrompts.set(spec, compiled);
  return compiled;
}
