// Rolling windows score every token once, in order, with the context that the harness gives it.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rollingWindows } from '../../../src/worker/evaluate/rolling-windows.ts';

const BOS = -1;
const windows = (count: number, length: number): [number[], number[]][] =>
  rollingWindows(
    Int32Array.from({ length: count }, (_, i) => i),
    BOS,
    length,
  ).map(({ context, branches }) => [[...context], [...branches[0]!]]);

describe('rollingWindows', () => {
  it.each<[number, number, [number[], number[]][]]>([
    [0, 4, []],
    [1, 4, [[[BOS], [0]]]],
    [4, 4, [[[BOS], [0, 1, 2, 3]]]],
    [
      8,
      4,
      [
        [[BOS], [0, 1, 2, 3]],
        [[3], [4, 5, 6, 7]],
      ],
    ],
    [
      10,
      4,
      [
        [[BOS], [0, 1, 2, 3]],
        [[3], [4, 5, 6, 7]],
        [
          [5, 6, 7],
          [8, 9],
        ],
      ],
    ],
  ])('%i tokens in windows of %i', (count, length, expected) => {
    expect(windows(count, length)).toEqual(expected);
  });

  it('scores each token once and feeds at most a window', () => {
    fc.assert(
      fc.property(fc.nat({ max: 60 }), fc.integer({ min: 1, max: 12 }), (count, length) => {
        const all = windows(count, length);
        expect(all.flatMap(([, scored]) => scored)).toEqual(Array.from({ length: count }, (_, i) => i));
        for (const [context, scored] of all) expect(context.length + scored.length - 1).toBeLessThanOrEqual(length);
      }),
    );
  });
});
