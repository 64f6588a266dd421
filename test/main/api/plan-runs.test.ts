// Plans of runs: short questions become texts that a calibration window fits in, and every model that is read is named.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { importFiles } from '../../../src/main/api/datasets.ts';
import { deleteModelWithFiles, describeDeletion } from '../../../src/main/api/delete-model.ts';
import { joinNeighbours, planEvaluation, planPruning, planScores, planTuning } from '../../../src/main/api/plan-runs.ts';
import { describeRun } from '../../../src/main/api/run-details.ts';
import { carryOut, submitRun } from '../../../src/main/api/runs.ts';
import type { App } from '../../../src/main/app.ts';
import { deleteDatasetInSteps, listDatasets, type Dataset } from '../../../src/main/db/datasets.ts';
import { addModel, listModels, type Model } from '../../../src/main/db/models.ts';
import { listRunInputs, listRuns, moveRun } from '../../../src/main/db/runs.ts';
import { inTurns } from '../../../src/main/db/turns.ts';
import { chooseSettings } from '../../../src/shared/recipe.ts';
import { BENCHMARK_TASKS } from '../../../src/shared/tasks/benchmarks.ts';
import { openCountingApp } from '../../fixtures/counting-app.ts';

let folder: string;
let app: App;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tailor-plans-'));
  app = openCountingApp(folder);
  app.queue.hold();
});
afterEach(() => {
  app[Symbol.dispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** A plan that takes many turns to write, and its dataset. */
async function planLarge(): Promise<{ plan: ReturnType<typeof planEvaluation>; dataset: Dataset }> {
  const shared = { folderPath: join(folder, 'model'), hash: 'model', parameters: 1000, sizeBytes: 4000, config: {} };
  const model = addModel(app.db, { ...shared, name: 'model', kind: 'base', form: 'checkpoint' });
  const file = join(folder, 'test.jsonl');
  writeFileSync(file, Array.from({ length: 30_000 }, (_, i) => JSON.stringify({ text: `text ${i} ${'word '.repeat(30)}` })).join('\n'));
  const dataset = await importFiles(app, [file]);
  return { dataset, plan: planEvaluation(app, model, [{ kind: 'perplexity', name: 'texts', dataset, split: 'test' }]) };
}

const question = fc.record({ id: fc.string(), text: fc.string({ minLength: 1, maxLength: 40 }) });

it('lets each question be followed by its neighbours until a window fits, the last by the first', () => {
  const questions = ['one?', 'two?', 'three?'].map((text, index) => ({ id: `q${index}`, text }));
  expect(joinNeighbours(questions, 10)).toEqual([
    { id: 'q0', text: 'one?\n\ntwo?' },
    { id: 'q1', text: 'two?\n\nthree?' },
    { id: 'q2', text: 'three?\n\none?' },
  ]);
});

it('keeps every question as one beginning, and joins none that is long enough', () => {
  fc.assert(
    fc.property(fc.array(question, { maxLength: 20 }), fc.nat(200), (questions, characters) => {
      const joined = joinNeighbours(questions, characters);
      expect(joined.map(({ id }) => id)).toEqual(questions.map(({ id }) => id));
      const all = questions.reduce((sum, { text }) => sum + text.length + 2, -2);
      joined.forEach(({ text }, index) => {
        expect(text.startsWith(questions[index]!.text)).toBe(true);
        expect(text.length).toBeGreaterThanOrEqual(Math.min(characters, all));
        if (questions[index]!.text.length >= characters) expect(text).toBe(questions[index]!.text);
      });
    }),
  );
});

it('names the teacher among what a tuning reads, after the student, and the teacher does not go while what it taught stays', async () => {
  const make = (name: string): Model =>
    addModel(app.db, {
      ...{
        name,
        kind: 'base',
        form: 'checkpoint',
        folderPath: join(folder, name),
        hash: name,
        parameters: 1000,
        sizeBytes: 4000,
        config: {},
      },
    });
  const [teacher, student] = [make('teacher'), make('student')]; // the older one has the smaller id
  const dataset = await importFiles(app, [join(import.meta.dirname, '../../../resources/demo/datasets/piqa')]);
  const task = BENCHMARK_TASKS.piqa;
  const plan = planTuning(
    app,
    student,
    { dataset, task, prompt: task.prompts[0]!, split: 'train' },
    {
      ...{ name: 'taught', shots: 2, distill: { teacher }, tune: { steps: 1 } },
    },
  );
  const run = await submitRun(app, plan);
  expect(listRunInputs(app.db, run.id).models).toEqual([student.id, teacher.id]);
  expect(describeRun(app, run.id).inputs.models.map(({ name }) => name)).toEqual(['student', 'teacher']);

  moveRun(app.db, run.id, 'running');
  moveRun(app.db, run.id, 'done');
  addModel(app.db, {
    ...{
      name: 'taught',
      kind: 'tuned',
      form: 'adapter',
      parentId: student.id,
      runId: run.id,
      folderPath: join(run.folderPath, 'adapter'),
    },
    ...{ hash: 'taught', parameters: 10, sizeBytes: 40, config: {} },
  });
  expect((await describeDeletion(app, teacher.id)).blocked).toBe(
    '“taught” learnt from it as its teacher. Delete “taught” first, and this model can go.',
  );
  await expect(deleteModelWithFiles(app, teacher.id)).rejects.toThrow('learnt from it');
  await deleteModelWithFiles(app, student.id); // what it taught goes with the student
  await deleteModelWithFiles(app, teacher.id);
  expect(listModels(app.db)).toEqual([]);
});

it('plans a run on a large dataset in short turns, between which the window is answered', async () => {
  const { plan } = await planLarge();
  let turns = 0;
  const answer = setInterval(() => turns++, 1);
  const run = await submitRun(app, plan);
  clearInterval(answer);
  expect(turns).toBeGreaterThan(5);
  const lines = readFileSync(join(run.folderPath, 'set-0.jsonl'), 'utf8').trimEnd().split('\n');
  expect([lines.length, JSON.parse(lines[29_999]!)]).toEqual([30_000, { id: 'test-29999', text: `text 29999 ${'word '.repeat(30)}` }]);
});

it('makes no run of data that are deleted while it is planned, and starts again after', async () => {
  const { plan, dataset } = await planLarge();
  const planned = submitRun(app, plan);
  await new Promise((resolve) => setImmediate(resolve));
  const gone = inTurns(deleteDatasetInSteps(app.db, dataset.id));
  await expect(planned).rejects.toMatchObject({ code: 'not-found' });
  await gone;
  expect([listRuns(app.db), readdirSync(app.runsFolder)]).toEqual([[], []]);
  app[Symbol.dispose]();
  app = openCountingApp(folder);
  expect(listDatasets(app.db)).toEqual([]);
});

it('leaves nothing of a plan that is called off while it is written, nor of one that a crash cut off', async () => {
  const { plan } = await planLarge();
  const controller = new AbortController();
  const planned = carryOut(app, plan, { signal: controller.signal });
  await new Promise((resolve) => setImmediate(resolve));
  expect(readdirSync(app.runsFolder)).toHaveLength(1);
  controller.abort();
  await expect(planned).rejects.toMatchObject({ code: 'cancelled' });
  expect(readdirSync(app.runsFolder)).toEqual([]);
  mkdirSync(join(app.runsFolder, '.staged-abc'));
  app[Symbol.dispose]();
  app = openCountingApp(folder);
  expect(readdirSync(app.runsFolder)).toEqual([]);
});

it('makes one run of a cut by the same scores, whether their texts are at hand or not, and cuts no adapter', async () => {
  const shared = { folderPath: join(folder, 'model'), hash: 'model', parameters: 1000, sizeBytes: 4000, config: {} };
  const model = addModel(app.db, { ...shared, name: 'model', kind: 'base', form: 'checkpoint' });
  const adapter = addModel(app.db, { ...shared, name: 'tuned', kind: 'tuned', form: 'adapter', parentId: model.id });
  const dataset = await importFiles(app, [join(import.meta.dirname, '../../../resources/demo/text/calibration.jsonl')]);
  const texts = { dataset, split: 'train' };
  const scores = join(folder, 'scores.safetensors');
  writeFileSync(scores, 'scores');
  const choose = chooseSettings.parse({ target: { kind: 'parameters', fraction: 0.2 } });
  const settings = { name: 'cut', criterion: 'l2', choose, scores, calibration: { samples: 2 } } as const;

  const run = await submitRun(app, planPruning(app, model, texts, settings));
  expect((await submitRun(app, planPruning(app, model, undefined, settings))).id).toBe(run.id);
  expect(listRunInputs(app.db, run.id).datasets).toEqual([dataset.id]);

  const refusal = 'tuned is an adapter, which has nothing of its own to cut. Merge it into its base first.';
  expect(() => planPruning(app, adapter, texts, settings)).toThrow(refusal);
  expect(() => planScores(app, adapter, texts, { criteria: ['l2'] })).toThrow(refusal);
});
