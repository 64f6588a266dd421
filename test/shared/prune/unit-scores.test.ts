// How scores per member and channel become one number per unit.
import { describe, expect, it } from 'vitest';
import { randomUnitScores, unitScores } from '../../../src/shared/prune/unit-scores.ts';
import type { Scores } from '../../../src/shared/scores.ts';
import { llama } from './configs.ts';

const config = llama({ D: 2, E: 2, V: 4, L: 1, H: 4, K: 2, F: 3 });
const f32 = (...values: number[]): Float32Array => Float32Array.from(values);
const scores: Scores = {
  criterion: 'param_first',
  layers: [
    {
      attention: [f32(1, 2, 3, 4), f32(2, 2, 2, 2), f32(0.5, 1, 0, 4), f32(1, 3, 5, 1)],
      ffn: [f32(1, 2, 0), f32(4, 2, 9), f32(0.5, 8, 3)],
    },
  ],
  hidden: [f32(2, 3), f32(5, 1)],
};

describe('unit scores', () => {
  // Per channel: attention sums 4.5 8 10 11, maxima 2 3 5 4, products 1 12 0 32; a KV group is two channels.
  it.each([
    { reduction: 'sum', kvGroups: [12.5, 21], ffn: [5.5, 12, 12], hidden: [7, 4] },
    { reduction: 'mean', kvGroups: [12.5 / 4, 21 / 4], ffn: [5.5 / 3, 4, 4], hidden: [3.5, 2] },
    { reduction: 'max', kvGroups: [5, 9], ffn: [4, 8, 9], hidden: [5, 3] },
    { reduction: 'prod', kvGroups: [13, 32], ffn: [2, 32, 0], hidden: [Math.log(10), Math.log(3)] },
  ] as const)('$reduction over the members of each channel, then summed over a KV group', ({ reduction, ...expected }) => {
    const units = unitScores(config, scores, reduction);
    for (const [found, wanted] of [
      [units.layers[0]!.kvGroups, expected.kvGroups],
      [units.layers[0]!.ffn, expected.ffn],
      [units.hidden!, expected.hidden],
    ] as const) {
      expect(found).toHaveLength(wanted.length);
      for (const [i, value] of wanted.entries()) expect(found[i]).toBeCloseTo(value, 5);
    }
    expect([...units.layer]).toEqual([33.5 + 29.5]);
  });

  it('ranks a hidden channel with a zero score lowest under a product, without underflow', () => {
    const many = Array.from({ length: 300 }, () => f32(1e-5, 2e-5));
    const { hidden } = unitScores(config, { ...scores, hidden: many }, 'prod');
    expect(hidden![0]).toBeLessThan(hidden![1]!);
    const withZero = unitScores(config, { ...scores, hidden: [...many, f32(1, 0)] }, 'prod').hidden!;
    expect(withZero[1]).toBeLessThan(withZero[0]!);
    expect(Number.isFinite(withZero[1])).toBe(true);
  });

  it.each([
    { name: 'too few layers', broken: { ...scores, layers: [] }, message: /0 layers, the model has 1/ },
    {
      name: 'another width',
      broken: { ...scores, layers: [{ ...scores.layers[0]!, ffn: [f32(1)] }] },
      message: /layer 0 FFN have 1 channels, the model has 3/,
    },
    {
      name: 'a NaN',
      broken: { ...scores, layers: [{ ...scores.layers[0]!, ffn: [f32(1, NaN, 2)] }] },
      message: /layer 0 FFN, channel 1, is NaN/,
    },
    { name: 'a NaN in a hidden product', broken: { ...scores, hidden: [f32(NaN, 1)] }, message: /hidden axis, channel 0, is NaN/ },
  ])('refuses scores with $name', ({ broken, message }) => {
    expect(() => unitScores(config, broken, 'prod')).toThrow(message);
  });

  it('draws random scores from the seed alone', () => {
    const wide = llama({ D: 8, E: 4, V: 4, L: 2, H: 4, K: 2, F: 50 });
    expect(randomUnitScores(wide, 7)).toEqual(randomUnitScores(wide, 7));
    expect(randomUnitScores(wide, 7).layers[0]!.ffn).not.toEqual(randomUnitScores(wide, 8).layers[0]!.ffn);
    expect(randomUnitScores(wide, 7).layers[0]!.ffn).not.toEqual(randomUnitScores(wide, 7).layers[1]!.ffn);
  });
});
