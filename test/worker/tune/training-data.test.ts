// The order of the examples and the shape and weights of the micro-batches.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packText, type TokenTree } from '../../../src/worker/text/pack.ts';
import { drawBatches } from '../../../src/worker/tune/draw-batch.ts';
import { exampleSteps, textSteps } from '../../../src/worker/tune/training-data.ts';

const tree = (context: number, answer: number, first: number): TokenTree => ({
  context: Int32Array.from({ length: context }, (_, i) => first + i),
  branches: [Int32Array.from({ length: answer }, (_, i) => first + context + i)],
  counts: 'branches',
});
const examples = (count: number): TokenTree[] => Array.from({ length: count }, (_, i) => tree(5 + ((i * 31) % 40), 1 + (i % 3), i * 100));

describe('the order of examples', () => {
  it('shows every example once an epoch, in an order that depends on seed and epoch alone', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 30 }), fc.integer(), (count, batch, seed) => {
        const draw = drawBatches(count, batch, seed);
        const stream = Array.from({ length: Math.ceil((2 * count) / batch) }, (_, step) => draw(step)).flat();
        for (const epoch of [0, 1])
          expect(stream.slice(epoch * count, (epoch + 1) * count).sort((a, b) => a - b)).toEqual([...Array(count).keys()]);
        // asked in another order, as a resumed run does
        const again = drawBatches(count, batch, seed);
        for (const step of [1, 0]) expect(again(step)).toEqual(draw(step));
      }),
    );
  });

  it('differs between epochs and seeds', () => {
    const order = (seed: number, step: number): string => drawBatches(50, 50, seed)(step).join();
    expect(new Set([order(1, 0), order(1, 1), order(2, 0)]).size).toBe(3);
  });
});

describe('the micro-batches of a step', () => {
  it.each([
    ['examples', exampleSteps(examples(50), { batch: 25, seed: 3, limit: 64, microTokens: 256 })],
    [
      'text rows',
      textSteps(
        packText(
          examples(90).map(({ context }) => context),
          32,
        ),
        { batch: 20, seed: 3, limit: 32, microTokens: 256 },
      ),
    ],
  ])('of %s have one shape, stay below microTokens, and weigh 1 together', (_, data) => {
    expect(data.rows * data.rowTokens).toBeLessThanOrEqual(256);
    for (let step = 0; step < 6; step++) {
      const parts = data.step(step);
      for (const { batch } of parts) expect([batch.rows, batch.tokens]).toEqual([data.rows, data.rowTokens]);
      const weights = parts.flatMap(({ counted }) => [...counted.weights]);
      // f32 weights: their sum is 1 to about 2^-24 each
      expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 5);
      expect(new Set(weights).size).toBe(1);
    }
  });

  it('names the example of the whole set that a counted token belongs to, and counts its answer alone', () => {
    const trees = examples(12);
    const data = exampleSteps(trees, { batch: 5, seed: 0, limit: 64, microTokens: 128 });
    const draw = drawBatches(12, 5, 0);
    for (let step = 0; step < 4; step++) {
      const seen = data.step(step).flatMap((part) => [...part.item].map((item, n) => [item, part.counted.targets[n]]));
      const expected = draw(step).flatMap((item) => [...trees[item]!.branches[0]!].map((target) => [item, target]));
      expect(seen.map(String).sort()).toEqual(expected.map(String).sort());
    }
  });

  it('wastes little on padding', () => {
    const data = exampleSteps(examples(50), { batch: 25, seed: 3, limit: 256, microTokens: 2048 });
    for (let step = 0; step < 4; step++) {
      const parts = data.step(step);
      const placed = parts.reduce((sum, part) => sum + part.placed, 0);
      expect(placed / (parts.length * data.rows * data.rowTokens)).toBeGreaterThan(0.75);
    }
  });
});
