// Two models are compared on what both were asked: the newest evaluation of each, on the same examples.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { compareModels } from '../../../src/main/api/compare.ts';
import type { App } from '../../../src/main/app.ts';
import { addEvaluation } from '../../../src/main/db/evaluations.ts';
import { addModel, type Model } from '../../../src/main/db/models.ts';
import { openDatabase } from '../../../src/main/db/open.ts';
import { createRun } from '../../../src/main/db/runs.ts';
import { recipe } from '../../../src/shared/recipe.ts';

const db = openDatabase(':memory:');
const app = { db } as App;
const folderPath = mkdtempSync(join(tmpdir(), 'tailor-compare-'));
writeFileSync(join(folderPath, 'set.jsonl'), '');
afterAll(() => rmSync(folderPath, { recursive: true }));

function model(name: string): Model {
  const facts = { hash: name, parameters: 1, sizeBytes: 1, config: {} };
  return addModel(db, { ...facts, name, kind: 'base', form: 'checkpoint', folderPath: `/models/${name}` });
}

/** An evaluation of the examples `split-0`, `split-1`, …, right where `right` says so. */
function evaluate(name: string, split: string, right: readonly boolean[]): void {
  const spec = recipe.parse({
    kind: 'evaluate',
    model: { checkpoint: `/models/${name}` },
    sets: [{ kind: 'choices', name: 'boolq', file: 'set.jsonl' }],
  });
  const runId = createRun(db, { recipe: spec, recipeHash: 'h', folderPath }).id;
  const picks = right.map((isRight) => Number(!isRight));
  const choices = picks.map((picked, index) => ({
    set: 'boolq',
    id: `${split}-${index}`,
    gold: 0,
    picked,
    pickedNorm: picked,
    logLikelihoods: [-1, -2],
  }));
  const figures = { acc: 0, accStderr: 0, accNorm: 0, accNormStderr: 0, truncated: 0 };
  const summary = { kind: 'choices' as const, name: 'boolq', items: right.length, ...figures };
  addEvaluation(db, { runId, modelHash: name, datasetHash: 'd', promptHash: 'p', summary }, { choices });
}

it('passes over a newer ranking of prompts, which asked the same data and prompt on another split', () => {
  const [before, after] = [model('before'), model('after')];
  evaluate('before', 'test', [false, true]);
  evaluate('before', 'test', [true, true]);
  evaluate('after', 'test', [true, false]);
  evaluate('before', 'validation', [true, false, true]);
  const [{ comparison } = { comparison: undefined }, ...more] = compareModels(app, before, after, { examples: 0 });
  expect(more).toEqual([]);
  expect(comparison).toMatchObject({ items: 2, before: 1, after: 0.5, flips: { rightWrong: ['test-1'], wrongRight: [] } });
});

it('says so when two models share no questions', () => {
  evaluate('alone', 'test', [true]);
  expect(() => compareModels(app, model('alone'), model('unasked'), { examples: 0 })).toThrow('not measured on the same data');
});
