// Curves: thinned without losing their shape, smoothed without a bias at the start.
import { describe, expect, it } from 'vitest';
import { smoothCurve, thinCurve, type Point } from '../../src/shared/curves.ts';

const wave: Point[] = Array.from({ length: 10_000 }, (_, x) => [x, x === 4321 ? 99 : Math.sin(x / 500)]);

describe('thinCurve', () => {
  it('leaves a short curve as it is', () => expect(thinCurve(wave.slice(0, 7), 7)).toEqual(wave.slice(0, 7)));

  it('keeps ends, order and the one peak within the limit', () => {
    const thin = thinCurve(wave, 200);
    expect(thin.length).toBeLessThanOrEqual(200);
    expect([thin[0], thin.at(-1)]).toEqual([wave[0], wave.at(-1)]);
    expect(thin).toContainEqual([4321, 99]);
    expect(thin.map(([x]) => x)).toEqual(thin.map(([x]) => x).toSorted((a, b) => a - b));
  });
});

describe('smoothCurve', () => {
  it('is the curve itself without smoothing', () => expect(smoothCurve(wave.slice(0, 9), 0)).toEqual(wave.slice(0, 9)));

  it('leaves a level line level from its first point on, and passes over what is no number', () => {
    const level: Point[] = [
      [1, 3],
      [2, NaN],
      [3, 3],
    ];
    const smooth = smoothCurve(level, 0.9);
    expect(smooth.map(([x]) => x)).toEqual([1, 3]);
    for (const [, y] of smooth) expect(y).toBeCloseTo(3, 12);
  });
});
