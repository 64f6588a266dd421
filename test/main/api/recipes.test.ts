// Recipes as files: a study's goes out and comes in as the same study, a card says what of a model is here, other files are refused.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeCard } from '../../../src/main/api/export-model.ts';
import { importModel } from '../../../src/main/api/models.ts';
import { importFiles } from '../../../src/main/api/datasets.ts';
import { openRecipe, writeRecipe } from '../../../src/main/api/recipes.ts';
import { parseStudySettings } from '../../../src/main/api/study-settings.ts';
import { makeDrop } from '../../../src/main/api/uploads.ts';
import { createApp, type App } from '../../../src/main/app.ts';
import { createStudy } from '../../../src/main/db/studies.ts';
import type { Model } from '../../../src/main/db/models.ts';
import { spawnWorker } from '../../../src/main/node/spawn-worker.ts';
import { temporaryFolder } from '../../worker/weights/tiny-checkpoint.ts';

const RESOURCES = join(import.meta.dirname, '../../../resources');
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let app: App;
let model: Model;

beforeAll(async () => {
  folder = await temporaryFolder();
  app = createApp({
    dataFolder: join(folder.path, 'data'),
    resourcesFolder: RESOURCES,
    now: () => new Date(),
    log: () => undefined,
    spawnWorker: () => spawnWorker(() => undefined),
  });
  model = await importModel(app, join(RESOURCES, 'demo/model'), { name: 'tiny' });
});
afterAll(async () => {
  app[Symbol.dispose]();
  await folder[Symbol.asyncDispose]();
});

function save(name: string, content: unknown): string {
  const path = join(makeDrop(app, crypto.randomUUID()), name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

it('a study’s recipe names models and data as the records do, and asks for the same study when it comes in', async () => {
  const boolq = await importFiles(app, [join(RESOURCES, 'demo/datasets/boolq')]);
  const settings = parseStudySettings({ name: 'my / study', model: model.id, tasks: [{ dataset: boolq.id }], ratios: [0.2] }, 'here');
  const { name, text } = writeRecipe(app, createStudy(app.db, { name: settings.name, settings }).id);
  expect(name).toBe('my-study.tailor');
  expect(text).not.toContain(model.id);
  expect(openRecipe(app, save(name, text))).toMatchObject({
    kind: 'study',
    name: 'my / study',
    model: 'tiny',
    tasks: [boolq.name],
    ratios: [0.2],
    lacking: [],
  });
});

it('a recipe says which models and data are not here', () => {
  const path = save('far.tailor', { model: 'nowhere', tasks: [{ dataset: 'mine' }] });
  expect(openRecipe(app, path)).toMatchObject({ kind: 'study', lacking: ['nowhere', 'mine'] });
});

it('the card of a model comes in again with the model that has its bytes', () => {
  const path = save('tiny.recipe.json', makeCard(app, model));
  expect(openRecipe(app, path)).toMatchObject({ kind: 'card', name: 'tiny', steps: [{ name: 'tiny', kind: 'base', modelId: model.id }] });
});

it('what is no recipe is refused by what is wrong with it', () => {
  expect(() => openRecipe(app, save('null.tailor', 'null'))).toThrow(/null\.tailor is no recipe of Tailor/);
  expect(() => openRecipe(app, save('half.tailor', '{"a"'))).toThrow(/half\.tailor is no recipe: it is not JSON/);
  expect(() => openRecipe(app, save('large.tailor', ' '.repeat(5 * 2 ** 20)))).toThrow(/large\.tailor is too large/);
});

it('files beside a recipe do not come with it from a browser, but lie there where it is read from its own folder', () => {
  const settings = { model: './tiny', tasks: [{ dataset: './rows' }] };
  expect(() => openRecipe(app, save('near.tailor', settings))).toThrow(/names “tiny” by a path from its own folder/);
  for (const beside of ['rows', 'tiny']) mkdirSync(join(folder.path, beside));
  writeFileSync(join(folder.path, 'near.tailor'), JSON.stringify(settings));
  expect(openRecipe(app, join(folder.path, 'near.tailor'))).toMatchObject({ kind: 'study', lacking: [] });
});
