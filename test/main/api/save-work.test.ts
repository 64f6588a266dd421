// What is at work, saved before sleep and before the end: with a real queue and worker.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { isAtWork, pauseWork, saveWork } from '../../../src/main/api/save-work.ts';
import { startStudy, studiesAtWork } from '../../../src/main/api/study-jobs.ts';
import type { App } from '../../../src/main/app.ts';
import { execute } from '../../../src/main/db/query.ts';
import { getRun, type Run } from '../../../src/main/db/runs.ts';
import { listStudies } from '../../../src/main/db/studies.ts';
import { studySettings } from '../../../src/shared/study/settings.ts';
import { admitCount, openCountingApp } from '../../fixtures/counting-app.ts';

const PATIENCE = { timeout: 20_000 };
let folder: string;
let app: App;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tailor-save-'));
  app = openCountingApp(folder);
  app.queue.work();
});
afterEach(() => {
  app[Symbol.dispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** A run that has come some way; `kind` is what the records take it for. */
async function begin(kind: 'evaluate' | 'tune'): Promise<Run> {
  const begun = Promise.withResolvers<undefined>();
  app.queue.listen(({ kind: what }) => what === 'progress' && begun.resolve(undefined));
  const run = admitCount(app, 'slow');
  execute(app.db, "UPDATE runs SET recipe_json = json_set(recipe_json, '$.kind', ?) WHERE id = ?", [kind, run.id]);
  await begun.promise;
  return run;
}

it('saves a tuning before sleep, and goes on with it after', async () => {
  const { id } = await begin('tune');
  const goOn = await pauseWork(app)!;
  expect([getRun(app.db, id).state, isAtWork(app), app.queue.isHeld]).toEqual(['interrupted', false, true]);
  goOn();
  await expect.poll(() => app.queue.runningId, PATIENCE).toBe(id);
  expect(app.queue.isWorking).toBe(true);
  expect((await app.queue.finish(id)).state).toBe('done');
});

it('saves a tuning of a held queue too, which goes on with it and takes no other', async () => {
  const { id } = await begin('tune');
  const other = admitCount(app, 'quickly', { id: 'b' });
  app.queue.hold();
  (await pauseWork(app)!)();
  expect((await app.queue.finish(id)).state).toBe('done');
  expect([app.queue.isHeld, getRun(app.db, other.id).state]).toEqual([true, 'queued']);
});

it('leaves what would have to begin anew to sleep as it is', async () => {
  const { id } = await begin('evaluate');
  expect(pauseWork(app)).toBeUndefined();
  expect(app.queue.runningId).toBe(id);
  await saveWork(app); // at the end of the program everything stops
  expect([getRun(app.db, id).state, isAtWork(app)]).toEqual(['interrupted', false]);
  expect(pauseWork(app)).toBeUndefined();
});

it('stops a study too, between two of its runs as well', async () => {
  startStudy(app, studySettings.parse({ model: join(folder, 'no-model'), tasks: [{ dataset: 'none' }] }));
  expect([isAtWork(app), app.queue.runningId]).toEqual([true, undefined]);
  await saveWork(app);
  expect([isAtWork(app), studiesAtWork(app)]).toEqual([false, []]);
  expect(listStudies(app.db)).toHaveLength(1);
});
