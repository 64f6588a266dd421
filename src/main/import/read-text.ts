// Text datasets: rows that are lines, paragraphs or documents, and lines that begin with a label.
import type { WorkOptions } from '../../shared/progress.ts';
import { MAX_ROW_BYTES } from './limits.ts';
import { decodeText, readLines } from './read-lines.ts';
import type { ReadRow } from './rows.ts';

/** What parts the rows of a text: line ends, blank lines, or lines that are END_OF_TEXT. */
export type TextUnit = 'line' | 'paragraph' | 'document';

/** The mark between documents that text collections for language models have in common. */
export const END_OF_TEXT = '<|endoftext|>';

/** Rows with one column, `text`. Blank lines at the ends of a row, and rows without text, are left out. */
export async function* readText(path: string, unit: TextUnit, options: WorkOptions = {}): AsyncGenerator<ReadRow> {
  let lines: string[] = [];
  let firstLine = 1;
  let length = 0;
  const finish = function* (): Generator<ReadRow> {
    const text = lines.join('\n').replace(/^(?:[^\S\n]*\n)+|(?:\n[^\S\n]*)+$/g, '');
    if (length > MAX_ROW_BYTES) yield tooLong(firstLine);
    else if (text.trim() !== '') yield { line: firstLine, values: { text } };
    lines = [];
    length = 0;
  };
  for await (const { line, bytes } of readLines(path, options)) {
    if (bytes === undefined) {
      yield tooLong(line);
      continue;
    }
    const pieces = unit === 'document' ? decodeText(bytes).split(END_OF_TEXT) : [decodeText(bytes)];
    for (const [i, piece] of pieces.entries()) {
      const isBlank = piece.trim() === '';
      if (i > 0 || (unit === 'paragraph' && isBlank)) yield* finish();
      if (lines.length === 0 && isBlank) continue;
      if (lines.length === 0) firstLine = line;
      length += piece.length;
      if (length <= MAX_ROW_BYTES) lines.push(piece);
      if (unit === 'line') yield* finish();
    }
  }
  yield* finish();
}

/** Rows with the columns `label` and `text`, parted by the line's first tab or space; blank lines are skipped. */
export async function* readLabelledLines(path: string, separator: '\t' | ' ', options: WorkOptions = {}): AsyncGenerator<ReadRow> {
  for await (const { line, bytes } of readLines(path, options)) {
    if (bytes === undefined) {
      yield tooLong(line);
      continue;
    }
    const content = decodeText(bytes);
    const end = content.indexOf(separator);
    const [label, text] = [content.slice(0, end).trim(), content.slice(end + 1).trim()];
    if (content.trim() === '') continue;
    if (end < 0) yield { line, reason: `there is no ${separator === '\t' ? 'tab' : 'space'} between a label and a text` };
    else if (label === '' || text === '') yield { line, reason: `the ${label === '' ? 'label' : 'text'} is empty` };
    else yield { line, values: { label, text } };
  }
}

function tooLong(line: number): ReadRow {
  return { line, reason: `the text is longer than ${MAX_ROW_BYTES} bytes` };
}
