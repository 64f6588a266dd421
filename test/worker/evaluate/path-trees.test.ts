// Trees of choices: every choice's path is whole, scored where it should be, and computed together as far as it is equal.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commonBeginning, shareBeginnings, type EncodedPair } from '../../../src/worker/evaluate/path-trees.ts';

const pair = (context: number[], continuation: number[]): EncodedPair => ({ context, continuation });

describe('shareBeginnings', () => {
  it.each<[string, EncodedPair[], { context: number[]; branches: number[][]; skips: number[] }[]]>([
    ['one context', [pair([1, 2], [3]), pair([1, 2], [4, 5])], [{ context: [1, 2], branches: [[3], [4, 5]], skips: [0, 0] }]],
    ['a context is shared no further than where the first choice is scored', [pair([1, 2], [3, 4]), pair([1, 2], [3, 5])], [{ context: [1, 2], branches: [[3, 4], [3, 5]], skips: [0, 0] }]], // prettier-ignore
    ['contexts that part (WinoGrande)', [pair([1, 2, 7], [9]), pair([1, 2, 8, 8], [9])], [{ context: [1, 2], branches: [[7, 9], [8, 8, 9]], skips: [1, 2] }]], // prettier-ignore
    [
      'one context a beginning of the other',
      [pair([1, 2], [3]), pair([1, 2, 3], [4])],
      [{ context: [1, 2], branches: [[3], [3, 4]], skips: [0, 1] }],
    ],
    ['no common beginning', [pair([1], [3]), pair([2], [3])], [{ context: [1], branches: [[3]], skips: [0] }, { context: [2], branches: [[3]], skips: [0] }]], // prettier-ignore
  ])('%s', (_, pairs, expected) => {
    const { trees, owners } = shareBeginnings([pairs]);
    const found = trees.map(({ context, branches }, tree) => ({
      context: [...context],
      branches: branches.map((ids) => [...ids]),
      skips: owners[tree]!.skips,
    }));
    expect(found).toEqual(expected);
  });

  it('keeps every path and the place where its scoring begins', () => {
    const ids = fc.array(fc.nat({ max: 2 }), { maxLength: 6 });
    const pairs = fc.record({ context: ids.filter((context) => context.length > 0), continuation: ids });
    fc.assert(
      fc.property(fc.array(fc.array(pairs, { minLength: 2, maxLength: 4 }), { maxLength: 4 }), (questions) => {
        const { trees, owners } = shareBeginnings(questions);
        const rebuilt = questions.map((choices) => choices.map(() => pair([], [])));
        for (const [tree, { context, branches }] of trees.entries()) {
          const { question, choices, skips } = owners[tree]!;
          expect(context.length).toBeGreaterThan(0);
          for (const [b, branch] of branches.entries()) {
            rebuilt[question]![choices[b]!] = pair([...context, ...branch.subarray(0, skips[b])], [...branch.subarray(skips[b])]);
          }
        }
        expect(rebuilt).toEqual(questions);
      }),
    );
  });
});

describe('commonBeginning', () => {
  it.each([
    [
      [
        [1, 2, 3],
        [1, 2, 4],
      ],
      9,
      2,
    ],
    [
      [
        [1, 2, 3],
        [1, 2, 3],
      ],
      2,
      2,
    ],
    [
      [
        [1, 2],
        [1, 2, 3],
      ],
      9,
      2,
    ],
    [[[], [1]], 9, 0],
    [[[5, 6]], 9, 2],
  ])('of %j, at most %i, is %i', (paths, most, expected) => {
    expect(commonBeginning(paths, most)).toBe(expected);
  });
});
