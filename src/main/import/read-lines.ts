// Files as chunks, lines and text, in constant memory, whatever their line ends and byte order mark.
import { isUtf8 } from 'node:buffer';
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { AppError, throwIfCancelled } from '../../shared/errors.ts';
import type { WorkOptions } from '../../shared/progress.ts';
import { MAX_ROW_BYTES } from './limits.ts';

/** A line without its end; `bytes` is undefined when the line was longer than MAX_ROW_BYTES. */
export interface Line {
  readonly line: number;
  readonly bytes: Buffer | undefined;
}

const CHUNK_BYTES = 64 * 1024; // parsed at once, in a few milliseconds
const NEWLINE = 10;
const CARRIAGE_RETURN = 13;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** The bytes of a file in order, without a UTF-8 byte order mark. Throws AppError `not-found`, `bad-file`, `cancelled`. */
export async function* readChunks(path: string, { signal, progress }: WorkOptions = {}): AsyncGenerator<Buffer> {
  await using file = await openFile(path);
  const { size } = await file.stat();
  for (let done = 0; ;) {
    throwIfCancelled(signal);
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES, null);
    if (bytesRead === 0) return;
    const chunk = buffer.subarray(0, bytesRead);
    yield done === 0 && chunk.subarray(0, 3).equals(BYTE_ORDER_MARK) ? chunk.subarray(3) : chunk;
    done += bytesRead;
    progress?.({ phase: `reading ${basename(path)}`, done, total: size, unit: 'bytes' });
  }
}

/** Opens a file to be read, and says plainly why it cannot be. */
export async function openFile(path: string): Promise<Awaited<ReturnType<typeof open>>> {
  try {
    return await open(path, 'r');
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    if (code === 'ENOENT') throw new AppError('not-found', `There is no file ${path}.`, { path }, { cause: error });
    throw new AppError('bad-file', `${path} cannot be opened: ${(error as Error).message}.`, { path }, { cause: error });
  }
}

/** The lines of a file, whether they end in LF or CRLF; an empty last line is none. */
export async function* readLines(path: string, options: WorkOptions = {}): AsyncGenerator<Line> {
  let line = 1;
  let parts: Buffer[] = [];
  let length = 0;
  const finish = (last: Buffer): Line => {
    const isTooLong = length + last.length > MAX_ROW_BYTES;
    const bytes = isTooLong ? undefined : parts.length === 0 ? last : Buffer.concat([...parts, last]);
    parts = [];
    length = 0;
    return { line: line++, bytes: bytes?.at(-1) === CARRIAGE_RETURN ? bytes.subarray(0, -1) : bytes };
  };
  for await (const chunk of readChunks(path, options)) {
    let begin = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, begin)) {
      yield finish(chunk.subarray(begin, end));
      begin = end + 1;
    }
    const rest = chunk.subarray(begin);
    length += rest.length;
    if (length <= MAX_ROW_BYTES) parts.push(rest);
    else parts = []; // the line is lost already; only its end is looked for
  }
  if (length > 0) yield finish(Buffer.alloc(0));
}

/** The text of some bytes; undefined when they are not valid UTF-8. */
export function decodeUtf8(bytes: Buffer): string | undefined {
  return isUtf8(bytes) ? bytes.toString('utf8') : undefined;
}

/** The text of some bytes: UTF-8, or latin-1, where every byte is a character, when they are not valid UTF-8. */
export function decodeText(bytes: Buffer): string {
  return decodeUtf8(bytes) ?? bytes.toString('latin1');
}
