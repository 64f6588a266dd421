// CSV and TSV datasets: a header and records, quoted or not; every cell is text.
import { basename } from 'node:path';
import { AppError } from '../../shared/errors.ts';
import type { WorkOptions } from '../../shared/progress.ts';
import type { RowValues } from '../db/datasets.ts';
import { MAX_COLUMNS } from './limits.ts';
import { TableParser, type TableRecord } from './parse-table.ts';
import { readChunks } from './read-lines.ts';
import type { ReadRow } from './rows.ts';

/** How the cells of a table are set apart; `quoted` is false where a quotation mark is a character like any other. */
export interface TableFormat {
  readonly delimiter: ',' | ';' | '\t' | '|';
  readonly quoted: boolean;
}

/**
 * Rows of a table, named by its first record; a record with more or fewer cells is rejected.
 * Throws AppError `bad-dataset` when the header names a column twice or too many of them.
 */
export async function* readTable(path: string, format: TableFormat, options: WorkOptions = {}): AsyncGenerator<ReadRow> {
  const parser = new TableParser(format);
  let header: readonly string[] | undefined;
  const toRead = function* (records: Iterable<TableRecord>): Generator<ReadRow> {
    for (const { line, cells } of records) {
      if (!header) header = readHeader(path, cells);
      else if (cells.length === header.length) yield { line, values: toValues(header, cells) };
      else yield { line, reason: `${cells.length} cells where the header names ${header.length} columns` };
    }
  };
  for await (const chunk of readChunks(path, options)) {
    yield* toRead(parser.feed(chunk, false));
    if (parser.lost) break;
  }
  if (!parser.lost) yield* toRead(parser.feed(Buffer.alloc(0), true));
  if (parser.lost) yield parser.lost;
}

function toValues(header: readonly string[], cells: readonly string[]): RowValues {
  if (header.includes('__proto__')) return Object.fromEntries(header.map((name, i) => [name, cells[i]]));
  const values: Record<string, string> = {};
  for (let i = 0; i < header.length; i++) values[header[i]!] = cells[i]!;
  return values;
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
