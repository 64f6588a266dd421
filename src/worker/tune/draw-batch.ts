// The order in which examples are seen: a pure function of the seed and the step, so that a resumed run sees the same.
import { RandomStream } from '../../shared/random.ts';

/**
 * Returns the function step → indices of the `batch` items of that step. Steps walk through epochs laid end to end, each of which
 * holds every one of `count` items once, shuffled by (seed, epoch).
 */
export function drawBatches(count: number, batch: number, seed: number): (step: number) => number[] {
  const indices = Array.from({ length: count }, (_, index) => index);
  let latest = { epoch: -1, order: indices };
  return (step) => {
    const drawn: number[] = [];
    for (let at = step * batch; at < (step + 1) * batch; at++) {
      const epoch = Math.floor(at / count);
      if (latest.epoch !== epoch) latest = { epoch, order: new RandomStream(seed, `order of epoch ${epoch}`).shuffle(indices) };
      drawn.push(latest.order[at % count]!);
    }
    return drawn;
  };
}
