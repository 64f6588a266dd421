// What readers yield: rows, and rejected rows with their reason; and the checks that every row must pass.
import type { RowValues } from '../db/datasets.ts';
import { MAX_COLUMNS, MAX_DEPTH } from './limits.ts';

/** A row, or the reason why there is none. `line` counts from 1: lines of a text file, records of a Parquet file. */
export type ReadRow = { readonly line: number; readonly values: RowValues } | { readonly line: number; readonly reason: string };

/** Takes a parsed value as a row if it is an object within the limits. */
export function toRow(line: number, value: unknown): ReadRow {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const found = Array.isArray(value) ? 'a list' : value === null ? 'null' : `a ${typeof value}`;
    return { line, reason: `expected an object with named columns, found ${found}` };
  }
  const columns = Object.keys(value).length;
  if (columns === 0) return { line, reason: 'the row has no columns' };
  if (columns > MAX_COLUMNS) return { line, reason: `the row has ${columns} columns; at most ${MAX_COLUMNS} are read` };
  if (!isWithinDepth(value, MAX_DEPTH)) return { line, reason: `lists and objects are nested more than ${MAX_DEPTH} deep` };
  return { line, values: value as RowValues };
}

/** Parses one row of JSON. */
export function parseJsonRow(line: number, text: string): ReadRow {
  try {
    return toRow(line, JSON.parse(text));
  } catch (error) {
    return { line, reason: `not valid JSON: ${(error as Error).message}` };
  }
}

function isWithinDepth(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((member) => isWithinDepth(member, levels - 1));
}
