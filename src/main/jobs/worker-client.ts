// Main's end of the worker: typed calls over the channel, a watch on its signs of life, and one kind of error when it is lost.
import { createORPCClient } from '@orpc/client';
import { RPCLink } from '@orpc/client/message-port';
import type { AnyRouter, RouterClient } from '@orpc/server';
import { AppError } from '../../shared/errors.ts';
import { BEAT, BEAT_INTERVAL_MS, SILENT_BEATS_LIMIT } from '../../shared/heartbeat.ts';
import { fromWireError } from '../../shared/wire-error.ts';
import type { WorkerRouter } from '../../worker/api.ts';
import type { WorkerProcess } from '../host.ts';

export type WorkerCalls = RouterClient<WorkerRouter>;

/** A living worker. Every pending call rejects with AppError `worker-lost` when the process ends. */
export interface Worker<Calls = WorkerCalls> extends Disposable {
  readonly calls: Calls;
  readonly processId: number | undefined;
  /** False once the process has ended, or was told to: such a worker is of no more use. */
  readonly isAlive: boolean;
  /** Resolves when the process has ended. */
  readonly ended: Promise<void>;
}

/**
 * Connects to a worker process. A worker that is silent for `SILENT_BEATS_LIMIT` beats is killed. Silence is counted in this
 * process's own ticks, so that a machine that was asleep does not look like a dead worker.
 */
export function connectWorker<Router extends AnyRouter = WorkerRouter>(
  process: WorkerProcess,
  silentBeatsLimit = SILENT_BEATS_LIMIT,
): Worker<RouterClient<Router>> {
  let silentBeats = 0;
  let reason = '';
  let isDisposed = false;
  const watch = setInterval(() => {
    silentBeats += 1;
    if (silentBeats > silentBeatsLimit) {
      reason = `it gave no sign of life for ${(silentBeatsLimit * BEAT_INTERVAL_MS) / 1000} seconds and was ended; `;
      process.kill();
    }
  }, BEAT_INTERVAL_MS);
  const ended = new Promise<void>((resolve) => process.on('close', () => (clearInterval(watch), resolve())));
  const port = {
    on(event: string, callback: (event?: { data: unknown }) => void) {
      if (event === 'close') process.on('close', () => callback());
      else if (event === 'message')
        process.on('message', (message) => {
          silentBeats = 0;
          if (message?.data !== BEAT) callback(message);
        });
    },
    postMessage: (data: unknown) => process.postMessage(data),
  };
  /** What a failed call means to the caller: the worker's own AppError, or that the worker is gone. */
  const asCallerSees = (thrown: unknown): unknown => {
    if (process.ending === undefined || thrown instanceof AppError) return fromWireError(thrown);
    return new AppError(
      'worker-lost',
      `The worker process is gone: ${reason}${process.ending}. What it was doing can be resumed.`,
      undefined,
      {
        cause: thrown,
      },
    );
  };
  const link = new RPCLink({
    port,
    interceptors: [
      async ({ next }) => {
        try {
          const answer = await next();
          return isIterator(answer) ? translateErrors(answer, asCallerSees) : answer;
        } catch (thrown) {
          throw asCallerSees(thrown);
        }
      },
    ],
  });
  return {
    calls: createORPCClient<RouterClient<Router>>(link),
    // Electron gives a process its number only once it has started.
    get processId() {
      return process.processId;
    },
    get isAlive() {
      return process.ending === undefined && !isDisposed;
    },
    ended,
    [Symbol.dispose]() {
      isDisposed = true;
      clearInterval(watch);
      process.kill();
    },
  };
}

function isIterator(value: unknown): value is AsyncIterator<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

function translateErrors(source: AsyncIterator<unknown>, translate: (thrown: unknown) => unknown): AsyncIterableIterator<unknown> {
  const translated = async (step: Promise<IteratorResult<unknown>>): Promise<IteratorResult<unknown>> => {
    try {
      return await step;
    } catch (thrown) {
      throw translate(thrown);
    }
  };
  return {
    next: () => translated(source.next()),
    return: (value) => translated(source.return?.(value) ?? Promise.resolve({ done: true, value })),
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
