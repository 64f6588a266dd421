// The laws of sharing: packed scores are those of every path run by itself, whatever is shared and wherever a row ends.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../../src/shared/random.ts';
import type { OpenSubject } from '../../../src/worker/evaluate/open-subject.ts';
import { scoreTrees, type ScoreOptions } from '../../../src/worker/evaluate/score-trees.ts';
import type { TokenTree } from '../../../src/worker/text/pack.ts';
import { hasStories, logProbsAlone, NEEDS_STORIES, openStories, runCommon } from '../../support/stories.ts';

/** Rounding of float32 sums in another order, on log-probabilities of size 1 to 10. */
const SAME = 2e-4;

const random = new RandomStream(3, 'trees');
const draw = (length: number): Int32Array => Int32Array.from({ length }, () => 3 + random.integer(500));

/** Trees of all sorts: short and long, plain texts, one branch and several, and one larger than a row as a whole. */
function drawTrees(beginning: Int32Array): TokenTree[] {
  const trees: TokenTree[] = Array.from({ length: 25 }, () => ({
    context: Int32Array.from([...beginning, ...draw(1 + random.integer(50))]),
    branches: Array.from({ length: 1 + random.integer(4) }, () => draw(1 + random.integer(12))),
    counts: 'branches',
  }));
  trees.push({ context: Int32Array.from([...beginning, ...draw(90)]), branches: [], counts: 'all' });
  trees.push({
    context: Int32Array.from([...beginning, ...draw(60)]),
    branches: Array.from({ length: 6 }, () => draw(30)),
    counts: 'branches',
  });
  return trees;
}

describe.skipIf(!hasStories)(`scoreTrees on stories260K ${NEEDS_STORIES}`, () => {
  let stories: OpenSubject;
  beforeAll(async () => {
    stories = await openStories();
  });
  afterAll(() => stories[Symbol.asyncDispose]());

  /** Log-probabilities by "tree.branch.token". */
  async function score(trees: readonly TokenTree[], options?: ScoreOptions): Promise<Map<string, number>> {
    const found = new Map<string, number>();
    for await (const { item, branch, token, logProbs } of scoreTrees(stories.model, trees, options)) {
      for (const [n, logProb] of logProbs.entries()) {
        const key = `${item[n]}.${branch[n]}.${token[n]}`;
        expect(found.has(key)).toBe(false);
        found.set(key, logProb);
      }
    }
    return found;
  }

  /** The same, each path by itself; paths that feed more than `limit` tokens lose their beginning. */
  async function scoreAlone(trees: readonly TokenTree[], limit: number): Promise<Map<string, number>> {
    const found = new Map<string, number>();
    for (const [item, { context, branches, counts }] of trees.entries()) {
      for (const [branch, ids] of branches.length > 0 ? branches.entries() : [[-1, new Int32Array()] as const]) {
        const path = [...context, ...ids].slice(-limit - 1);
        const cut = context.length + ids.length - path.length;
        const logProbs = await logProbsAlone(stories, path);
        for (const [n, logProb] of logProbs.entries()) {
          const at = cut + n + 1 - context.length;
          if (branch === -1 && counts === 'all') found.set(`${item}.-1.${cut + n + 1}`, logProb);
          else if (at >= 0) found.set(`${item}.${branch}.${at}`, logProb);
        }
      }
    }
    return found;
  }

  function expectSame(found: ReadonlyMap<string, number>, expected: ReadonlyMap<string, number>): void {
    expect([...found.keys()].sort()).toEqual([...expected.keys()].sort());
    for (const [key, value] of expected) expect(Math.abs(found.get(key)! - value), key).toBeLessThan(SAME);
  }

  it('packed = separate', async () => {
    const trees = drawTrees(Int32Array.of(1));
    expectSame(await score(trees), await scoreAlone(trees, 512));
  });

  it('paths beyond the limit are cut from the left, each by itself, and named', async () => {
    const trees = drawTrees(Int32Array.of(1));
    expectSame(await score(trees, { limit: 40 }), await scoreAlone(trees, 40));
    const named: number[] = [];
    for await (const { truncated } of scoreTrees(stories.model, trees, { limit: 40 })) named.push(...truncated);
    const longest = ({ context, branches }: TokenTree): number => context.length + Math.max(0, ...branches.map(({ length }) => length)) - 1;
    expect(named.sort((a, b) => a - b)).toEqual([...trees.keys()].filter((item) => longest(trees[item]!) > 40));
  });

  it('a common beginning that was run once = the whole paths, also for trees that do not begin with it or would be cut', async () => {
    const beginning = draw(30);
    const trees = [...drawTrees(beginning), ...drawTrees(Int32Array.of(1)).slice(0, 5)];
    const common = await runCommon(stories, beginning);
    expectSame(await score(trees, { common }), await scoreAlone(trees, 512));
    expectSame(await score(trees, { common, limit: 70 }), await scoreAlone(trees, 70));
    common.prefix[Symbol.dispose]();
  });

  it('leaves out what is not wanted', async () => {
    const trees = drawTrees(Int32Array.of(1)).slice(0, 4);
    const all = await score(trees);
    const some = await score(trees, { isScored: (_item, _branch, token) => token >= 2 });
    expectSame(some, new Map([...all].filter(([key]) => Number(key.split('.')[2]) >= 2)));
  });

  it('stops before the next batch when asked', async () => {
    const stop = new AbortController();
    const scores = scoreTrees(stories.model, drawTrees(Int32Array.of(1)), { signal: stop.signal });
    expect((await scores.next()).done).toBe(false);
    stop.abort();
    await expect(scores.next()).rejects.toMatchObject({ code: 'cancelled' });
  });
});
