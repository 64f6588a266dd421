// Tasks on anyone's data: columns mapped to roles, for classification, multiple choice and completion.
import { z } from 'zod';
import { AppError } from '../errors.ts';
import { promptSpec, type PromptSpec, type PromptSpecInput } from '../prompt/prompt-spec.ts';
import { badRow, missing, readIndex, readText, readTexts, refuseHidden, type Row, type Source } from './columns.ts';
import type { Item, Task } from './item.ts';

const column = z.string().min(1);

/** Which columns play which role. Stored with a dataset. */
export const freeTask = z.discriminatedUnion('kind', [
  /** One text, one of a few labels; `word` is what the model reads and writes for a label's `value`. */
  z.object({
    kind: z.literal('classification'),
    name: z.string(),
    text: column,
    label: column,
    labels: z.array(z.object({ value: z.string(), word: z.string().min(1) })).min(2),
  }),
  /** A question with its own choices, in one column as a list or in a column each. */
  z.object({
    kind: z.literal('choice'),
    name: z.string(),
    question: column,
    choices: z.union([column, z.array(column).min(2)]),
    gold: column,
    /** How the right choice is named: its index from 0 or from 1, a letter, or its text. */
    goldForm: z.enum(['from-0', 'from-1', 'letter', 'text']).default('from-0'),
  }),
  /** A text and what should follow it. */
  z.object({ kind: z.literal('completion'), name: z.string(), prompt: column, answer: column }),
]);
export type FreeTask = Readonly<z.infer<typeof freeTask>>;

/** More classes than this are no classification: the column is probably a text. */
const MAX_LABELS = 100;

/**
 * The label column's values in code-unit order, each with itself as its word.
 * Throws AppError 'bad-dataset' when there are fewer than two or more than a hundred, or a row has none.
 */
export function listLabels(rows: readonly Row[], labelColumn: string): { value: string; word: string }[] {
  const values = new Set(rows.map((row, index) => readText({ task: 'classification', row, where: `row ${index + 1}` }, labelColumn)));
  if (values.size < 2 || values.size > MAX_LABELS) {
    const message = `column “${labelColumn}”: expected 2 to ${MAX_LABELS} different labels, found ${values.size}; map the label to another column.`;
    throw new AppError('bad-dataset', message, { column: labelColumn, labels: values.size });
  }
  return [...values].sort().map((value) => ({ value, word: value.trim() }));
}

/** Makes a task of mapped columns. Its items keep every column of the row for templates, under the roles' names besides. */
export function makeFreeTask(settings: FreeTask): Task {
  const { name } = settings;
  return {
    name,
    title: name,
    metric: settings.kind === 'completion' ? 'exact_match' : 'acc',
    prompts: PROMPTS[settings.kind],
    rowToItem: (row, where = 'row') => ({ ...row, ...readRoles(settings, { task: name, row, where }) }),
  };
}

function readRoles(settings: FreeTask, source: Source): Item {
  switch (settings.kind) {
    case 'classification': {
      const value = readText(source, settings.label);
      refuseHidden(source, settings.label, value);
      const gold = settings.labels.findIndex((label) => label.value === value);
      if (gold < 0) {
        const known = settings.labels.map((label) => label.value).join(', ');
        throw badRow(source, `column “${settings.label}” should be one of ${known}, found “${value}”`, { column: settings.label });
      }
      const choices = settings.labels.map((label) => label.word);
      return { ...identity(source), text: readText(source, settings.text), choices, gold, label: choices[gold]! };
    }
    case 'choice': {
      const choices = Array.isArray(settings.choices)
        ? settings.choices.map((one) => readText(source, one))
        : readTexts(source, settings.choices as string);
      const gold = readGold(source, settings, choices);
      return { ...identity(source), question: readText(source, settings.question), choices, gold, label: String(gold) };
    }
    case 'completion':
      return { ...identity(source), prompt: readText(source, settings.prompt), answer: readText(source, settings.answer), ...NOT_A_CHOICE };
  }
}

/** Columns that happen to bear an item's own names must not pass for them. */
const NOT_A_CHOICE = { choices: undefined, gold: undefined, label: undefined, references: undefined };

function identity({ row }: Source): { readonly id?: string } {
  return { id: typeof row['id'] === 'string' && row['id'] !== '' ? row['id'] : undefined };
}

function readGold(source: Source, { gold, goldForm }: Extract<FreeTask, { kind: 'choice' }>, choices: readonly string[]): number {
  if (goldForm === 'from-0' || goldForm === 'from-1') return readIndex(source, gold, choices.length, goldForm === 'from-0' ? 0 : 1);
  if (source.row[gold] === undefined) throw missing(source, gold);
  const text = readText(source, gold).trim();
  refuseHidden(source, gold, text);
  const index = goldForm === 'letter' ? text.toUpperCase().charCodeAt(0) - 65 : choices.findIndex((choice) => choice.trim() === text);
  if (index >= 0 && index < choices.length && (goldForm === 'text' || text.length === 1)) return index;
  const expected =
    goldForm === 'letter' ? `a letter from A to ${String.fromCharCode(64 + choices.length)}` : `one of ${choices.join(' | ')}`;
  throw badRow(source, `column “${gold}” should be ${expected}, found “${text}”`, { column: gold });
}

const CHOICES = '{{ choices }}';
const make = (prompts: readonly PromptSpecInput[]): readonly PromptSpec[] => prompts.map((prompt) => promptSpec.parse(prompt));

const PROMPTS: Readonly<Record<FreeTask['kind'], readonly PromptSpec[]>> = {
  classification: make([
    { name: 'classification/label', context: '{{ text }}\nLabel:', choices: CHOICES },
    { name: 'classification/arrow', context: '{{ text }} =>', choices: CHOICES },
    { name: 'classification/listed', context: "Text: {{ text }}\nOne of {{ choices | join(', ') }}:", choices: CHOICES },
    {
      name: 'classification/instructed',
      description: "Give each text its label: {{ choices | join(', ') }}.",
      context: 'Text: {{ text }}\nLabel:',
      choices: CHOICES,
    },
  ]),
  choice: make([
    { name: 'choice/framed', context: 'Question: {{ question }}\nAnswer:', choices: CHOICES },
    { name: 'choice/bare', context: '{{ question }}', choices: CHOICES },
    {
      name: 'choice/lettered',
      context: 'Question: {{ question }}\n{% for choice in choices %}{{ letters[loop.index0] }}. {{ choice }}\n{% endfor %}Answer:',
      choices: '{{ letters[:choices|length] }}',
    },
  ]),
  completion: make([
    { name: 'completion/joined', context: '{{ prompt }}', answer: '{{ answer }}', delimiter: '' },
    { name: 'completion/spaced', context: '{{ prompt }}', answer: '{{ answer }}' },
    { name: 'completion/framed', context: 'Question: {{ prompt }}\nAnswer:', answer: '{{ answer }}' },
  ]),
};
