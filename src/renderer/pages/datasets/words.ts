// Words and figures of the page Datasets.
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

/** A whole number with its thousands set apart: 1234567 -> "1,234,567". */
export const whole = (count: number): string => count.toLocaleString('en-US');

/** "1 row", "2 rows". */
export function countWord(count: number, one: string, many = `${one}s`): string {
  return `${whole(count)} ${count === 1 ? one : many}`;
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

/** Hands the person a file made on the page. */
export function saveFile(name: string, content: Blob): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** A table as CSV; a cell that a spreadsheet would take for a formula is kept from being one. */
export function toCsv(rows: readonly (readonly (string | number)[])[]): Blob {
  const cell = (value: string | number): string => {
    const text = typeof value === 'string' && /^[=+\-@\t]/.test(value) ? `'${value}` : String(value);
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return new Blob([rows.map((row) => row.map(cell).join(',')).join('\n'), '\n'], { type: 'text/csv' });
}
