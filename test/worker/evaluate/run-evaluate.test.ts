// An evaluation run goes on where it stopped and leaves the same outcomes as one that was never interrupted.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { recipe, type EvaluateRecipe } from '../../../src/shared/recipe.ts';
import { runEvaluate } from '../../../src/worker/evaluate/run-evaluate.ts';
import { hasStories, NEEDS_STORIES, STORIES_FOLDER } from '../../support/stories.ts';

const parent = mkdtempSync(join(tmpdir(), 'run-evaluate-'));
afterAll(() => rmSync(parent, { recursive: true }));

const lines = (values: readonly object[]): string => values.map((value) => JSON.stringify(value)).join('\n');
const choiceLines = (count: number): string =>
  lines(
    Array.from({ length: count }, (_, i) => ({
      id: `q${i}`,
      choices: [' red.', ' big and happy.'].map((continuation) => ({ context: `Tom had ${i} balls. The ball was`, continuation })),
      gold: i % 2,
      lengths: [4, 14],
    })),
  );

const SETS = [
  { kind: 'choices', name: 'first', file: 'first.jsonl' },
  { kind: 'generation', name: 'text', file: 'prompts.jsonl', maxTokens: 5 },
  { kind: 'choices', name: 'second', file: 'second.jsonl' },
  { kind: 'perplexity', name: 'loss', file: 'texts.jsonl', form: 'rolling' },
];

function makeFolder(name: string): string {
  const folder = mkdtempSync(join(parent, name));
  writeFileSync(join(folder, 'first.jsonl'), choiceLines(6));
  writeFileSync(join(folder, 'second.jsonl'), choiceLines(150));
  writeFileSync(join(folder, 'prompts.jsonl'), lines([{ id: 'p', prompt: 'Once', references: ['upon a time'] }]));
  writeFileSync(join(folder, 'texts.jsonl'), lines([{ id: 't', text: 'Once upon a time.' }]));
  return folder;
}

function makeRecipe(sets: readonly object[], model: object = {}): EvaluateRecipe {
  const machine = { device: 'cpu', threads: 1 };
  return recipe.parse({ kind: 'evaluate', model: { checkpoint: STORIES_FOLDER, ...model }, sets, machine }) as EvaluateRecipe;
}

const outcomesOf = (folder: string): string[] =>
  ['choices.jsonl', 'generations.jsonl', 'losses.jsonl'].map((name) => readFileSync(join(folder, name), 'utf8'));

describe.skipIf(!hasStories)(`runEvaluate on stories260K ${NEEDS_STORIES}`, () => {
  it('interrupted inside a set and run again = uninterrupted, without computing finished sets anew', async () => {
    const whole = makeFolder('whole');
    const expected = await runEvaluate(whole, makeRecipe(SETS));
    expect(expected.sets.map(({ name }) => name)).toEqual(['first', 'text', 'second', 'loss']);
    expect(expected.cost.tokens).toBeGreaterThan(0);
    expect(readFileSync(join(whole, 'choices.jsonl'), 'utf8').trim().split('\n')).toHaveLength(156);

    const cut = makeFolder('cut');
    const stop = new AbortController();
    const progress = ({ phase, done }: { phase: string; done: number }): void => {
      if (phase === 'second' && done > 0) stop.abort();
    };
    await expect(runEvaluate(cut, makeRecipe(SETS), { signal: stop.signal, progress })).rejects.toMatchObject({ code: 'cancelled' });
    writeFileSync(join(cut, 'choices.jsonl'), '{"half a li', { flag: 'a' }); // as a kill in the middle of writing leaves it
    const phases = new Set<string>();
    const result = await runEvaluate(cut, makeRecipe(SETS), { progress: ({ phase }) => phases.add(phase) });
    expect([...phases]).toEqual(['second', 'loss']);
    expect(result.sets).toEqual(expected.sets);
    expect(result.cost.tokens).toBe(expected.cost.tokens);
    expect(outcomesOf(cut)).toEqual(outcomesOf(whole));
  });

  it.each<[string, readonly object[], object, string]>([
    ['two sets of one name', [SETS[0]!, SETS[0]!], {}, 'bad-recipe'],
    ['a file that is not there', [{ ...SETS[0], file: 'none.jsonl' }], {}, 'not-found'],
    ['a model that was changed', [SETS[0]!], { hash: 'another' }, 'bad-model'],
  ])('refuses %s', async (_, sets, model, code) => {
    await expect(runEvaluate(makeFolder('bad'), makeRecipe(sets, model))).rejects.toMatchObject({ code });
  });
});
