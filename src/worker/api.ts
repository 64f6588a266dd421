// The calls that main may make to the worker: typed, checked, one job at a time.
import { os } from '@orpc/server';
import { z } from 'zod';
import { AppError } from '../shared/errors.ts';
import type { WorkOptions } from '../shared/progress.ts';
import { machine, modelRef, tokenisation } from '../shared/recipe.ts';
import { toWireError } from '../shared/wire-error.ts';
import { checkGolden } from './check-golden.ts';
import { openSubject } from './evaluate/open-subject.ts';
import { generate } from './evaluate/generation.ts';
import { probeDevices } from './graph/choose-device.ts';
import { findTokenizerFault, writeGguf } from './gguf.ts';
import { listGraphicsCards } from './graphics-cards.ts';
import { inspectCheckpoint } from './inspect.ts';
import { mergeFolders } from './merge.ts';
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

const generateInput = z.object({
  model: modelRef,
  prompt: z.string(),
  maxTokens: z.number().int().positive().default(64),
  temperature: z.number().nonnegative().default(0),
  topK: z.number().int().nonnegative().default(0),
  topP: z.number().positive().max(1).default(1),
  stop: z.array(z.string()).default([]),
  seed: z.number().int().default(42),
  tokenisation: tokenisation.prefault({}),
  machine: machine.prefault({}),
});

/** The worker's calls; main imports this type alone. */
export type WorkerRouter = ReturnType<typeof createWorkerRouter>;

/** Builds the calls with their own queue and their own register of what can be stopped; `run` is what a run folder is given to. */
export function createWorkerRouter(run?: RecipeRunner) {
  const running = new Map<string, AbortController>();
  let last: Promise<unknown> = Promise.resolve();

  /** Jobs share the thread and the memory, so each waits for the one before it. The returned function ends the turn. */
  async function takeTurn(): Promise<() => void> {
    const before = last;
    const turn = Promise.withResolvers<undefined>();
    last = turn.promise;
    await before;
    return () => turn.resolve(undefined);
  }

  async function oneAtATime<T>(job: () => Promise<T>): Promise<T> {
    const endTurn = await takeTurn();
    try {
      return await job();
    } finally {
      endTurn();
    }
  }

  /** A job on `path` that `stop` can end: unlike leaving its stream, that lets the caller wait until it has put things in order. */
  async function* stoppable<T>(path: string, signal: AbortSignal | undefined, job: (work: WorkOptions) => Promise<T>) {
    const stop = new AbortController();
    if (running.has(path)) throw new AppError('busy', `${path} is already running.`);
    running.set(path, stop);
    try {
      const heard = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
      return yield* progressStream((work: WorkOptions) => oneAtATime(() => job(work)), heard);
    } finally {
      running.delete(path);
    }
  }

  return {
    /** Says that the worker is up, and what it is. */
    hello: call.handler(() => ({ pid: process.pid, node: process.version })),

    /** Facts of a checkpoint folder, with progress while its weights are hashed. */
    inspect: call.input(z.object({ folder: z.string().min(1) })).handler(async function* ({ input, signal }) {
      return yield* progressStream((work) => oneAtATime(() => inspectCheckpoint(input.folder, work)), signal);
    }),

    /** Writes an adapter into its checkpoint as a new checkpoint folder. */
    merge: call
      .input(z.object({ checkpoint: z.string().min(1), hash: z.string().optional(), adapter: z.string().min(1), out: z.string().min(1) }))
      .handler(async function* ({ input, signal }) {
        return yield* stoppable(input.out, signal, (work) => mergeFolders(input, work));
      }),

    /** Writes a checkpoint, with an adapter or without, as a GGUF file. */
    gguf: call
      .input(
        z.object({
          checkpoint: z.string().min(1),
          hash: z.string().optional(),
          adapter: z.string().min(1).optional(),
          out: z.string().min(1),
          name: z.string(),
        }),
      )
      .handler(async function* ({ input, signal }) {
        return yield* stoppable(input.out, signal, (work) => writeGguf(input, work));
      }),

    /** Why a checkpoint's tokenizer cannot be written into a GGUF file; null where it can. `rows` are those of its embeddings. */
    ggufFault: call
      .input(z.object({ checkpoint: z.string().min(1), rows: z.number().int().positive() }))
      .handler(async ({ input }) => (await findTokenizerFault(input.checkpoint, input.rows)) ?? null),

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

    /** Text that follows a prompt, piece by piece as it settles; returns how it ended. */
    generate: call.input(generateInput).handler(async function* ({ input, signal }) {
      const endTurn = await takeTurn();
      try {
        await using subject = await openSubject(input.model, input.machine, { signal });
        return yield* generate(subject, input.prompt, input, { signal });
      } catch (thrown) {
        throw toWireError(thrown);
      } finally {
        endTurn();
      }
    }),

    /** What the machine can compute on, with the reasons. */
    probe: call
      .input(z.object({ threads: z.number().int().positive().optional() }))
      .handler(({ input }) => oneAtATime(() => probeDevices(input))),

    /** The graphics cards by name, memory and driver. */
    cards: call.handler(() => listGraphicsCards()),

    /** Compares the engine with a golden file, section by section. */
    check: call.input(z.object({ folder: z.string().min(1), golden: z.string().min(1), machine })).handler(async function* ({
      input,
      signal,
    }) {
      return yield* progressStream((work) => oneAtATime(() => checkGolden(input.folder, input.golden, input.machine, work)), signal);
    }),

    /** Runs a run folder: frames of progress, then the result. */
    run: call.input(z.object({ folder: z.string().min(1) })).handler(async function* ({ input, signal }) {
      return yield* stoppable(input.folder, signal, (work) => runFolder(input.folder, work, run));
    }),

    /** Asks what works on a path to stop at its next safe point; its call then ends with `cancelled`. False when nothing does. */
    stop: call.input(z.object({ folder: z.string() })).handler(({ input }) => {
      const stop = running.get(input.folder);
      stop?.abort();
      return stop !== undefined;
    }),
  };
}
