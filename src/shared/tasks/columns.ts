// Reading the columns of a row from outside: every miss names the column, the row and what was there instead.
import { AppError } from '../errors.ts';

export type Row = Readonly<Record<string, unknown>>;

/** A row and what to call it in messages: `where` is for example `train.jsonl, line 12`. */
export interface Source {
  readonly task: string;
  readonly row: Row;
  readonly where: string;
}

/** AppError 'bad-dataset' in the form that all tasks use. */
export function badRow({ task, row, where }: Source, problem: string, data: Readonly<Record<string, unknown>> = {}): AppError {
  return new AppError('bad-dataset', `${where}: ${problem} (task ${task}; columns found: ${Object.keys(row).join(', ') || 'none'}).`, {
    task,
    ...data,
  });
}

export function hasColumns(row: Row, ...names: readonly string[]): boolean {
  return names.every((name) => row[name] !== undefined);
}

/** The column's text; numbers and booleans are spelled out. Throws AppError 'bad-dataset' when it is missing or something else. */
export function readText(source: Source, name: string): string {
  const value = source.row[name];
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  if (value === undefined || value === null) throw missing(source, name);
  throw badRow(source, `column “${name}” should hold text, found ${describe(value)}`, { column: name });
}

/** The column's list of texts; a list written as JSON (as CSV must) is read too. */
export function readTexts(source: Source, name: string): readonly string[] {
  const value = readJson(source.row[name]);
  if (value === undefined || value === null) throw missing(source, name);
  if (Array.isArray(value) && value.every((entry) => typeof entry === 'string' || typeof entry === 'number')) return value.map(String);
  throw badRow(source, `column “${name}” should hold a list of texts, found ${describe(value)}`, { column: name });
}

/**
 * Choices with their keys: {text: [...], label: [...]}, or the older [{text, label}, ...].
 * Throws AppError 'bad-dataset' when there are fewer than two or the lists differ in length.
 */
export function readKeyedChoices(
  source: Source,
  value: unknown,
  name: string,
): { readonly texts: readonly string[]; readonly keys: readonly string[] } {
  const given = readJson(value);
  if (given === undefined || given === null) throw missing(source, name);
  const { text, label } = (Array.isArray(given) ? { text: given.map(memberOf('text')), label: given.map(memberOf('label')) } : given) as {
    text?: unknown;
    label?: unknown;
  };
  const isList = (list: unknown): list is string[] => Array.isArray(list) && list.every((entry) => typeof entry === 'string');
  if (!isList(text) || !isList(label) || text.length !== label.length || text.length < 2) {
    throw badRow(source, `column “${name}” should hold two or more choices as {text, label}, found ${describe(given)}`, { column: name });
  }
  return { texts: text, keys: label };
}

/**
 * The right choice's index out of `count`, from a number or its digits. `first` is what the first choice is called (0, or WinoGrande's 1).
 * Throws AppError 'bad-dataset' when the label is hidden, as in published test splits, or out of range.
 */
export function readIndex(source: Source, name: string, count: number, first: 0 | 1 = 0): number {
  const value = source.row[name];
  if (value === undefined) throw missing(source, name);
  refuseHidden(source, name, value);
  const text = String(value).trim();
  const index = Number(text) - first;
  if (text !== '' && Number.isInteger(index) && index >= 0 && index < count) return index;
  throw badRow(source, `column “${name}” should be a number from ${first} to ${first + count - 1}, found “${text}”`, { column: name });
}

/** Throws AppError 'bad-dataset' for the values by which published test sets hide their answers. */
export function refuseHidden(source: Source, name: string, value: unknown): void {
  if (value === null || ['', '-1'].includes(String(value).trim())) {
    throw badRow(
      source,
      `the answer in column “${name}” is hidden (${JSON.stringify(value)}), so the row cannot be scored; use a split with answers`,
      {
        column: name,
        hidden: true,
      },
    );
  }
}

/** AppError 'bad-dataset' that names the missing column. */
export function missing(source: Source, ...names: readonly string[]): AppError {
  return badRow(source, `expected ${names.map((name) => `column “${name}”`).join(' or ')}, which is missing`, { column: names[0] });
}

function readJson(value: unknown): unknown {
  if (typeof value !== 'string' || !/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

function memberOf(name: string): (entry: unknown) => unknown {
  return (entry) => (entry as Row | null)?.[name];
}

function describe(value: unknown): string {
  const text = JSON.stringify(value, (_key, member: unknown) => (typeof member === 'bigint' ? String(member) : member)) ?? typeof value;
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
