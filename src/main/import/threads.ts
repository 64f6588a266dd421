// Work in threads of their own: a thread tells its parent one value after another and at last what came of it, and can be called off.
import { parentPort, Worker } from 'node:worker_threads';
import { AppError, throwIfCancelled } from '../../shared/errors.ts';

/** What a thread has of its parent. */
export interface Parent<T> {
  readonly signal: AbortSignal | undefined;
  tell(value: T): void;
  /** Resolves once the parent has taken nearly all it was told, so that no more than a little waits. Throws `cancelled`. */
  room(): Promise<void>;
}

interface Fault {
  readonly isApp: boolean;
  readonly message: string;
  readonly stack: string | undefined;
  readonly code: unknown;
  readonly path: unknown;
  readonly data: AppError['data'];
}
type Message<T, R> =
  | { readonly kind: 'value'; readonly value: T }
  | { readonly kind: 'end'; readonly result: R }
  | { readonly kind: 'fault'; readonly fault: Fault };
type Word = 'taken' | 'stop';

/** Values that a thread is let be ahead of its parent. */
const AHEAD = 8;

/**
 * Runs an entry that calls `serveParent` in a thread of its own. `signal` asks it to stop, which it answers with `cancelled` once it has
 * tidied up; `kill` ends it at once. Throws what it throws.
 */
export async function runThread<T, R>(
  entry: URL,
  data: unknown,
  take: (value: T) => void,
  { signal, kill }: { readonly signal?: AbortSignal; readonly kill?: AbortSignal },
): Promise<R> {
  throwIfCancelled(signal);
  const thread = new Worker(entry, { workerData: data, execArgv: [] }); // a program given with --eval is no entry
  const say = (word: Word): void => thread.postMessage(word);
  const stop = (): void => say('stop');
  const { promise, resolve, reject } = Promise.withResolvers<R>();
  const end = (): void => reject(new AppError('cancelled', 'The program was closed.'));
  thread.on('message', (message: Message<T, R>) => {
    if (message.kind === 'end') return resolve(message.result);
    if (message.kind === 'fault') return reject(fromFault(message.fault));
    try {
      take(message.value);
      say('taken');
    } catch (error) {
      reject(error as Error);
    }
  });
  thread.on('error', (error) => reject(isMemoryFault(error) ? outOfMemory(error) : error));
  thread.on('exit', () => reject(new Error('A thread ended without an answer.')));
  signal?.addEventListener('abort', stop);
  kill?.addEventListener('abort', end);
  try {
    return await promise;
  } finally {
    signal?.removeEventListener('abort', stop);
    kill?.removeEventListener('abort', end);
    await thread.terminate();
  }
}

/** What an entry does in its thread. */
export async function serveParent<T, R>(work: (parent: Parent<T>) => Promise<R>): Promise<void> {
  const port = parentPort!;
  const send = (message: Message<T, R>): void => port.postMessage(message);
  const stop = new AbortController();
  let ahead = 0;
  let goOn: (() => void) | undefined;
  port.on('message', (word: Word) => {
    if (word === 'stop') stop.abort();
    else ahead--;
    goOn?.();
  });
  const parent: Parent<T> = {
    signal: stop.signal,
    tell(value) {
      ahead++;
      send({ kind: 'value', value });
    },
    async room() {
      while (ahead >= AHEAD && !stop.signal.aborted) await new Promise<void>((resolve) => (goOn = resolve));
      throwIfCancelled(stop.signal);
    },
  };
  try {
    send({ kind: 'end', result: await work(parent) });
  } catch (thrown) {
    send({ kind: 'fault', fault: toFault(thrown) });
  }
}

function toFault(thrown: unknown): Fault {
  const { message, stack, code, path } = (thrown instanceof Error ? thrown : new Error(String(thrown))) as Error & {
    readonly code?: unknown;
    readonly path?: unknown;
  };
  const isApp = thrown instanceof AppError;
  return { isApp, message, stack, code, path, data: isApp ? thrown.data : undefined };
}

function fromFault({ isApp, message, stack, code, path, data }: Fault): Error {
  if (isApp) return new AppError(code as AppError['code'], message, data);
  return Object.assign(new Error(message), { stack, code, path });
}

function isMemoryFault(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'ERR_WORKER_OUT_OF_MEMORY';
}

function outOfMemory(cause: unknown): AppError {
  return new AppError('out-of-memory', 'Reading these files took more memory than a thread may have.', undefined, { cause });
}
