// Parses CSV and TSV from chunks of bytes, as csv-parse does where it is told to be lenient, at several times its speed: most lines have no
// quotation mark and are only split.
import type { TableFormat } from './read-table.ts';
import { MAX_ROW_BYTES } from './limits.ts';
import { decodeText, decodeUtf8 } from './read-lines.ts';

/** The cells of one record as text. */
export interface TableRecord {
  /** Where it begins, from 1 on. */
  readonly line: number;
  readonly cells: readonly string[];
}

const [QUOTE, NEWLINE, CARRIAGE_RETURN] = [34, 10, 13];
const QUOTE_BYTES = Buffer.from('"');
const NOTHING = Buffer.alloc(0);

/**
 * Quotation marks that open a cell hold delimiters and line ends together, and a doubled one inside stands for one. A cell that goes on
 * after its closing mark, and a mark inside a bare cell, are taken as they stand. Empty lines are skipped.
 */
export class TableParser {
  /** Why the rest cannot be read, and from which line on. */
  lost: { readonly line: number; readonly reason: string } | undefined;
  readonly #delimiter: string;
  readonly #delimiterByte: number;
  readonly #quoted: boolean;
  #line = 1; // where the record that is being read begins
  #newlines = 0; // inside its cells so far
  #size = 0; // of it so far
  #cells: string[] = [];
  #parts: Buffer[] = []; // of the cell that is being read
  #state: 'start' | 'bare' | 'quoted' = 'start'; // of that cell
  #wasQuoted = false; // the cell before
  #isDelimited = false; // after which another must come
  #carry = NOTHING; // a mark at the end of a chunk means what follows it says

  constructor({ delimiter, quoted }: TableFormat) {
    this.#delimiter = delimiter;
    this.#delimiterByte = delimiter.charCodeAt(0);
    this.#quoted = quoted;
  }

  /** The records that end in the next bytes; `isLast` when no more will come. */
  *feed(bytes: Buffer, isLast: boolean): Generator<TableRecord> {
    const chunk = this.#carry.length > 0 ? Buffer.concat([this.#carry, bytes]) : bytes;
    this.#carry = NOTHING;
    let nextQuote = this.#quoted ? -1 : chunk.length;
    for (let at = 0; at < chunk.length && !this.lost;) {
      if (this.#state === 'start' && this.#cells.length === 0) {
        if (nextQuote < at) nextQuote = indexOrEnd(chunk, QUOTE, at);
        const end = chunk.indexOf(NEWLINE, at);
        if (end >= 0 && end < nextQuote) {
          const bare = end > at && chunk[end - 1] === CARRIAGE_RETURN ? end - 1 : end;
          if (bare > at) yield { line: this.#line, cells: this.#split(chunk.subarray(at, bare)) };
          this.#line++;
          at = end + 1;
          continue;
        }
      }
      const begin = at;
      if (this.#state === 'start') {
        this.#state = this.#quoted && chunk[at] === QUOTE ? 'quoted' : 'bare';
        if (this.#state === 'quoted') at++;
      }
      at = this.#state === 'quoted' ? this.#readQuoted(chunk, at, isLast) : this.#readBare(chunk, at);
      this.#size += at - begin;
      if (this.#hasEndedCell() && !this.#isDelimited && chunk[at - 1] === NEWLINE) yield* this.#endRecord();
      else if (this.#size > MAX_ROW_BYTES)
        this.lost = { line: this.#line, reason: `the record is longer than ${MAX_ROW_BYTES} bytes, and what follows it cannot be read` };
    }
    if (isLast && !this.lost) yield* this.#end();
  }

  #hasEndedCell(): boolean {
    return this.#state === 'start';
  }

  #split(line: Buffer): string[] {
    const text = decodeUtf8(line);
    if (text !== undefined) return text.split(this.#delimiter);
    const cells = line.toString('latin1').split(this.#delimiter);
    return cells.map((cell) => decodeText(Buffer.from(cell, 'latin1')));
  }

  /** Reads on in a bare cell, and past what ends it; returns where the next byte is. */
  #readBare(chunk: Buffer, begin: number): number {
    let end = begin;
    while (end < chunk.length && chunk[end] !== this.#delimiterByte && chunk[end] !== NEWLINE) end++;
    this.#parts.push(chunk.subarray(begin, end));
    if (end === chunk.length) return end;
    const isDelimited = chunk[end] !== NEWLINE;
    if (!isDelimited) this.#dropCarriageReturn();
    this.#endCell(isDelimited, false);
    return end + 1;
  }

  /** Of a line that ends in CR and LF. */
  #dropCarriageReturn(): void {
    this.#parts = [Buffer.concat(this.#parts)];
    if (this.#parts[0]!.at(-1) === CARRIAGE_RETURN) this.#parts[0] = this.#parts[0]!.subarray(0, -1);
  }

  /** As `readBare`, in a quoted cell. */
  #readQuoted(chunk: Buffer, begin: number, isLast: boolean): number {
    const mark = indexOrEnd(chunk, QUOTE, begin);
    const part = chunk.subarray(begin, mark);
    this.#parts.push(part);
    for (let i = part.indexOf(NEWLINE); i >= 0; i = part.indexOf(NEWLINE, i + 1)) this.#newlines++;
    if (mark === chunk.length) return mark;
    if (!isLast && mark + 2 >= chunk.length) {
      this.#carry = Buffer.from(chunk.subarray(mark));
      return chunk.length;
    }
    const next = chunk[mark + 1];
    if (next === QUOTE) {
      this.#parts.push(QUOTE_BYTES);
      return mark + 2;
    }
    const isLineEnd = next === NEWLINE || (next === CARRIAGE_RETURN && chunk[mark + 2] === NEWLINE);
    if (next === undefined || next === this.#delimiterByte || isLineEnd) {
      this.#endCell(next === this.#delimiterByte, true);
      return Math.min(chunk.length, mark + (next === CARRIAGE_RETURN ? 3 : 2));
    }
    this.#parts = [QUOTE_BYTES, ...this.#parts, QUOTE_BYTES];
    this.#state = 'bare';
    return mark + 1;
  }

  #endCell(isDelimited: boolean, wasQuoted: boolean): void {
    this.#cells.push(decodeText(this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts)));
    this.#parts = [];
    this.#state = 'start';
    this.#isDelimited = isDelimited;
    this.#wasQuoted = wasQuoted;
  }

  *#endRecord(): Generator<TableRecord> {
    const cells = this.#cells;
    if (cells.length > 1 || cells[0] !== '' || this.#wasQuoted) yield { line: this.#line, cells };
    this.#line += 1 + this.#newlines;
    this.#newlines = 0;
    this.#size = 0;
    this.#cells = [];
  }

  /** The last record need not have a line end. */
  *#end(): Generator<TableRecord> {
    if (this.#state === 'quoted') {
      this.lost = { line: this.#line, reason: 'a quote opened in this record is never closed, so the rest of the file cannot be read' };
      return;
    }
    if (this.#state === 'bare' || (this.#cells.length > 0 && this.#isDelimited)) this.#endCell(false, false);
    if (this.#cells.length > 0) yield* this.#endRecord();
  }
}

function indexOrEnd(chunk: Buffer, byte: number, from: number): number {
  const found = chunk.indexOf(byte, from);
  return found < 0 ? chunk.length : found;
}
