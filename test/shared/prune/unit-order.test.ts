// Orders and sums that a map is drawn from, and the share of importance that a cut takes away.
import { describe, expect, it } from 'vitest';
import { removedImportance, sortedScores, unitRanks } from '../../../src/shared/prune/unit-order.ts';
import type { UnitScores } from '../../../src/shared/prune/unit-scores.ts';

const units: UnitScores = {
  layers: [
    { kvGroups: Float64Array.of(1, 5), ffn: Float64Array.of(2, 9, 3) },
    { kvGroups: Float64Array.of(10, 10), ffn: Float64Array.of(0, 30, 30) },
  ],
  layer: Float64Array.of(20, 80),
  hidden: Float64Array.of(6, 1, 3),
};
const whole = [
  { kvHeads: 2, ffn: 3 },
  { kvHeads: 2, ffn: 3 },
];

describe('the importance that a cut removes', () => {
  it('is nothing where all stays, and all where all goes', () => {
    expect(removedImportance(units, whole, undefined)).toEqual({ total: 0, layers: [0, 0] });
    const none = { kvHeads: 0, ffn: 0 };
    expect(removedImportance(units, [none, none], undefined)).toEqual({ total: 1, layers: [1, 1] });
  });

  it('is the lowest scores of each layer, as a share of its own and of all', () => {
    const cut = [{ kvHeads: 1, ffn: 1 }, whole[1]!];
    expect(removedImportance(units, cut, undefined)).toEqual({ total: (1 + 2 + 3) / 100, layers: [6 / 20, 0] });
  });

  it('is that of hidden channels where these go', () => {
    expect(removedImportance(units, whole, 2)).toEqual({ total: 0.1, layers: [] });
    expect(removedImportance({ ...units, hidden: undefined }, whole, 2)).toBeUndefined();
    expect(removedImportance({ ...units, hidden: Float64Array.of(-4, -2) }, whole, 1)).toBeUndefined(); // logarithms of products
  });

  it('is not given where the scores add up to nothing', () => {
    const zero = { ...units, layers: [{ kvGroups: Float64Array.of(0), ffn: Float64Array.of(0) }] };
    expect(removedImportance(zero, [{ kvHeads: 1, ffn: 1 }], undefined)).toBeUndefined();
  });
});

it('orders are worked out once for the same scores', () => {
  expect([...sortedScores(units).ffn[0]!]).toEqual([9, 3, 2]);
  expect([...unitRanks(units).ffn[0]!]).toEqual([2, 0, 1]);
  expect(sortedScores(units)).toBe(sortedScores(units));
});
