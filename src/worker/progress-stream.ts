// Turns long work that reports through a callback into an event stream: frames at most ten times a second, then the result.
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../shared/errors.ts';
import type { ProgressFrame, WorkOptions } from '../shared/progress.ts';
import { toWireError } from '../shared/wire-error.ts';

/** The page cannot show more, and the channel should stay quiet (DESIGN 7). */
export const FRAME_INTERVAL_MS = 100;

/**
 * Runs `start` and yields its newest progress frame every `FRAME_INTERVAL_MS`; the last frame always comes. Returns what `start`
 * returns. When `signal` fires or the reader leaves, the work hears it through its own signal; errors leave as wire errors.
 */
export async function* progressStream<T>(start: (work: WorkOptions) => Promise<T>, signal?: AbortSignal): AsyncGenerator<ProgressFrame, T> {
  const left = new AbortController();
  let frame: ProgressFrame | undefined;
  let settled = false;
  try {
    const work = start({
      signal: signal ? AbortSignal.any([signal, left.signal]) : left.signal,
      progress: (next) => {
        frame = next;
      },
    });
    const settle = (): void => {
      settled = true;
    };
    const done = work.then(settle, settle);
    while (!settled) {
      await Promise.race([done, sleep(FRAME_INTERVAL_MS)]);
      if (frame) {
        const shown = frame;
        frame = undefined;
        yield shown;
      }
    }
    return await work;
  } catch (thrown) {
    throw toWireError(thrown);
  } finally {
    left.abort(new AppError('cancelled', 'Nobody waits for this work any more.'));
  }
}
