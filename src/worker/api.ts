// The calls that main may make to the worker: typed, checked, one job at a time.
import { os } from '@orpc/server';
import { z } from 'zod';
import { AppError } from '../shared/errors.ts';
import type { WorkOptions } from '../shared/progress.ts';
import { toWireError } from '../shared/wire-error.ts';
import { inspectCheckpoint } from './inspect.ts';
import { progressStream } from './progress-stream.ts';
import { runFolder, type RecipeRunner } from './run.ts';
import { loadTokenizer } from './text/tokenizer.ts';

export type { CheckpointFacts } from './inspect.ts';

/** A call whose AppErrors reach the caller as AppErrors. */
const call = os.use(async ({ next }) => {
  try {
    return await next();
  } catch (thrown) {
    throw toWireError(thrown);
  }
});

/** The worker's calls; main imports this type alone. */
export type WorkerRouter = ReturnType<typeof createWorkerRouter>;

/** Builds the calls with their own queue and their own register of what can be stopped; `run` is what a run folder is given to. */
export function createWorkerRouter(run?: RecipeRunner) {
  const running = new Map<string, AbortController>();
  let last: Promise<unknown> = Promise.resolve();

  /** Jobs share the thread, the memory and the cached programs, so each waits for the one before it. */
  function oneAtATime<T>(job: () => Promise<T>): Promise<T> {
    const turn = last.then(job);
    last = turn.catch(() => undefined);
    return turn;
  }

  return {
    /** Says that the worker is up, and what it is. */
    hello: call.handler(() => ({ pid: process.pid, node: process.version, float16Array: 'Float16Array' in globalThis })),

    /** Facts of a checkpoint folder, with progress while its weights are hashed. */
    inspect: call.input(z.object({ folder: z.string().min(1) })).handler(async function* ({ input, signal }) {
      return yield* progressStream((work) => oneAtATime(() => inspectCheckpoint(input.folder, work)), signal);
    }),

    /** Ids of each text and the text of each id, as the model sees them. */
    tokenize: call
      .input(z.object({ folder: z.string().min(1), texts: z.array(z.string()).max(1000), bos: z.boolean().default(true) }))
      .handler(async ({ input }) => {
        const tokenizer = await loadTokenizer(input.folder);
        return input.texts.map((text) => {
          const ids = tokenizer.encode(text, { bos: input.bos });
          return { ids, pieces: ids.map((id) => tokenizer.decode([id])) };
        });
      }),

    /** Runs a run folder: frames of progress, then the result. */
    run: call.input(z.object({ folder: z.string().min(1) })).handler(async function* ({ input, signal }) {
      const stop = new AbortController();
      if (running.has(input.folder)) throw new AppError('busy', `${input.folder} is already running.`);
      running.set(input.folder, stop);
      try {
        const heard = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
        return yield* progressStream((work: WorkOptions) => oneAtATime(() => runFolder(input.folder, work, run)), heard);
      } finally {
        running.delete(input.folder);
      }
    }),

    /** Asks a running folder to stop at its next safe point; its `run` then ends with `cancelled`. False when it is not running. */
    stop: call.input(z.object({ folder: z.string() })).handler(({ input }) => {
      const stop = running.get(input.folder);
      stop?.abort();
      return stop !== undefined;
    }),
  };
}
