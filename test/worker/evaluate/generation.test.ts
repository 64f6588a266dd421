// Generation says what the model would: greedy is fixed, sampling follows its seed, and text ends where it should.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { evaluationSet } from '../../../src/shared/recipe.ts';
import type { GenerationOutcome } from '../../../src/shared/results.ts';
import { generate, measureGeneration, type Generated, type GenerationSet } from '../../../src/worker/evaluate/generation.ts';
import type { OpenSubject } from '../../../src/worker/evaluate/open-subject.ts';
import { hasStories, NEEDS_STORIES, openStories } from '../../support/stories.ts';

/** How the model continues BOS greedily, by the reference figures beside it. */
const BEGINNING =
  'Once upon a time, there was a little girl named Lily. She loved to play outside in the park. One day, she saw a big, red ball.';

const setOf = (settings: object): GenerationSet =>
  evaluationSet.parse({ kind: 'generation', name: 'test', file: 'x', ...settings }) as GenerationSet;

describe.skipIf(!hasStories)(`generate on stories260K ${NEEDS_STORIES}`, () => {
  let stories: OpenSubject;
  beforeAll(async () => {
    stories = await openStories();
  });
  afterAll(() => stories[Symbol.asyncDispose]());

  async function run(prompt: string, settings: object, signal?: AbortSignal): Promise<Generated & { pieces: string[] }> {
    const pieces: string[] = [];
    const generation = generate(stories, prompt, setOf(settings), { signal });
    for (;;) {
      const { value, done } = await generation.next();
      if (done) return { ...value, pieces };
      pieces.push(value);
    }
  }

  it('greedy from nothing begins as the reference does, in pieces that add up', async () => {
    const { text, pieces, newTokens, ended } = await run('', { maxTokens: 70 });
    expect(text.startsWith(BEGINNING)).toBe(true);
    expect(pieces.join('')).toBe(text);
    expect(pieces.length).toBeGreaterThan(40);
    expect({ newTokens, ended }).toEqual({ newTokens: 70, ended: 'length' });
  });

  it('a prompt is continued as if it had been generated', async () => {
    const prompt = BEGINNING.slice(0, BEGINNING.indexOf(' She'));
    const { text } = await run(prompt, { maxTokens: 60 });
    expect((prompt + text).startsWith(BEGINNING)).toBe(true);
  });

  it('ends before a stop string, also one over several tokens, and gives no part of it', async () => {
    const { text, ended, pieces } = await run('', { maxTokens: 70, stop: ['One day, she'] });
    expect(text).toBe(BEGINNING.slice(0, BEGINNING.indexOf('One day')));
    expect(ended).toBe('stop');
    expect(pieces.join('')).toBe(text);
  });

  it('sampling is a function of the seed', async () => {
    const settings = { maxTokens: 30, temperature: 1, topK: 40, topP: 0.95 };
    const [first, again, other] = [
      await run('Tom', { ...settings, seed: 1 }),
      await run('Tom', { ...settings, seed: 1 }),
      await run('Tom', { ...settings, seed: 2 }),
    ];
    expect(again.text).toBe(first.text);
    expect(other.text).not.toBe(first.text);
  });

  it('a prompt that leaves too little room loses its beginning', async () => {
    const { promptTokens, newTokens } = await run('She was happy. '.repeat(200), { maxTokens: 12 });
    expect({ promptTokens, newTokens }).toEqual({ promptTokens: 500, newTokens: 12 });
    await expect(run('x', { maxTokens: 512 })).rejects.toMatchObject({ code: 'bad-input' });
  });

  it('stops when asked', async () => {
    const stop = new AbortController();
    const generation = generate(stories, '', setOf({}), { signal: stop.signal });
    await generation.next();
    stop.abort();
    await expect(generation.next()).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('measures every prompt against its references', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'generation-'));
    const path = join(folder, 'examples.jsonl');
    const prompt = BEGINNING.slice(0, -'big, red ball.'.length).trimEnd();
    const lines = [
      { id: 'right', prompt, references: ['small cat', 'Big red ball!'] },
      { id: 'half', prompt, references: ['big green ball'] },
    ];
    writeFileSync(path, lines.map((line) => JSON.stringify(line)).join('\n'));
    const outcomes: GenerationOutcome[] = [];
    const set = setOf({ maxTokens: 20, stop: ['.'] });
    const { summary } = await measureGeneration(stories, set, path, (outcome) => outcomes.push(outcome));
    expect(outcomes.map(({ id, text, exactMatch }) => ({ id, text, exactMatch }))).toEqual([
      { id: 'right', text: ' big, red ball', exactMatch: 1 },
      { id: 'half', text: ' big, red ball', exactMatch: 0 },
    ]);
    expect(summary).toMatchObject({ kind: 'generation', items: 2, exactMatch: 0.5, f1: (1 + 2 / 3) / 2, rougeL: (1 + 2 / 3) / 2 });
    rmSync(folder, { recursive: true });
  });
});
