// Axes for log-likelihoods: round, around all values, up to zero where that hides nothing.
import { describe, expect, it } from 'vitest';
import { niceStep, scaleBars } from '../../src/shared/bar-scale.ts';

describe('scaleBars', () => {
  it.each([
    { values: [-0.29, -0.73, -0.47], from: -0.8, to: 0 },
    { values: [-123.4, -125.1], from: -125.5, to: -123 },
    { values: [0, 0], from: -0.5, to: 0 },
  ])('$values lie between $from and $to', ({ values, from, to }) => {
    const scale = scaleBars(values);
    expect(scale.from).toBeCloseTo(from);
    expect(scale.to).toBeCloseTo(to);
  });

  it('leaves no value outside', () => {
    for (const values of [[-1], [-3, -1000], [-1e-9, -2e-9], [-51, -50, -49.9]]) {
      const { from, to } = scaleBars(values);
      for (const value of values) expect(value >= from && value <= to).toBe(true);
    }
  });
});

describe('niceStep', () => {
  it.each([
    [0.3, 0.5],
    [1, 1],
    [1.2, 2],
    [7, 10],
  ])('at least %d is %d', (least, step) => expect(niceStep(least)).toBeCloseTo(step));
});
