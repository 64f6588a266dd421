// Markers follow the cut and its tuning, and never stand for two variants.
import { describe, expect, it } from 'vitest';
import { assignMarks } from '../../src/shared/variant-marks.ts';

const base = { cut: undefined, tuned: false };

describe('assignMarks', () => {
  it('gives the base the filled disc, and a cut one shape, hollow until it is tuned', () => {
    const marks = assignMarks([base, { cut: 'a', tuned: false }, { cut: 'a', tuned: true }, { cut: 'b', tuned: true }]);
    expect(marks).toEqual([
      { slot: 0, hollow: false },
      { slot: 1, hollow: true },
      { slot: 1, hollow: false },
      { slot: 2, hollow: false },
    ]);
  });

  it('tells apart what would look alike', () => {
    const twice = { cut: 'a', tuned: true };
    const marks = assignMarks([base, { cut: undefined, tuned: true }, twice, twice]);
    expect(new Set(marks.map(({ slot, hollow }) => `${slot} ${hollow}`)).size).toBe(4);
  });
});
