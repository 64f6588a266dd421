// Words and figures of the page Datasets.
import { formatWhole } from '../../../shared/figures.ts';
import type { ColumnRole } from '../../../shared/column-roles.ts';
import type { Dataset } from './library.svelte.ts';

export const ROLE_WORDS: Readonly<Record<ColumnRole, string>> = {
  none: 'Not used',
  text: 'Text',
  label: 'Label',
  context: 'Context',
  question: 'Question',
  choices: 'Choices',
  answer: 'Answer',
  messages: 'Messages',
};

const FORMAT_WORDS: Readonly<Record<string, string>> = {
  jsonl: 'JSON Lines',
  json: 'JSON',
  csv: 'CSV',
  tsv: 'TSV',
  parquet: 'Parquet',
  text: 'Text',
  'labelled-lines': 'Labelled lines',
};

/** "1 row", "2 rows". */
export function countWord(count: number, one: string, many = `${one}s`): string {
  return `${formatWhole(count)} ${count === 1 ? one : many}`;
}

const SPLIT_ORDER = ['train', 'validation', 'test'];

/** Splits with their counts: train, validation, test, and then any others. */
export function inOrder(splits: Readonly<Record<string, number>>): [string, number][] {
  const place = (name: string): number => (SPLIT_ORDER.includes(name) ? SPLIT_ORDER.indexOf(name) : SPLIT_ORDER.length);
  return Object.entries(splits).sort(([a], [b]) => place(a) - place(b));
}

/** The formats of a dataset's files. */
export function formatsOf(dataset: Pick<Dataset, 'sources'>): string {
  return [...new Set(dataset.sources.map((source) => FORMAT_WORDS[source.format] ?? source.format))].join(' and ');
}

/** What a dataset is used as, in a word or two. */
export function shapeOf({ mapping }: Pick<Dataset, 'mapping'>): string {
  switch (mapping?.kind) {
    case 'benchmark':
      return mapping.name.replace('_', ' ');
    case 'classification':
      return `${mapping.labels.length} labels`;
    case 'choice':
      return 'choices';
    case 'completion':
      return 'question and answer';
    case 'instruction':
      return 'instructions';
    case 'text':
      return 'text';
    case 'chat':
      return 'messages';
    default:
      return 'roles not set';
  }
}
