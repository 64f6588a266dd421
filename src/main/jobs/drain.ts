// Reads an event stream of the worker to its end.
import type { ProgressFrame, WorkOptions } from '../../shared/progress.ts';

/** Passes frames on and returns the result. Aborting leaves the stream, which the worker hears. */
export async function drainStream<T>(stream: AsyncIterator<ProgressFrame, T>, work: WorkOptions = {}): Promise<T> {
  for (;;) {
    const step = await stream.next();
    if (step.done) return step.value;
    work.progress?.(step.value);
  }
}
