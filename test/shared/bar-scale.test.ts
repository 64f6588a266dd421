// Axes for log-likelihoods: round, around all values, up to zero where that hides nothing.
import { describe, expect, it } from 'vitest';
import { scaleBars } from '../../src/shared/bar-scale.ts';

describe('scaleBars', () => {
  it.each([
    { values: [-0.29, -0.73, -0.47], from: -0.8, to: 0 },
    { values: [-123.4, -125.1], from: -125.5, to: -123 },
    { values: [0, 0], from: -0.05, to: 0 },
  ])('$values lie between $from and $to', ({ values, from, to }) => {
    const [low, high] = scaleBars(values).domain();
    expect(low).toBeCloseTo(from);
    expect(high).toBeCloseTo(to);
  });

  it('leaves no value outside', () => {
    for (const values of [[-1], [-3, -1000], [-1e-9, -2e-9], [-51, -50, -49.9]]) {
      const scale = scaleBars(values);
      for (const value of values) expect(scale(value) >= 0 && scale(value) <= 100).toBe(true);
    }
  });
});
