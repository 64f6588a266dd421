// JSON datasets: one object per line, a list of objects, or one object that holds such a list; streamed row by row.
import { AppError } from '../../shared/errors.ts';
import type { WorkOptions } from '../../shared/progress.ts';
import { MAX_ROW_BYTES } from './limits.ts';
import { decodeUtf8, readChunks, readLines } from './read-lines.ts';
import { parseJsonRow, type ReadRow } from './rows.ts';

const NOT_UTF8 = 'the row is not valid UTF-8';

/** Rows of a file with one JSON object per line; blank lines are skipped. */
export async function* readJsonLines(path: string, options: WorkOptions = {}): AsyncGenerator<ReadRow> {
  for await (const { line, bytes } of readLines(path, options)) {
    if (bytes === undefined) {
      yield { line, reason: `the line is longer than ${MAX_ROW_BYTES} bytes` };
      continue;
    }
    const text = decodeUtf8(bytes);
    if (text === undefined) yield { line, reason: NOT_UTF8 };
    else if (text.trim() !== '') yield parseJsonRow(line, text);
  }
}

/** A list of objects in a JSON file: the byte and the line where its bracket stands, and the member it belongs to, if any. */
export interface JsonList {
  readonly offset: number;
  readonly line: number;
  readonly name: string | undefined;
}

/** The lists of objects that are the members of a file's one object. */
export async function findLists(path: string, options: WorkOptions = {}): Promise<JsonList[]> {
  const brackets = new Brackets();
  const lists: JsonList[] = [];
  let opened: JsonList | undefined; // a list just opened, of which nothing was seen yet
  let name: number[] = [];
  let offset = 0;
  let line = 1;
  for await (const chunk of readChunks(path, { signal: options.signal })) {
    for (const byte of chunk) {
      const wasInString = brackets.inString;
      const isStructure = brackets.see(byte);
      if (brackets.depth === 1 && brackets.inString && name.length < MAX_NAME_BYTES) {
        if (wasInString) name.push(byte);
        else name = [];
      }
      if (opened && !isSpace(byte)) {
        if (byte === OPEN_OBJECT) lists.push(opened);
        opened = undefined;
      }
      if (isStructure && byte === OPEN_LIST && brackets.depth === 2) opened = { offset, line, name: Buffer.from(name).toString() };
      if (byte === NEWLINE) line++;
      offset++;
    }
  }
  return lists;
}

/**
 * Rows of a JSON list. Only one row is held at a time; a row that is not whole or not JSON is rejected alone, as far as brackets tell.
 * Throws AppError `bad-dataset` when a row seems to have no end.
 */
export async function* readJsonList(path: string, list: JsonList, options: WorkOptions = {}): AsyncGenerator<ReadRow> {
  const brackets = new Brackets();
  let { line } = list;
  let skip = list.offset;
  let rowLine = line;
  let parts: Buffer[] = [];
  let length = 0;
  let isBlank = true;
  for await (const chunk of readChunks(path, options)) {
    let begin = Math.min(skip, chunk.length);
    skip -= begin;
    for (let i = begin; i < chunk.length; i++) {
      const byte = chunk[i]!;
      const isStructure = brackets.see(byte);
      const isEnd = isStructure && brackets.depth === 0;
      if (isEnd || (isStructure && byte === COMMA && brackets.depth === 1)) {
        const bytes = Buffer.concat([...parts, chunk.subarray(begin, i)]);
        if (!isBlank) yield parseRow(rowLine, bytes);
        else if (!isEnd) yield { line, reason: 'there is nothing between two commas' };
        if (isEnd) return;
        parts = [];
        length = 0;
        isBlank = true;
        begin = i + 1;
      } else if (isStructure && byte === OPEN_LIST && brackets.depth === 1) begin = i + 1;
      else if (isBlank && !isSpace(byte)) {
        isBlank = false;
        rowLine = line;
      }
      if (byte === NEWLINE) line++;
    }
    parts.push(chunk.subarray(begin));
    length += chunk.length - begin;
    if (length > MAX_ROW_BYTES) {
      const message = `${path}: the row that begins at line ${rowLine} has no end within ${MAX_ROW_BYTES} bytes; a quote or a bracket is probably not closed.`;
      throw new AppError('bad-dataset', message, { path, line: rowLine });
    }
  }
  yield {
    line: isBlank ? line : rowLine,
    reason: isBlank ? 'the file ends before its list does' : 'the file ends in the middle of this row',
  };
}

function parseRow(line: number, bytes: Buffer): ReadRow {
  const text = decodeUtf8(bytes);
  return text === undefined ? { line, reason: NOT_UTF8 } : parseJsonRow(line, text);
}

const MAX_NAME_BYTES = 100;
const [QUOTE, BACKSLASH, COMMA, NEWLINE] = [34, 92, 44, 10];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [91, 93, 123, 125];

function isSpace(byte: number): boolean {
  return byte === 32 || byte === 9 || byte === 10 || byte === 13;
}

/** Follows a JSON text byte by byte and knows how deep it is and whether it is inside a string. */
class Brackets {
  depth = 0;
  inString = false;
  #isEscaped = false;

  /** True when the byte is no part of a string. */
  see(byte: number): boolean {
    if (this.inString) {
      if (this.#isEscaped) this.#isEscaped = false;
      else if (byte === BACKSLASH) this.#isEscaped = true;
      else if (byte === QUOTE) this.inString = false;
      return false;
    }
    if (byte === QUOTE) this.inString = true;
    else if (byte === OPEN_LIST || byte === OPEN_OBJECT) this.depth++;
    else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) this.depth--;
    return byte !== QUOTE;
  }
}
