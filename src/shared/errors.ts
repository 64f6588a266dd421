// The one error that crosses a room, and its closed list of codes.

export type ErrorCode =
  | 'bad-input' // a value given by the user does not fit
  | 'bad-file' // a file from outside is broken or lies
  | 'bad-model' // a checkpoint folder cannot be used
  | 'bad-tokenizer'
  | 'bad-dataset'
  | 'bad-prompt'
  | 'bad-recipe'
  | 'not-found'
  | 'busy' // the data folder is in use by another process
  | 'newer-data' // the data folder was written by a newer Tailor
  | 'disk-full'
  | 'out-of-memory'
  | 'device' // no such device, or it does not agree with the CPU
  | 'cancelled'
  | 'cannot-resume'
  | 'worker-lost' // the worker process ended without an answer
  | 'out-of-tolerance'
  | 'internal'; // a fault of the program itself, kept with the run that met it

/**
 * An error meant for a person: says what was expected, what was found, where, and what to do.
 * `data` holds the figures of the message for programs that read it.
 */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly data: Readonly<Record<string, unknown>> | undefined;

  constructor(code: ErrorCode, message: string, data?: Readonly<Record<string, unknown>>, options?: ErrorOptions) {
    super(message, options);
    this.name = 'AppError';
    this.code = code;
    this.data = data;
  }
}

/** Turns whatever was thrown into an AppError, translating the operating system's "disk full"; anything else unknown is thrown on. */
export function asAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  const code = (thrown as { code?: unknown } | null)?.code;
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'SQLITE_FULL') {
    return new AppError('disk-full', 'The disk is full: nothing half-written was kept. Free some space and try again.', undefined, {
      cause: thrown,
    });
  }
  throw thrown;
}

/** Throws the `cancelled` AppError when the signal has fired; called between programs, the safe points of long work. */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new AppError('cancelled', 'Stopped at the next safe point, as asked.');
}
