// Long work taken in steps, which others wait for no longer than a moment: all at once, or in turns with whoever else has something to do.
import { performance } from 'node:perf_hooks';
import { throwIfCancelled } from '../../shared/errors.ts';

const TURN_MS = 12;

/** Takes all steps and returns what comes of them. */
export function drain<T>(steps: Generator<unknown, T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** Takes the steps, letting others in every few milliseconds, and tells how far it is whenever it does. Throws `cancelled`. */
export async function inTurns<Y, T>(steps: Generator<Y, T>, signal?: AbortSignal, tell?: (done: Y) => void): Promise<T> {
  let began = performance.now();
  for (let isFirst = true; ; isFirst = false) {
    try {
      throwIfCancelled(signal);
    } catch (cancelled) {
      steps.throw(cancelled); // what the steps have open is closed, and what they left is taken away
      throw cancelled;
    }
    const step = steps.next();
    if (step.done) return step.value;
    if (!isFirst && performance.now() - began < TURN_MS) continue;
    tell?.(step.value);
    await new Promise((resolve) => setImmediate(resolve));
    began = performance.now();
  }
}
