// Few-shot draws: the harness's plans as CPython drew them, and our own draw for training.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drawShots, planHarnessShots } from '../../../src/shared/prompt/few-shot.ts';

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const pairs = (plan: readonly { index: number; shots: readonly number[] }[]) => plan.map(({ index, shots }) => [index, shots]);

describe('planHarnessShots', () => {
  it('4d21ab6: shuffles the documents, then draws from a training set with the same generator', () => {
    const plan = planHarnessShots(range(4), range(30), { k: 2, sampling: '4d21ab6' });
    expect(pairs(plan)).toEqual([[2, [7, 4]], [1, [23, 3]], [3, [21, 23]], [0, [28, 17]]]); // prettier-ignore
  });

  it('4d21ab6: draws one more from the evaluated documents and drops the document itself', () => {
    const plan = planHarnessShots(range(4), undefined, { k: 2, sampling: '4d21ab6' });
    expect(pairs(plan)).toEqual([[2, [1, 0]], [1, [0, 2]], [3, [0, 2]], [0, [3, 2]]]); // prettier-ignore
  });

  it('v0.4: keeps the documents in order and draws anew for each', () => {
    expect(pairs(planHarnessShots(range(3), range(30), { k: 2, sampling: 'v0.4' }))).toEqual([[0, [24, 14]], [1, [3, 0]], [2, [2, 29]]]); // prettier-ignore
    const own = planHarnessShots(range(4), undefined, { k: 2, sampling: 'v0.4' });
    expect(pairs(own)).toEqual([[0, [3, 2]], [1, [0, 2]], [2, [0, 3]], [3, [1, 0]]]); // prettier-ignore
  });

  it('refuses a pool that is too small', () => {
    expect(() => planHarnessShots(range(3), undefined, { k: 3, sampling: 'v0.4' })).toThrow(
      /4 examples are to be drawn, but there are only 3/,
    );
  });
});

describe('drawShots', () => {
  const rows = range(300).map((id) => ({ id: String(id), label: id < 270 ? 'common' : 'rare' }));

  it('draws 50 different rows, the same at the same seed and others at another', () => {
    const drawn = drawShots(rows);
    expect(new Set(drawn).size).toBe(50);
    expect(drawShots(rows)).toEqual(drawn);
    expect(drawShots(rows, 50, 43)).not.toEqual(drawn);
  });

  it('draws as many of each class when balanced, as far as they last', () => {
    const rare = (k: number) => drawShots(rows, k, 1, { balanced: true }).filter((row) => row.label === 'rare').length;
    expect(rare(50)).toBe(25);
    expect(rare(100)).toBe(30);
    expect(drawShots(rows, 300, 1, { balanced: true })).toHaveLength(300);
  });

  it('balances over the right choice where rows have no label', () => {
    const items = range(100).map((id) => ({ id: String(id), gold: id % 10 === 0 ? 1 : 0 }));
    expect(drawShots(items, 20, 3, { balanced: true }).filter((row) => row.gold === 1)).toHaveLength(10);
  });

  it('grows: fewer shots are the beginning of more; classes differ by one at most while they last', () => {
    const labelled = fc.array(
      fc.constantFrom('a', 'b', 'c').map((label) => ({ label })),
      { minLength: 1, maxLength: 40 },
    );
    fc.assert(
      fc.property(labelled, fc.integer({ min: 0 }), fc.boolean(), fc.nat(), (items, seed, balanced, wanted) => {
        const k = wanted % (items.length + 1);
        const all = drawShots(items, items.length, seed, { balanced });
        const some = drawShots(items, k, seed, { balanced });
        expect(new Set(all)).toEqual(new Set(items));
        some.forEach((row, i) => expect(row).toBe(all[i]));
        if (!balanced) return;
        const count = (label: string, among: readonly { label: string }[]) => among.filter((row) => row.label === label).length;
        const most = Math.max(...['a', 'b', 'c'].map((label) => count(label, some)));
        for (const label of ['a', 'b', 'c']) expect(count(label, some)).toBeGreaterThanOrEqual(Math.min(most - 1, count(label, items)));
      }),
    );
  });

  it('refuses to draw more rows than there are', () => {
    expect(() => drawShots(rows, 301)).toThrow(/only 300 rows; ask for at most 300/);
  });
});
