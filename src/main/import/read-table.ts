// CSV and TSV datasets: a header and records, quoted or not; every cell is text.
import { parse } from 'csv-parse';
import { basename } from 'node:path';
import { Readable } from 'node:stream';
import { AppError } from '../../shared/errors.ts';
import type { WorkOptions } from '../../shared/progress.ts';
import { MAX_COLUMNS, MAX_ROW_BYTES } from './limits.ts';
import { decodeText, readChunks } from './read-lines.ts';
import { toRow, type ReadRow } from './rows.ts';

/** How the cells of a table are set apart; `quoted` is false where a quotation mark is a character like any other. */
export interface TableFormat {
  readonly delimiter: ',' | ';' | '\t' | '|';
  readonly quoted: boolean;
}

interface Parsed {
  readonly record: Buffer[];
  readonly info: { readonly lines: number };
}

const NEWLINE = 10;

/** Options of the parser, the same for a whole file and for the sample from which a format is told. */
export function toParserOptions({ delimiter, quoted }: TableFormat) {
  return {
    delimiter,
    quote: quoted ? '"' : null,
    encoding: null, // cells stay bytes, so that one that is not UTF-8 can be told
    record_delimiter: ['\n', '\r\n'],
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
  };
}

/**
 * Rows of a table, named by its first record; a record with more or fewer cells is rejected.
 * Throws AppError `bad-dataset` when the header names a column twice or too many of them.
 */
export async function* readTable(path: string, format: TableFormat, options: WorkOptions = {}): AsyncGenerator<ReadRow> {
  let lost: string | undefined; // why the records from some point on cannot be read
  const parser = parse({
    ...toParserOptions(format),
    info: true,
    max_record_size: MAX_ROW_BYTES,
    skip_records_with_error: true,
    on_skip: (error) => {
      lost ??= explain(error);
      return undefined;
    },
  });
  const source = Readable.from(readChunks(path, options));
  source.on('error', (error) => parser.destroy(error));
  source.pipe(parser);
  try {
    let header: readonly string[] | undefined;
    let lastLine = 0;
    for await (const { record, info } of parser as AsyncIterable<Parsed>) {
      lastLine = info.lines;
      const cells = record.map((cell) => decodeText(cell));
      if (!header) {
        header = readHeader(path, cells);
        continue;
      }
      const line = info.lines - record.reduce((inside, cell) => inside + countNewlines(cell), 0);
      if (cells.length === header.length) yield toRow(line, Object.fromEntries(header.map((name, i) => [name, cells[i]])));
      else yield { line, reason: `${cells.length} cells where the header names ${header.length} columns` };
    }
    if (lost !== undefined) yield { line: lastLine + 1, reason: lost };
  } finally {
    source.destroy();
    parser.destroy();
  }
}

function readHeader(path: string, cells: readonly string[]): readonly string[] {
  if (cells.length > MAX_COLUMNS) throw badHeader(path, `it has ${cells.length} columns; at most ${MAX_COLUMNS} are read`);
  // Tables written with an unnamed index column have an empty first name.
  const names = cells.map((cell, i) => cell.trim() || `column_${i + 1}`);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw badHeader(path, `it names the column "${twice}" twice; rename one of them`);
  return names;
}

function badHeader(path: string, problem: string): AppError {
  return new AppError('bad-dataset', `${basename(path)}: the header cannot be used: ${problem}.`, { path });
}

function explain(error: { code?: string; message: string } | undefined): string {
  if (error?.code === 'CSV_QUOTE_NOT_CLOSED')
    return 'a quote opened in this record is never closed, so the rest of the file cannot be read';
  if (error?.code === 'CSV_MAX_RECORD_SIZE') return `the record is longer than ${MAX_ROW_BYTES} bytes, and what follows it cannot be read`;
  return `not a readable record: ${error?.message ?? 'unknown cause'}`;
}

function countNewlines(cell: Buffer): number {
  let count = 0;
  for (let at = cell.indexOf(NEWLINE); at >= 0; at = cell.indexOf(NEWLINE, at + 1)) count++;
  return count;
}
