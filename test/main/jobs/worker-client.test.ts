// The corridor between main and a worker process: typed calls, progress, cancel, typed errors, and what a crash looks like.
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import type { AnyRouter } from '@orpc/server';
import { connectWorker, type Worker } from '../../../src/main/jobs/worker-client.ts';
import { spawnWorker } from '../../../src/main/node/spawn-worker.ts';
import { AppError } from '../../../src/shared/errors.ts';
import type { WorkerRouter } from '../../../src/worker/api.ts';
import type { OddRouter } from '../../fixtures/odd-worker.ts';

const ODD_WORKER = fileURLToPath(new URL('../../fixtures/odd-worker.ts', import.meta.url));
const open: Disposable[] = [];
const printed: string[] = [];

function start<Router extends AnyRouter>(entry?: string, silentBeatsLimit?: number) {
  const worker = connectWorker<Router>(
    spawnWorker((line) => printed.push(line), entry),
    silentBeatsLimit,
  );
  open.push(worker);
  return worker;
}
const startOdd = (silentBeatsLimit?: number) => start<OddRouter>(ODD_WORKER, silentBeatsLimit);

afterEach(() => {
  for (const worker of open.splice(0)) worker[Symbol.dispose]();
});

async function drain<Frame, Result>(stream: AsyncIterator<Frame, Result>): Promise<{ frames: Frame[]; result: Result }> {
  const frames: Frame[] = [];
  for (;;) {
    const step = await stream.next();
    if (step.done) return { frames, result: step.value };
    frames.push(step.value);
  }
}

const errorOf = async (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );

describe('a call over the channel', () => {
  it('brings an answer back', async () => {
    expect(await startOdd().calls.double({ value: 21 })).toBe(42);
  });

  it('is refused with bad-input and the name of the member when its input does not fit', async () => {
    const error = await errorOf(startOdd().calls.double({ value: 'many' as unknown as number }));
    expect(error).toBeInstanceOf(AppError);
    expect(error).toMatchObject({ code: 'bad-input', message: expect.stringContaining('value') });
  });

  it('throws the AppError that was thrown on the other side, with its figures', async () => {
    const error = await errorOf(startOdd().calls.fail());
    expect(error).toBeInstanceOf(AppError);
    expect(error).toMatchObject({ code: 'bad-model', message: 'config.json: expected 3 layers, found 2.', data: { layers: 2 } });
  });

  it('throws a plain error with its message for what is no AppError', async () => {
    const error = await errorOf(startOdd().calls.break());
    expect(error).not.toBeInstanceOf(AppError);
    expect(error).toMatchObject({ message: 'RangeError: out of range' });
  });
});

describe('progress', () => {
  it('comes at most ten times a second, ends with the last frame, and then the result', async () => {
    const begun = performance.now();
    const { frames, result } = await drain(await startOdd().calls.frames({ count: 60, everyMs: 5, failing: false }));
    const tenths = (performance.now() - begun) / 100;
    expect(result).toEqual({ counted: 60 });
    expect(frames.at(-1)).toMatchObject({ done: 60, total: 60 });
    expect(frames.length).toBeLessThanOrEqual(tenths + 1); // and the last
  });

  it('ends with the AppError that the work threw', async () => {
    const error = await errorOf(drain(await startOdd().calls.frames({ count: 1, everyMs: 1, failing: true })));
    expect(error).toBeInstanceOf(AppError);
    expect(error).toMatchObject({ code: 'bad-dataset', data: { row: 7 } });
  });

  it('stops the work on the other side when the caller aborts', async () => {
    const { calls } = startOdd();
    const stop = new AbortController();
    const stream = await calls.frames({ count: 10_000, everyMs: 5, failing: false }, { signal: stop.signal });
    await stream.next();
    stop.abort();
    await errorOf(drain(stream));
    await expect.poll(() => calls.heardStop(), { timeout: 20_000 }).toBe(true);
  });
});

describe('a worker that is lost', () => {
  it('rejects every pending call with worker-lost and says how it ended', async () => {
    const worker = startOdd();
    const streaming = errorOf(worker.calls.frames({ count: 1000, everyMs: 10, failing: false }).then(drain));
    const crashing = errorOf(worker.calls.crash());
    expect(await crashing).toMatchObject({ code: 'worker-lost', message: expect.stringMatching(/SIGSEGV.*about to crash/s) });
    expect(await streaming).toMatchObject({ code: 'worker-lost' });
    expect(worker.isAlive).toBe(false);
    expect(await errorOf(worker.calls.double({ value: 1 }))).toMatchObject({ code: 'worker-lost' });
  });

  it('is ended after too many silent beats, and the message says so', async () => {
    const error = await errorOf(startOdd(2).calls.block({ forMs: 30_000 }));
    expect(error).toMatchObject({ code: 'worker-lost', message: expect.stringContaining('no sign of life for 2 seconds') });
  });

  it('is not ended for a silence below the limit', async () => {
    expect(await startOdd(15).calls.block({ forMs: 2500 })).toBe('woke up'); // a busy machine is silent for seconds, too
  });
});

describe('the worker itself', () => {
  it('answers, and hides the float16 type that the runtime stumbles over', async () => {
    const worker: Worker<{ hello: unknown }> = start<WorkerRouter>();
    expect(await (worker as Worker).calls.hello()).toMatchObject({ pid: worker.processId });
  });
});
