// Packing: nothing is lost, nothing is seen that should not be, and little is wasted.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PackedBatch, PackedRows, TokenTree } from '../../../src/worker/text/pack.ts';
import { countCounted, packRows, packText, toBatches } from '../../../src/worker/text/pack.ts';

/** Token ids are unique over the whole test set, so that a token names its place of origin. */
function makeTrees(shapes: readonly { context: number; branches: readonly number[]; all: boolean }[]): TokenTree[] {
  let next = 1;
  const take = (count: number): Int32Array => Int32Array.from({ length: count }, () => next++);
  return shapes.map(({ context, branches, all }) => ({
    context: take(context),
    branches: branches.map(take),
    counts: all ? 'all' : 'branches',
  }));
}

const shapes = (longest: number) =>
  fc.array(
    fc.record({
      context: fc.integer({ min: 1, max: longest }),
      branches: fc.array(fc.integer({ min: 1, max: longest }), { maxLength: 5 }),
      all: fc.boolean(),
    }),
    { minLength: 1, maxLength: 40 },
  );

/** The tokens that place `at` sees, by the attention rule of Batch, in order of their positions. */
function seenFrom({ batch }: PackedBatch, at: number): number[] {
  const row = Math.floor(at / batch.tokens) * batch.tokens;
  const seen: number[] = [];
  for (let other = row; other <= at; other++) {
    const visible = batch.branch[other] === 0 || batch.branch[other] === batch.branch[at];
    if (batch.sequence[other] === batch.sequence[at] && visible) seen[batch.positions[other]!] = batch.ids[other]!;
  }
  return seen;
}

/** Every counted token's path as the model sees it, by item and branch: what precedes the token, and the token. */
function countedPaths(packed: PackedRows, maxTokens: number): Map<string, { seen: number[]; target: number }[]> {
  const paths = new Map<string, { seen: number[]; target: number }[]>();
  for (const part of toBatches(packed, maxTokens)) {
    for (const [n, at] of part.counted.at.entries()) {
      const key = `${part.item[n]}.${part.branch[n]}.${part.token[n]}`;
      const path = { seen: seenFrom(part, at), target: part.counted.targets[n]! };
      paths.set(key, [...(paths.get(key) ?? []), path]);
    }
  }
  return paths;
}

/** The paths that the trees ask for, nothing packed and nothing cut. */
function expectedPaths(trees: readonly TokenTree[]): Map<string, { seen: number[]; target: number }[]> {
  const paths = new Map<string, { seen: number[]; target: number }[]>();
  for (const [item, { context, branches, counts }] of trees.entries()) {
    if (counts === 'all') {
      for (let i = 1; i < context.length; i++) paths.set(`${item}.-1.${i}`, [{ seen: [...context.subarray(0, i)], target: context[i]! }]);
    }
    for (const [branch, ids] of branches.entries()) {
      for (const [i, target] of ids.entries()) paths.set(`${item}.${branch}.${i}`, [{ seen: [...context, ...ids.subarray(0, i)], target }]);
    }
  }
  return paths;
}

const asRecord = (paths: ReadonlyMap<string, unknown>) => Object.fromEntries([...paths].sort(([a], [b]) => (a < b ? -1 : 1)));

/** A text tree without branches counts nothing with `counts: 'branches'`; only trees that count are packed here. */
const counting = (list: readonly { context: number; branches: readonly number[]; all: boolean }[]) =>
  list.map((shape) => (shape.branches.length === 0 ? { ...shape, all: true } : shape));

describe('packing token trees', () => {
  it('predicts every counted token exactly once, from its own path alone', () => {
    fc.assert(
      fc.property(shapes(30), fc.integer({ min: 60, max: 200 }), fc.integer({ min: 1, max: 4 }), (list, limit, rowsPerBatch) => {
        const trees = makeTrees(counting(list));
        const packed = packRows(trees, limit);
        expect(packed.truncated).toEqual([]);
        expect(asRecord(countedPaths(packed, rowsPerBatch * packed.rowTokens))).toEqual(asRecord(expectedPaths(trees)));
      }),
      { numRuns: 60 },
    );
  });

  it('cuts a path that is too long from the left: the last limit tokens before the target are fed, as in the harness', () => {
    fc.assert(
      fc.property(shapes(60), fc.integer({ min: 2, max: 40 }), (list, limit) => {
        const trees = makeTrees(counting(list));
        const packed = packRows(trees, limit);
        const expected = expectedPaths(trees);
        const cut = new Set<number>();
        for (const [item, { context, branches }] of trees.entries()) {
          if (branches.length === 0 ? context.length > limit + 1 : branches.some((ids) => context.length + ids.length > limit + 1))
            cut.add(item);
        }
        expect(packed.truncated).toEqual([...cut]);
        for (const [key, paths] of countedPaths(packed, 1)) {
          expect(paths).toHaveLength(1);
          const { seen, target } = paths[0]!;
          const whole = expected.get(key)![0]!;
          expect(target).toBe(whole.target);
          expect(seen).toEqual(whole.seen.slice(whole.seen.length - seen.length));
          const [item, branch, token] = key.split('.').map(Number) as [number, number, number];
          if (!cut.has(item)) expect(seen).toEqual(whole.seen);
          // The last token of a continuation is predicted from everything that the window holds.
          const ids = trees[item]!.branches[branch];
          if (ids && token === ids.length - 1) expect(seen).toHaveLength(Math.min(limit, whole.seen.length));
        }
        // Every continuation's last token is still predicted.
        for (const [item, { branches }] of trees.entries()) {
          for (const [branch, ids] of branches.entries())
            expect(countedPaths(packed, 1).has(`${item}.${branch}.${ids.length - 1}`)).toBe(true);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('fills every batch to one shape and marks padding as seen by nobody', () => {
    const trees = makeTrees(Array.from({ length: 23 }, (_, i) => ({ context: 10 + (i % 7), branches: [3, 4], all: false })));
    const packed = packRows(trees, 64);
    const batches = [...toBatches(packed, 3 * 64)];
    expect(new Set(batches.map(({ batch }) => `${batch.rows}x${batch.tokens}`)).size).toBe(1);
    const { batch, placed } = batches.at(-1)!;
    expect(batch.sequence.filter((sequence) => sequence >= 0)).toHaveLength(placed);
    expect(batches.reduce((sum, { counted }) => sum + counted.at.length, 0)).toBe(countCounted(packed));
  });

  it('does not feed the last token of a path: one-token answers cost nothing beside their context', () => {
    const packed = packRows(makeTrees([{ context: 32, branches: [1, 1, 1, 1], all: false }]), 32);
    const [only] = [...toBatches(packed, 1000)];
    expect(only!.placed).toBe(32);
    expect([...only!.counted.at]).toEqual([31, 31, 31, 31]);
  });

  it('wastes little and stays fast on a hundred thousand items', () => {
    const trees = makeTrees(Array.from({ length: 100_000 }, (_, i) => ({ context: 5 + ((i * 7919) % 90), branches: [2], all: false })));
    const startedAt = performance.now();
    const packed = packRows(trees, 256);
    const elapsedMs = performance.now() - startedAt;
    const placed = trees.reduce((sum, { context }) => sum + context.length + 1, 0);
    expect(placed / (packed.rows.length * packed.rowTokens)).toBeGreaterThan(0.99);
    expect(elapsedMs).toBeLessThan(30_000); // a quadratic search would take minutes
  });

  it('gives the same rows for the same items, and shorter rows when all of it fits into one', () => {
    const trees = makeTrees([{ context: 20, branches: [2, 3], all: false }]);
    expect(packRows(trees, 512).rowTokens).toBe(32);
    expect(packRows(trees, 512)).toEqual(packRows(trees, 512));
  });
});

describe('packing plain text', () => {
  it('predicts every token of a document but the first, once, from that document alone, and fills every row but the last', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 30 }), (lengths) => {
        const documents = makeTrees(lengths.map((context) => ({ context, branches: [], all: true }))).map(({ context }) => context);
        const packed = packText(documents, 64);
        const paths = countedPaths(packed, 128);
        let predicted = 0;
        for (const [item, ids] of documents.entries()) {
          for (let i = 1; i < ids.length; i++, predicted++) {
            const [{ seen, target }, ...more] = paths.get(`${item}.-1.${i}`)! as [{ seen: number[]; target: number }, ...unknown[]];
            expect(more).toEqual([]);
            expect(target).toBe(ids[i]);
            expect(seen).toEqual([...ids.subarray(i - seen.length, i)]);
          }
        }
        expect(paths.size).toBe(predicted);
        expect(packed.rows.length).toBe(Math.max(1, Math.ceil(predicted / 64)));
      }),
      { numRuns: 60 },
    );
  });
});
