// Wordings by hash: what a model learnt against what it is asked by, worked examples aside.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { importFiles } from '../../../src/main/api/datasets.ts';
import { planEvaluation, planTuning } from '../../../src/main/api/plan-runs.ts';
import { describeRun } from '../../../src/main/api/run-details.ts';
import { submitRun } from '../../../src/main/api/runs.ts';
import { listLearnt } from '../../../src/main/api/wordings.ts';
import type { App } from '../../../src/main/app.ts';
import { addModel } from '../../../src/main/db/models.ts';
import { moveRun } from '../../../src/main/db/runs.ts';
import { wordingHash } from '../../../src/shared/prompt/prompt-spec.ts';
import { BENCHMARK_TASKS } from '../../../src/shared/tasks/benchmarks.ts';
import { openCountingApp } from '../../fixtures/counting-app.ts';

let folder: string;
let app: App;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tailor-wordings-'));
  app = openCountingApp(folder);
  app.queue.hold();
});
afterEach(() => {
  app[Symbol.dispose]();
  rmSync(folder, { recursive: true, force: true });
});

it('tells an evaluation that asks otherwise than the model learnt, but not one that only shows worked examples', async () => {
  const facts = { parameters: 10, sizeBytes: 40, config: {} };
  const base = addModel(app.db, { ...facts, name: 'base', kind: 'base', form: 'checkpoint', folderPath: folder, hash: 'base' });
  const dataset = await importFiles(app, [join(import.meta.dirname, '../../../resources/demo/datasets/piqa')]);
  const task = BENCHMARK_TASKS.piqa;
  const [standard, other] = task.prompts;
  const run = await submitRun(
    app,
    planTuning(app, base, { dataset, task, prompt: standard!, split: 'train' }, { name: 'tuned', shots: 2, tune: { steps: 1 } }),
  );
  moveRun(app.db, run.id, 'running');
  moveRun(app.db, run.id, 'done');
  const folderPath = join(run.folderPath, 'adapter');
  const tuned = addModel(app.db, {
    ...{ ...facts, name: 'tuned', kind: 'tuned', form: 'adapter', parentId: base.id, runId: run.id, folderPath, hash: 'tuned' },
  });
  const [learnt] = listLearnt(app, tuned.id);
  expect(learnt).toMatchObject({ task: 'piqa', name: standard!.name, hash: wordingHash(standard!) });
  expect(listLearnt(app, base.id)).toEqual([]);

  const shown = { ...standard!, shots: { kind: 'drawn' as const, k: 1, sampling: 'v0.4' as const } };
  const sets = [standard!, shown, other!].map((prompt, index) => ({
    ...{ kind: 'choices' as const, name: `set ${index}`, dataset, task, prompt, split: 'test', limit: 2 },
  }));
  const asked = describeRun(app, (await submitRun(app, planEvaluation(app, tuned, sets))).id);
  expect(Object.values(asked.asked).map(({ name }) => name)).toEqual([standard!.name, standard!.name, other!.name]);
  expect(asked.mismatches.map(({ set, asked: by }) => [set, by.name])).toEqual([['set 2', other!.name]]);
  expect(describeRun(app, (await submitRun(app, planEvaluation(app, base, sets))).id).mismatches).toEqual([]);
});
