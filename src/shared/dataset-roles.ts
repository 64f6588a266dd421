// What the columns of a dataset are for: the known shapes of datasets, and how one is told from its columns and first rows.
import { BENCHMARKS, type Benchmark } from './tasks/prompt-library.ts';
import type { FreeTask } from './tasks/free-tasks.ts';

type Row = Readonly<Record<string, unknown>>;

/** Which column plays which role, stored with a dataset. A benchmark's columns are fixed by its published format. */
export type RoleMapping =
  | { readonly kind: 'benchmark'; readonly name: Benchmark }
  | FreeTask
  | { readonly kind: 'instruction'; readonly name: string; readonly instruction: string; readonly input?: string; readonly answer: string }
  | { readonly kind: 'text'; readonly name: string; readonly text: string }
  | { readonly kind: 'chat'; readonly name: string; readonly messages: string };

/** What was found out about a dataset; without a mapping the reason says what a person should do. */
export interface InferredRoles {
  readonly mapping: RoleMapping | undefined;
  /** One or two sentences for people. */
  readonly reason: string;
}

interface Found {
  readonly mapping: RoleMapping | undefined;
  readonly because: string;
}
interface Shape {
  readonly title: string;
  /** Undefined when the columns do not fit. `name` is the dataset's. */
  readonly match: (sample: Sample, name: string) => Found | undefined;
}

interface Sample {
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
  /** The dataset's name, its files' and their folder's: what may name a benchmark. */
  readonly hint: string;
}

/** A label column has at most this many values in a sample, and at least twice as many rows as values. */
const MAX_SAMPLE_LABELS = 50;
/** Fewer rows than this cannot tell a label from a text. */
const MIN_LABEL_ROWS = 4;

const PAIRS = [
  ['prompt', 'completion'],
  ['prompt', 'response'],
  ['question', 'answer'],
  ['query', 'response'],
  ['query', 'answer'],
  ['input', 'output'],
  ['context', 'target'],
  ['source', 'target'],
] as const;
const QUESTION_NAMES = ['query', 'question', 'prompt', 'ctx'];
const GOLD_NAMES = ['gold', 'label', 'answer', 'answer_index'];
const LABEL_NAMES = ['label', 'labels', 'label_text', 'category', 'class', 'sentiment', 'intent', 'target', 'coarse_label', 'v1', 'type'];
const TEXT_NAMES = ['text', 'sentence', 'content', 'page', 'story', 'document', 'message', 'review', 'body', 'question', 'title', 'v2'];

/** The known shapes, the more particular first (conventions.md D1 and D2). */
const SHAPES: readonly Shape[] = [
  benchmarkShape('BoolQ', 'boolq', [
    ['passage', 'question', 'label'],
    ['passage', 'question', 'answer'],
  ]),
  benchmarkShape('PIQA', 'piqa', [['goal', 'sol1', 'sol2']]),
  benchmarkShape('HellaSwag', 'hellaswag', [['activity_label', 'ctx_a', 'ctx_b', 'endings']]),
  benchmarkShape('WinoGrande', 'winogrande', [['sentence', 'option1', 'option2']]),
  benchmarkShape('OpenBookQA', 'openbookqa', [['question_stem', 'choices', 'answerKey']]),
  { title: 'ARC', match: matchArc },
  { title: 'question, choices and gold', match: matchChoices },
  { title: 'multiple choice', match: matchLettered },
  { title: 'preference pairs', match: matchPreference },
  { title: 'chat messages', match: matchChat },
  { title: 'Alpaca', match: matchAlpaca },
  { title: 'prompt and completion', match: matchPair },
  { title: 'labelled texts', match: matchClassification },
  { title: 'text', match: matchText },
];

/**
 * Finds the shape of a dataset from its columns, some rows and `hint`, in which the name of a benchmark may stand (it tells ARC-Easy
 * from ARC-Challenge). `name` becomes the mapping's.
 * Pure: a person may correct the answer.
 */
export function inferRoles(columns: readonly string[], rows: readonly Row[], name: string, hint = name): InferredRoles {
  for (const { title, match } of SHAPES) {
    const found = match({ columns, rows, hint }, name);
    if (!found) continue;
    if (!found.mapping) return { mapping: undefined, reason: `This looks like ${title}: ${found.because}.` };
    const gold = goldColumn(found.mapping, columns);
    const hidden = gold !== undefined && rows.length > 0 && rows.every((row) => isHiddenLabel(row[gold]));
    const warning = hidden ? ` The answers in column "${gold}" are hidden, as in published test sets, so these rows cannot be scored.` : '';
    const unlabelled = found.mapping.kind === 'benchmark' && gold === undefined;
    return {
      mapping: found.mapping,
      reason: `This looks like ${title}: ${found.because}.${warning}${unlabelled ? ' There is no column with the right answers, so these rows cannot be scored.' : ''}`,
    };
  }
  return { mapping: undefined, reason: `No known shape has the columns ${quote(columns)}. Say which column plays which role.` };
}

/** True for the values by which published test sets hide their answers. */
export function isHiddenLabel(value: unknown): boolean {
  return value === null || value === undefined || ['', '-1'].includes(String(value).trim());
}

/** The columns that a mapping names, each of which the dataset must have. */
export function mappedColumns(mapping: RoleMapping): readonly string[] {
  switch (mapping.kind) {
    case 'benchmark':
      return [];
    case 'classification':
      return [mapping.text, mapping.label];
    case 'choice':
      return [mapping.question, ...(typeof mapping.choices === 'string' ? [mapping.choices] : mapping.choices), mapping.gold];
    case 'completion':
      return [mapping.prompt, mapping.answer];
    case 'instruction':
      return [mapping.instruction, ...(mapping.input === undefined ? [] : [mapping.input]), mapping.answer];
    case 'text':
      return [mapping.text];
    case 'chat':
      return [mapping.messages];
  }
}

/** The column that holds the right answer of a choice or a class, when there is one. */
export function goldColumn(mapping: RoleMapping, columns: readonly string[]): string | undefined {
  if (mapping.kind === 'classification') return mapping.label;
  if (mapping.kind === 'choice') return mapping.gold;
  if (mapping.kind !== 'benchmark') return undefined;
  return ['gold', 'label', 'answerKey', 'answer'].find((column) => columns.includes(column));
}

/** A shape told by its columns alone: the first list that the dataset has entirely. */
function benchmarkShape(title: string, name: Benchmark, alternatives: readonly (readonly string[])[]): Shape {
  return {
    title,
    match: ({ columns }) => {
      const found = alternatives.find((needed) => hasAll(columns, needed));
      return found && { mapping: { kind: 'benchmark', name }, because: `it has the columns ${quote(found)}` };
    },
  };
}

/** {question, choices {text, label}, answerKey}, or AI2's own {question: {stem, choices}, answerKey}. */
function matchArc({ columns, rows, hint }: Sample): Found | undefined {
  const nested =
    columns.includes('question') && rows.length > 0 && rows.every((row) => isObject(row['question']) && 'choices' in row['question']);
  if (!columns.includes('answerKey') || !(nested || hasAll(columns, ['question', 'choices']))) return undefined;
  const challenge = /challenge|arc[-_ ]?c\b/i.test(hint);
  const which = challenge ? 'its name says Challenge' : 'taken as ARC-Easy, for its name does not say Challenge';
  const because = `it has the columns ${quote(nested ? ['question', 'answerKey'] : ['question', 'choices', 'answerKey'])}, ${which}`;
  return { mapping: { kind: 'benchmark', name: challenge ? 'arc_challenge' : 'arc_easy' }, because };
}

/** A question with a list of choices and the index of the right one; a benchmark when its name says so. */
function matchChoices({ columns, rows, hint }: Sample, name: string): Found | undefined {
  const question = QUESTION_NAMES.find((column) => columns.includes(column));
  const choices = ['choices', 'options', 'endings'].find((column) => columns.includes(column));
  const gold = GOLD_NAMES.find((column) => columns.includes(column));
  if (question === undefined || choices === undefined || gold === undefined || !rows.every((row) => isTextList(row[choices])))
    return undefined;
  const benchmark = question === 'query' && choices === 'choices' && gold === 'gold' ? benchmarkOfName(hint) : undefined;
  const because = `it has the columns ${quote([question, choices, gold])}`;
  if (benchmark) return { mapping: { kind: 'benchmark', name: benchmark }, because: `${because}, and its name says ${benchmark}` };
  const goldForm = tellGoldForm(rows.map((row) => ({ gold: row[gold], choices: toTextList(row[choices]) })));
  return { mapping: { kind: 'choice', name, question, choices, gold, goldForm }, because };
}

/** A question, a column for each choice named A, B, … and the letter of the right one, as MMLU's tables have. */
function matchLettered({ columns, rows }: Sample, name: string): Found | undefined {
  const question = QUESTION_NAMES.find((column) => columns.includes(column));
  const gold = GOLD_NAMES.find((column) => columns.includes(column));
  const alphabets = ['ABCDEFGHIJ', 'abcdefghij'].map((letters) => [...letters]);
  const choices = alphabets.map((letters) => letters.filter((_, i) => hasAll(columns, letters.slice(0, i + 1))));
  const found = choices.find((letters) => letters.length >= 2);
  if (question === undefined || gold === undefined || !found) return undefined;
  const letters = found.map((letter) => letter.toUpperCase());
  const known = rows.filter((row) => !isHiddenLabel(row[gold]));
  if (!known.every((row) => letters.includes(String(row[gold]).trim().toUpperCase()))) return undefined;
  const because = `columns ${quote(found)} hold the choices for column "${question}", and column "${gold}" the letter of the right one`;
  return { mapping: { kind: 'choice', name, question, choices: found, gold, goldForm: 'letter' }, because };
}

function matchPreference({ columns }: Sample): Found | undefined {
  if (!hasAll(columns, ['chosen', 'rejected'])) return undefined;
  return { mapping: undefined, because: 'it has the columns "chosen" and "rejected", which are not used here' };
}

function matchChat({ columns, rows }: Sample, name: string): Found | undefined {
  const messages = ['messages', 'conversations'].find((column) => columns.includes(column));
  if (messages === undefined || !rows.every((row) => Array.isArray(readJson(row[messages])))) return undefined;
  return { mapping: { kind: 'chat', name, messages }, because: `column "${messages}" holds lists of messages` };
}

function matchAlpaca({ columns }: Sample, name: string): Found | undefined {
  if (!hasAll(columns, ['instruction', 'output'])) return undefined;
  const input = columns.includes('input') ? 'input' : undefined;
  const because = `it has the columns ${quote(['instruction', ...(input ? [input] : []), 'output'])}`;
  return { mapping: { kind: 'instruction', name, instruction: 'instruction', ...(input ? { input } : {}), answer: 'output' }, because };
}

function matchPair({ columns, rows }: Sample, name: string): Found | undefined {
  const pair = PAIRS.find(([prompt, answer]) => hasAll(columns, [prompt, answer]) && rows.every((row) => isText(row[prompt])));
  return pair && { mapping: { kind: 'completion', name, prompt: pair[0], answer: pair[1] }, because: `it has the columns ${quote(pair)}` };
}

/** A column of texts and a column of few different labels, by name or, when there are only two columns, by content. */
function matchClassification({ columns, rows }: Sample, name: string): Found | undefined {
  const label =
    LABEL_NAMES.find((column) => columns.includes(column) && isLabelColumn(rows, column)) ??
    (columns.length === 2 ? columns.find((column) => isLabelColumn(rows, column)) : undefined);
  if (label === undefined) return undefined;
  const isTexts = (column: string): boolean => column !== label && columns.includes(column) && rows.every((row) => isText(row[column]));
  const text = TEXT_NAMES.find(isTexts) ?? (columns.length === 2 ? columns.find(isTexts) : undefined);
  if (text === undefined) return undefined;
  const labels = [...labelValues(rows, label)].sort().map((value) => ({ value, word: value.trim() }));
  const because = `column "${label}" holds ${labels.length} different labels and column "${text}" texts`;
  return { mapping: { kind: 'classification', name, text, label, labels }, because };
}

function matchText({ columns, rows }: Sample, name: string): Found | undefined {
  const isTexts = (column: string): boolean => columns.includes(column) && rows.every((row) => isText(row[column]));
  const text = TEXT_NAMES.find(isTexts) ?? (columns.length === 1 ? columns.find(isTexts) : undefined);
  return text === undefined ? undefined : { mapping: { kind: 'text', name, text }, because: `column "${text}" holds texts` };
}

function isLabelColumn(rows: readonly Row[], column: string): boolean {
  const values = labelValues(rows, column);
  if (rows.length < MIN_LABEL_ROWS || values.has('')) return false;
  return values.size >= 2 && values.size <= Math.min(MAX_SAMPLE_LABELS, rows.length / 2) && rows.every((row) => isLabel(row[column]));
}

function labelValues(rows: readonly Row[], column: string): Set<string> {
  return new Set(rows.map((row) => String(row[column] ?? '')));
}

function isLabel(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number';
}

/** How the answers of a choice are given, told from some rows: an index from 0 or from 1, a letter, or the text of a choice. */
export function tellGoldForm(rows: readonly { gold: unknown; choices: readonly string[] }[]): 'from-0' | 'from-1' | 'letter' | 'text' {
  const golds = rows.filter(({ gold }) => !isHiddenLabel(gold)).map(({ gold, choices }) => ({ text: String(gold).trim(), choices }));
  if (golds.length > 0 && golds.every(({ text, choices }) => choices.includes(text))) return 'text';
  if (golds.length > 0 && golds.every(({ text }) => /^[A-Z]$/i.test(text))) return 'letter';
  const isFromOne = golds.some(({ text, choices }) => Number(text) === choices.length) && golds.every(({ text }) => Number(text) >= 1);
  return isFromOne ? 'from-1' : 'from-0';
}

function benchmarkOfName(hint: string): Benchmark | undefined {
  const plain = (text: string): string => text.toLowerCase().replace(/[^a-z]/g, '');
  return BENCHMARKS.find((benchmark) => plain(hint).includes(plain(benchmark)));
}

/** A list written as JSON, as a CSV file must, counts as a list. */
function readJson(value: unknown): unknown {
  if (typeof value !== 'string' || !/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

/** A list of texts, also one written as JSON; empty when it is none. */
export function toTextList(value: unknown): readonly string[] {
  const list = readJson(value);
  return Array.isArray(list) ? list.map(String) : [];
}

function isTextList(value: unknown): boolean {
  const list = readJson(value);
  return Array.isArray(list) && list.length >= 2 && list.every(isText);
}

function isText(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number';
}

function isObject(value: unknown): value is Row {
  return typeof value === 'object' && value !== null;
}

function hasAll(columns: readonly string[], needed: readonly string[]): boolean {
  return needed.every((column) => columns.includes(column));
}

function quote(columns: readonly string[]): string {
  return columns.map((column) => `"${column}"`).join(', ');
}
