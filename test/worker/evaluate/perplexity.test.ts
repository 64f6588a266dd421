// Perplexity in both forms agrees with the golden log-probabilities and with sums made by hand.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { evaluationSet } from '../../../src/shared/recipe.ts';
import type { TextOutcome } from '../../../src/shared/results.ts';
import type { OpenSubject } from '../../../src/worker/evaluate/open-subject.ts';
import { countWords, cutBlocks, measurePerplexity, type PerplexitySet } from '../../../src/worker/evaluate/perplexity.ts';
import { scoreTrees } from '../../../src/worker/evaluate/score-trees.ts';
import { hasStories, logProbsAlone, NEEDS_STORIES, openStories, readGolden, readStories } from '../../support/stories.ts';

const setOf = (settings: object): PerplexitySet =>
  evaluationSet.parse({ kind: 'perplexity', name: 'test', file: 'x', ...settings }) as PerplexitySet;

const total = (values: Float32Array): number => values.reduce((sum, value) => sum + value, 0);

describe('cutBlocks', () => {
  it.each([
    [
      7,
      3,
      [
        [0, 1, 2],
        [3, 4, 5],
      ],
    ],
    [
      6,
      3,
      [
        [0, 1, 2],
        [3, 4, 5],
      ],
    ],
    [2, 3, []],
  ])('cuts %i ids into whole blocks of %i', (count, length, expected) => {
    const ids = Int32Array.from({ length: count }, (_, i) => i);
    expect(cutBlocks(ids, length).map(({ context }) => [...context])).toEqual(expected);
  });
});

describe('countWords', () => {
  it.each([
    ['one two  three\nfour', 4],
    [' edges count as the harness counts them ', 9],
    ['', 1],
  ])('of %j is %i', (text, words) => expect(countWords(text)).toBe(words));
});

describe.skipIf(!hasStories)(`measurePerplexity on stories260K ${NEEDS_STORIES}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'perplexity-'));
  const path = join(folder, 'examples.jsonl');
  const told: TextOutcome[] = [];
  let stories: OpenSubject;
  beforeAll(async () => {
    stories = await openStories();
  });
  afterAll(async () => {
    await stories[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  async function measure(texts: readonly string[], settings: object) {
    writeFileSync(path, texts.map((text, id) => JSON.stringify({ id: String(id), text })).join('\n'));
    told.length = 0;
    return (await measurePerplexity(stories, setOf(settings), path, (outcome) => told.push(outcome))).summary;
  }

  it('blocks have the losses of golden.json, computed in float64 elsewhere', async () => {
    const { token_ids: rows, token_logprobs: expected, mean_loss: meanLoss } = readGolden();
    const length = rows[0]!.length;
    let loss = 0;
    for await (const { item, token, logProbs } of scoreTrees(stories.model, cutBlocks(Int32Array.from(rows.flat()), length))) {
      for (const [n, logProb] of logProbs.entries()) {
        expect(Math.abs(logProb - expected[item[n]!]![token[n]! - 1]!)).toBeLessThan(2e-4);
        loss -= logProb / (rows.length * (length - 1));
      }
    }
    expect(loss).toBeCloseTo(meanLoss, 5);
  });

  it('the blocks form joins, begins with one BOS, drops the tail, and predicts length - 1 tokens a block', async () => {
    const texts = readStories(2);
    const summary = await measure(texts, { form: 'blocks', length: 50, separator: ' ' });
    const ids = stories.tokenizer.encode(texts.join(' '), { bos: true });
    const blocks = Math.floor(ids.length / 50);
    let loss = 0;
    for (let block = 0; block < blocks; block++) {
      const own = -total(await logProbsAlone(stories, ids.slice(block * 50, (block + 1) * 50)));
      expect(told[block]).toMatchObject({ set: 'test', id: String(block + 1), tokens: 49 });
      expect(told[block]!.loss).toBeCloseTo(own, 3);
      expect(texts.join(' ')).toContain(told[block]!.text.replace('<s>', '').trim());
      loss += own;
    }
    expect(told).toHaveLength(blocks);
    expect(summary).toMatchObject({ form: 'blocks', length: 50, tokens: blocks * 49 });
    expect(summary.meanLoss).toBeCloseTo(loss / (blocks * 49), 5);
    expect(summary.tokenPerplexity).toBeCloseTo(Math.exp(summary.meanLoss), 9);
  });

  it('the rolling form sums over documents and divides by tokens, words and bytes', async () => {
    const texts = ['Once upon a time, there was a café.', 'Lily was happy.'];
    const summary = await measure(texts, { form: 'rolling' });
    let loss = 0;
    let tokens = 0;
    for (const [n, text] of texts.entries()) {
      const ids = stories.tokenizer.encode(text, { bos: true });
      const own = -total(await logProbsAlone(stories, ids));
      expect(told[n]).toMatchObject({ id: String(n), text, tokens: ids.length - 1 });
      expect(told[n]!.loss).toBeCloseTo(own, 3);
      loss += own;
      tokens += ids.length - 1;
    }
    const bytes = Buffer.byteLength(texts.join(''));
    expect(summary).toMatchObject({ form: 'rolling', documents: 2, tokens });
    if (summary.form !== 'rolling') return;
    expect(summary.meanLoss).toBeCloseTo(loss / tokens, 5);
    expect(Math.log(summary.wordPerplexity)).toBeCloseTo(loss / 11, 4);
    expect(Math.log(summary.bytePerplexity)).toBeCloseTo(loss / bytes, 5);
    expect(summary.bitsPerByte).toBeCloseTo(loss / bytes / Math.LN2, 5);
  });

  it('is near the reference figure for TinyStories, mean loss 1.351 over 80 stories', async () => {
    const summary = await measure(readStories(80), { form: 'rolling' });
    // The reference does not say which 80 stories it took; a story's own mean spreads by 0.2, so 80 of them by 0.02.
    expect(Math.abs(summary.meanLoss - 1.351)).toBeLessThan(0.03);
  });

  it.each([
    ['less text than a block', ['short'], { form: 'blocks', length: 128 }, 'bad-dataset'],
    ['blocks longer than the model takes', ['text'], { form: 'blocks', length: 1024 }, 'bad-recipe'],
    ['documents without text', [''], { form: 'rolling' }, 'bad-dataset'],
  ])('refuses %s', async (_, texts, settings, code) => {
    await expect(measure(texts, settings)).rejects.toMatchObject({ code });
  });
});
