// Curves: thinned without losing their shape, smoothed without a bias at the start, laid on round axes.
import { describe, expect, it } from 'vitest';
import { roundTicks, smoothCurve, thinCurve, type Point } from '../../src/shared/curves.ts';

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

describe('roundTicks', () => {
  it.each([
    [0, 1, 4, false, [0, 0.5, 1]],
    [0, 60, 4, false, [0, 20, 40, 60]],
    [0.31, 0.62, 3, false, [0.4, 0.6]],
    [0.1, 1, 4, true, [0.1, 0.2, 0.5, 1]],
    [1e-6, 1, 3, true, [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1]],
    [5, 5, 4, false, [5]],
    [47.5262517873, 47.5262517873 + 1e-12, 4, false, [47.5262517873]], // as smoothing leaves a single point
  ])('from %d to %d, about %d, log %s', (low, high, count, isLog, expected) => {
    const ticks = roundTicks(low, high, count, isLog);
    expect(ticks).toHaveLength(expected.length);
    ticks.forEach((tick, index) => expect(tick).toBeCloseTo(expected[index]!, 9));
  });
});
