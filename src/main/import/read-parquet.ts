// Parquet datasets, decoded in a thread of their own that can be ended when a damaged file makes it loop or burst.
import { basename } from 'node:path';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { AppError, throwIfCancelled } from '../../shared/errors.ts';
import type { WorkOptions } from '../../shared/progress.ts';
import type { ParquetMessage } from './parquet-thread.ts';
import { openFile } from './read-lines.ts';
import type { ReadRow } from './rows.ts';

/** Silence after which a file is given up: ten seconds, and one more for each megabyte, at which even slow machines decode. */
const PATIENCE_MS = 10_000;
const BYTES_PER_MS = 1000;
/** What decoding may take of memory besides buffers; a row group within its own limit needs less. */
const MAX_HEAP_MB = 4096;

/**
 * Rows of a Parquet file; `line` counts records. Structs and lists keep their nesting; integers too large for a double become text,
 * dates ISO text, bytes base64 text, and what is not a number null.
 * Throws AppError `bad-dataset` for a file that is cut off, lies about itself, has no end or uses what is not supported.
 */
export async function* readParquet(
  path: string,
  { signal, progress }: WorkOptions = {},
  patienceMs = PATIENCE_MS,
): AsyncGenerator<ReadRow> {
  const name = basename(path);
  await using file = await openFile(path);
  const { size } = await file.stat();
  const thread = new Worker(new URL(`./parquet-thread${extname(import.meta.url)}`, import.meta.url), {
    workerData: path,
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
  });
  try {
    for (;;) {
      throwIfCancelled(signal); // one that came while the file was opened, too
      const message = await askThread(thread, patienceMs + size / BYTES_PER_MS, signal);
      throwIfCancelled(signal);
      if (message.kind === 'end') return;
      if (message.kind === 'problem') {
        const advice = 'Export it again, or convert it to JSON Lines.';
        throw new AppError('bad-dataset', `${name}: this Parquet file cannot be read: ${message.problem}. ${advice}`, { path });
      }
      yield* message.rows;
      progress?.({ phase: `reading ${name}`, done: message.done, total: message.total, unit: 'rows' });
    }
  } finally {
    await thread.terminate();
  }
}

/** Asks for the next message. A thread that dies or falls silent has met a problem of the file; a cancelled wait ends at once. */
function askThread(thread: Worker, patienceMs: number, signal: AbortSignal | undefined): Promise<ParquetMessage> {
  return new Promise((resolve) => {
    const fail = (problem: string): void => settle({ kind: 'problem', problem });
    const onError = (error: Error): void => fail(error.message);
    const onAbort = (): void => fail('its import was cancelled');
    const timer = setTimeout(() => fail(`decoding it came to no end within ${Math.round(patienceMs / 1000)} seconds`), patienceMs);
    const settle = (message: ParquetMessage): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      thread.off('message', settle).off('error', onError);
      resolve(message);
    };
    thread.on('message', settle).on('error', onError);
    signal?.addEventListener('abort', onAbort);
    thread.postMessage('next');
  });
}
