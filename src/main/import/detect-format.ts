// Tells the format of a dataset file: from its content first, from its extension where the content leaves a choice.
import { parse } from 'csv-parse/sync';
import { existsSync } from 'node:fs';
import { basename, extname } from 'node:path';
import { AppError } from '../../shared/errors.ts';
import { SAMPLE_BYTES } from './limits.ts';
import { findLists, type JsonList } from './read-json.ts';
import { decodeText, openFile } from './read-lines.ts';
import type { TableFormat } from './read-table.ts';
import { END_OF_TEXT, type TextUnit } from './read-text.ts';

export type Format =
  | { readonly kind: 'jsonl' }
  | { readonly kind: 'json'; readonly list: JsonList }
  | ({ readonly kind: 'table' } & TableFormat)
  | { readonly kind: 'parquet' }
  | { readonly kind: 'text'; readonly unit: TextUnit }
  | { readonly kind: 'labelled-lines'; readonly separator: '\t' | ' ' };

export interface DetectedFormat {
  readonly format: Format;
  /** A sentence for people: what in the file told it. */
  readonly reason: string;
  /** A file beside it that holds the label of each row, as PIQA's does. */
  readonly labelsPath: string | undefined;
}

interface Sample {
  readonly path: string;
  readonly extension: string;
  /** The beginning of the file, up to the last line end when there is more. */
  readonly text: string;
  readonly lines: readonly string[];
}
type Detected = Omit<DetectedFormat, 'labelsPath'>;

/** First bytes of files that hold no rows as they are. */
const REFUSED: readonly { magic: readonly number[]; is: string; advice: string }[] = [
  { magic: [0x1f, 0x8b], is: 'compressed by gzip', advice: 'Unpack it first' },
  { magic: [0x28, 0xb5, 0x2f, 0xfd], is: 'compressed by zstd', advice: 'Unpack it first' },
  { magic: [0x50, 0x4b, 0x03, 0x04], is: 'a zip archive or a spreadsheet', advice: 'Unpack it, or save the sheet as CSV' },
  { magic: [0xff, 0xfe], is: 'UTF-16 text', advice: 'Save it as UTF-8' },
  { magic: [0xfe, 0xff], is: 'UTF-16 text', advice: 'Save it as UTF-8' },
];
const PARQUET_MAGIC = 'PAR1';
const DELIMITERS = [',', '\t', ';', '|'] as const;
const MAX_LABELS = 50; // more different first words than this are no labels
const MAX_LABEL_LENGTH = 64;
/** Share of the lines that must have a label; a text with a stray line end leaves one without. */
const MIN_LABELLED = 0.95;
/** A label that cannot be the first word of a sentence: a small number, CLASS:subclass, or fastText's __label__. */
const LABEL_WORD = /^(?:\d{1,3}|[A-Za-z]+:[A-Za-z]+|__label__\S+)$/;
/** A bracket and what may follow it in JSON, but not in prose like [note] or [[link]]. */
const JSON_LIST = /^\[\s*(?:[{"\]]|\[\s*[{"\d[\]-]|$)/;
const SAMPLE_RECORDS = 1000;
/** Fewer lines than this, without a telling extension, are prose rather than a table. */
const MIN_TABLE_LINES = 3;

/** Tells a file's format. Throws AppError `not-found`, `bad-file`, and `bad-dataset` for an empty file or one that cannot hold rows. */
export async function detectFormat(path: string): Promise<DetectedFormat> {
  const head = await readHead(path);
  const name = basename(path);
  if (head.length === 0) throw new AppError('bad-dataset', `${name} is empty: there is nothing to import.`, { path });
  const labelsPath = findLabelsFile(path);
  const extension = extname(path).toLowerCase();
  if (head.subarray(0, 4).toString('latin1') === PARQUET_MAGIC) {
    return { format: { kind: 'parquet' }, reason: 'It begins with the bytes PAR1: Parquet.', labelsPath };
  }
  const refused = REFUSED.find(({ magic }) => magic.every((byte, i) => head[i] === byte));
  if (refused) throw new AppError('bad-dataset', `${name} is ${refused.is}, which cannot be read here. ${refused.advice}.`, { path });
  if (extension === '.parquet' || head.includes(0)) {
    const expected = extension === '.parquet' ? 'is named Parquet but does not begin with the bytes PAR1' : 'holds bytes that are no text';
    throw new AppError('bad-dataset', `${name} ${expected}; it is damaged or another kind of file.`, { path });
  }
  const sample = toSample(path, extension, head);
  if (sample.text.trim() === '' && head.length < SAMPLE_BYTES) {
    throw new AppError('bad-dataset', `${name} holds nothing but white space: there is nothing to import.`, { path });
  }
  const detected = (await detectJson(sample)) ?? detectLabelledLines(sample) ?? detectTable(sample) ?? detectText(sample);
  return { ...detected, labelsPath };
}

async function readHead(path: string): Promise<Buffer> {
  await using file = await openFile(path);
  if ((await file.stat()).isDirectory()) throw new AppError('bad-file', `${path} is a folder; name the files in it.`, { path });
  const { bytesRead, buffer } = await file.read(Buffer.alloc(SAMPLE_BYTES), 0, SAMPLE_BYTES, 0);
  return buffer.subarray(0, bytesRead);
}

function toSample(path: string, extension: string, head: Buffer): Sample {
  const lastNewline = head.lastIndexOf(10);
  const isWhole = head.length < SAMPLE_BYTES || lastNewline < 0;
  const text = decodeText(isWhole ? head : head.subarray(0, lastNewline)).replace(/^\ufeff|^ï»¿/, '');
  return { path, extension, text, lines: text.split(/\r?\n/).filter((line) => line.trim() !== '') };
}

/** `train.jsonl` has its labels in `train-labels.lst` or `train-labels.txt`. */
function findLabelsFile(path: string): string | undefined {
  const stem = path.slice(0, path.length - extname(path).length);
  return ['.lst', '.txt'].map((extension) => `${stem}-labels${extension}`).find((candidate) => existsSync(candidate));
}

async function detectJson({ path, extension, text, lines }: Sample): Promise<Detected | undefined> {
  const start = text.trimStart();
  if (JSON_LIST.test(start)) {
    const offset = Buffer.byteLength(text.slice(0, text.length - start.length));
    const line = text.slice(0, text.length - start.length).split('\n').length;
    return {
      format: { kind: 'json', list: { offset, line, name: undefined } },
      reason: 'It is one JSON list, whose elements are the rows.',
    };
  }
  const objects = lines.slice(0, 20).filter((line) => isJsonObject(line)).length;
  if (!start.startsWith('{') && !(objects > 0 && extension === '.jsonl')) return undefined;
  const jsonl: Detected = { format: { kind: 'jsonl' }, reason: 'Its lines are JSON objects, each of them a row.' };
  if (objects > 0 && (lines.length > 1 || extension === '.jsonl')) return jsonl;
  if (!/^\{\s*"/.test(start) && objects === 0) return undefined;
  const lists = await findLists(path);
  const [list] = lists;
  if (!list) return objects > 0 || extension === '.jsonl' ? jsonl : refuseObject(path, 'holds no list of objects that could be rows');
  if (lists.length > 1) {
    const names = lists.map(({ name }) => `"${name}"`).join(', ');
    return refuseObject(path, `holds several lists of rows (${names}), and only one can be a dataset; put each in a file of its own`);
  }
  return { format: { kind: 'json', list }, reason: `It is one JSON object, whose list "${list.name}" holds the rows.` };
}

function refuseObject(path: string, problem: string): never {
  throw new AppError('bad-dataset', `${basename(path)}: this JSON object ${problem}.`, { path });
}

function isJsonObject(line: string): boolean {
  if (!line.trimStart().startsWith('{')) return false;
  try {
    return typeof JSON.parse(line) === 'object';
  } catch {
    return false;
  }
}

/** Lines begin with one of a few labels, and the first line's label occurs again, so that it is no header. */
function detectLabelledLines({ lines, extension }: Sample): Detected | undefined {
  if (extension === '.csv') return undefined;
  for (const separator of ['\t', ' '] as const) {
    const labelled = lines.filter((line) => line.indexOf(separator) > 0);
    if (labelled.length < 2 || labelled.length < MIN_LABELLED * lines.length) continue;
    const labels = labelled.map((line) => line.slice(0, line.indexOf(separator)));
    const kinds = new Set(labels);
    const isFew = kinds.size >= 2 && kinds.size <= Math.min(MAX_LABELS, Math.ceil(labels.length / 2));
    if (!isFew || labels.indexOf(labels[0]!, 1) < 0 || labels.some((label) => label.length > MAX_LABEL_LENGTH)) continue;
    const cells = lines.map((line) => line.split('\t').length);
    if (separator === '\t' && cells[0]! > 2 && cells.every((count) => count === cells[0])) continue;
    if (separator === ' ' && !labels.every((label) => LABEL_WORD.test(label))) continue;
    const reason = `Its lines are a label, a ${separator === '\t' ? 'tab' : 'space'} and a text; ${kinds.size} different labels were seen at its beginning.`;
    return { format: { kind: 'labelled-lines', separator }, reason };
  }
  return undefined;
}

/** A table has the same number of cells, two or more, in (almost) all records, under a header of short names. */
function detectTable({ text, extension }: Sample): Detected | undefined {
  const byName = extension === '.csv' ? ',' : extension === '.tsv' ? '\t' : undefined;
  const orders = byName === '\t' ? (['\t'] as const) : DELIMITERS;
  for (const delimiter of orders) {
    const { records, quoted } = parseSample(text, delimiter);
    const width = records[0]?.length ?? 0;
    if (records.length < (byName ? 1 : MIN_TABLE_LINES) || width < 2 || !isTable(records, byName !== undefined)) continue;
    const set = { ',': 'commas', '\t': 'tabs', ';': 'semicolons', '|': 'bars' }[delimiter];
    const reason = `Its records have ${width} columns set apart by ${set}, with a header.`;
    return { format: { kind: 'table', delimiter, quoted }, reason };
  }
  if (!byName) return undefined;
  return { format: { kind: 'table', delimiter: byName, quoted: true }, reason: `Its name ends in ${extension}, and it has one column.` };
}

function isTable(records: readonly string[][], isNamedSo: boolean): boolean {
  const header = records[0]!;
  const fitting = records.filter((record) => record.length === header.length).length;
  if (isNamedSo) return fitting >= records.length / 2;
  return (
    fitting === records.length &&
    header.every((cell) => /^[\p{L}_][\p{L}\d_.\- ]{0,63}$/u.test(cell.trim()) && cell.trim().split(' ').length <= 3)
  );
}

/** How `parse-table.ts` reads, as options of csv-parse. */
export function toParserOptions({ delimiter, quoted }: TableFormat) {
  return {
    delimiter,
    quote: quoted ? '"' : null,
    record_delimiter: ['\n', '\r\n'],
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
  };
}

/**
 * The records of a sample. Quotes are taken for characters where one would swallow lines to the end and every line fits without it:
 * many TSV files are written so.
 */
function parseSample(text: string, delimiter: TableFormat['delimiter']): { records: readonly string[][]; quoted: boolean } {
  let isUnclosed = false;
  const read = (quoted: boolean): string[][] => {
    const options = { ...toParserOptions({ delimiter, quoted }), to: SAMPLE_RECORDS };
    const onSkip = (): undefined => void (isUnclosed = true);
    return parse(text, { ...options, skip_records_with_error: true, on_skip: onSkip }) as unknown as string[][];
  };
  const quotedRecords = read(true);
  const plainRecords = isUnclosed ? read(false) : [];
  const isPlain = plainRecords.length > 1 && plainRecords.every((record) => record.length === plainRecords[0]!.length);
  return isPlain ? { records: plainRecords, quoted: false } : { records: quotedRecords, quoted: true };
}

function detectText({ text, lines }: Sample): Detected {
  const make = (unit: TextUnit, reason: string): Detected => ({ format: { kind: 'text', unit }, reason });
  if (text.includes(END_OF_TEXT)) return make('document', `It is text whose documents are parted by ${END_OF_TEXT}.`);
  const isSpaced = /\S[^\S\n]*\n(?:[^\S\n]*\n)+[^\S\n]*\S/.test(text);
  if (isSpaced && lines.length > 1) return make('paragraph', 'It is text whose paragraphs are parted by blank lines; each is a row.');
  return make('line', 'It is text; each line is a row.');
}
