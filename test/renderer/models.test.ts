// Models as a person meets them: add the demo's, see the lineage, rename, export every way, delete with undo, and keep the base's files.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { importFiles } from '../../src/main/api/datasets.ts';
import { planPruning, planTuning } from '../../src/main/api/plan-runs.ts';
import { listCandidates } from '../../src/main/api/prompts.ts';
import { carryOut } from '../../src/main/api/runs.ts';
import { addModel, deleteModel, listModels, renameModel } from '../../src/main/db/models.ts';
import { listRuns } from '../../src/main/db/runs.ts';
import { chooseSettings } from '../../src/shared/recipe.ts';
import { BENCHMARK_TASKS } from '../../src/shared/tasks/benchmarks.ts';
import { BROWSER_MISSING, findAccessFaults, startWorkbench, type Workbench } from '../support/workbench.ts';

const DEMO = join(import.meta.dirname, '../../resources/demo');
const cpu = { device: 'cpu' } as const;

describe.skipIf(BROWSER_MISSING)('the models page', { timeout: 180_000 }, () => {
  let workbench: Workbench;
  let page: Page;
  beforeAll(async () => {
    workbench = await startWorkbench();
    page = await workbench.open('models');
  }, 60_000);
  afterAll(() => workbench[Symbol.asyncDispose]());

  const named = (name: string) => listModels(workbench.app.db).find((model) => model.name === name)!;
  /** Waits until the page has the model itself, not the plan of it. */
  const isMade = (name: string) => node(name).getByText(' left, ').waitFor();
  const node = (name: string) => page.getByRole('group', { name: /Lineage/ }).getByTitle(name, { exact: true });

  it('teaches when there is nothing, and takes the demo model in', async () => {
    await expect.poll(() => page.getByRole('heading', { name: 'No models yet' }).isVisible()).toBe(true);
    await page.getByRole('button', { name: 'Add the demo model' }).click();
    await page.getByRole('heading', { name: 'demo' }).waitFor();
    expect(named('demo')).toMatchObject({ kind: 'base', folderPath: join(DEMO, 'model') });
    const pane = page.getByRole('complementary', { name: 'The chosen model' });
    await expect.poll(() => pane.getByText(named('demo').parameters.toLocaleString('en')).isVisible()).toBe(true);
    await expect.poll(() => pane.getByText(join(DEMO, 'model')).isVisible()).toBe(true);
    expect(page.url()).toContain(named('demo').id);
  });

  it('says what is wrong with a folder that is no model, and takes one that is', async () => {
    await page.getByRole('button', { name: 'Add model', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: 'Add a model' });
    await dialog
      .getByText(/Hugging Face cache at|passed over|revision/)
      .first()
      .waitFor();
    await dialog.getByLabel('A folder of the machine that Tailor runs on').fill('/no/such/folder');
    await dialog.getByRole('button', { name: 'Add', exact: true }).click();
    await expect.poll(() => dialog.getByRole('alert').textContent()).toContain('There is no file or folder');
    await dialog.getByLabel('A folder of the machine that Tailor runs on').fill(join(DEMO, 'text'));
    await dialog.getByRole('button', { name: 'Add', exact: true }).click();
    const error = page.getByRole('alert');
    await expect.poll(() => error.textContent()).toContain('config.json');
    await error.getByRole('button', { name: 'Dismiss' }).click();
    expect(listModels(workbench.app.db)).toHaveLength(1);
  });

  it('shows cuts and tunings as they come, with what each is', async () => {
    const { app } = workbench;
    const texts = await importFiles(app, [join(DEMO, 'text/calibration.jsonl')]);
    const cut = planPruning(
      app,
      named('demo'),
      { dataset: texts, split: 'train' },
      {
        name: 'cut 25',
        criterion: 'l2',
        choose: chooseSettings.parse({ target: { kind: 'ratio', ratio: 0.25 }, ranking: 'global' }),
        calibration: { samples: 1, length: 16 },
        machine: cpu,
      },
    );
    await carryOut(app, cut);
    await isMade('cut 25');
    const boolq = await importFiles(app, [join(DEMO, 'datasets/boolq')]);
    const task = BENCHMARK_TASKS.boolq;
    const prompt = listCandidates(app, task)[0]!;
    const tuning = planTuning(
      app,
      named('cut 25'),
      { dataset: boolq, task, prompt, split: 'train' },
      { name: 'cut 25 tuned', shots: 2, tune: { steps: 1, batch: 2, lora: { rank: 2 }, machine: cpu } },
    );
    await carryOut(app, tuning);
    await isMade('cut 25 tuned');

    await node('demo').focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    await expect.poll(() => page.url()).toContain(named('cut 25 tuned').id);
    const pane = page.getByRole('complementary', { name: 'The chosen model' });
    await pane.getByText('LoRA, rank 2', { exact: false }).waitFor();
    const tuned = pane.getByRole('link', { name: 'Tune again with a change' });
    await expect.poll(() => tuned.getAttribute('href')).toBe(`#runs/new?from=${named('cut 25 tuned').runId}`);
    await page.keyboard.press('ArrowLeft');
    await pane.getByText('L2', { exact: true }).waitFor();
    const run = pane.getByRole('link', { name: /Open its run/ });
    await expect.poll(() => run.getAttribute('href')).toBe(`#runs/${named('cut 25').runId}`);
    const again = await pane.getByRole('link', { name: 'Cut again with a change' }).getAttribute('href');
    expect(again).toMatch(new RegExp(`^#prune\\?model=${named('demo').id}&by=l2&.*at=25`));
    await expect.poll(() => pane.getByRole('link', { name: 'Prune' }).getAttribute('href')).toBe(`#prune?model=${named('cut 25').id}`);
    await page.reload();
    await pane.getByRole('heading', { name: 'cut 25' }).waitFor();
  });

  it('has a list that tells the same', async () => {
    await page.getByRole('link', { name: 'List' }).click();
    const rows = page.getByRole('region', { name: 'List of models' }).getByRole('row');
    await expect.poll(() => rows.count()).toBe(4);
    await expect.poll(() => rows.nth(2).textContent()).toMatch(/cut 25\s*Cut\s*demo/);
    expect(await findAccessFaults(page)).toEqual([]);
    await page.getByRole('link', { name: 'Graph' }).click();
  });

  it('exports a folder, an adapter, a merged checkpoint, a GGUF file and a recipe card, and says why others are not possible', async () => {
    const exports = join(workbench.dataFolder, 'exports');
    const ask = async (model: string, form: string): Promise<void> => {
      await node(model).click();
      await page.getByRole('heading', { name: model, exact: true }).waitFor();
      await page.getByRole('button', { name: 'Export', exact: true }).click();
      await page.getByRole('menuitem', { name: new RegExp(`^${form}`) }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Export' }).click();
      await page.getByRole('dialog').waitFor({ state: 'detached' });
    };
    await ask('cut 25', 'Hugging Face folder');
    await page.getByText(join(exports, 'cut-25'), { exact: true }).waitFor();
    const weights = 'model.safetensors';
    expect(readFileSync(join(exports, 'cut-25', weights)).equals(readFileSync(join(named('cut 25').folderPath, weights)))).toBe(true);

    await ask('cut 25 tuned', 'PEFT adapter');
    await page.getByText(join(exports, 'cut-25-tuned-adapter'), { exact: true }).waitFor();
    expect(readdirSync(join(exports, 'cut-25-tuned-adapter')).sort()).toEqual([
      'README.md',
      'adapter_config.json',
      'adapter_model.safetensors',
    ]);

    await ask('cut 25 tuned', 'Merged checkpoint');
    await page.getByText(join(exports, 'cut-25-tuned-merged'), { exact: true }).waitFor();
    expect(statSync(join(exports, 'cut-25-tuned-merged', weights)).size).toBe(statSync(join(exports, 'cut-25', weights)).size);

    await ask('cut 25 tuned', 'GGUF');
    await page.getByText(join(exports, 'cut-25-tuned.gguf'), { exact: true }).waitFor();
    expect(readFileSync(join(exports, 'cut-25-tuned.gguf'), 'latin1')).toMatch(/^GGUF/);
    expect(readFileSync(join(exports, 'cut-25-tuned.Modelfile'), 'utf8')).toContain('FROM ./cut-25-tuned.gguf');

    await ask('cut 25 tuned', 'Recipe card');
    await page.getByText(join(exports, 'cut-25-tuned.recipe.json'), { exact: true }).waitFor();
    const text = readFileSync(join(exports, 'cut-25-tuned.recipe.json'), 'utf8');
    expect(text).not.toContain(workbench.dataFolder);
    const card = JSON.parse(text) as { steps: { name: string; hash: string; recipe?: { model: { checkpoint: string } } }[] };
    expect(card.steps.map(({ name }) => name)).toEqual(['demo', 'cut 25', 'cut 25 tuned']);
    expect(card.steps[2]!.recipe!.model.checkpoint).toBe(`sha256:${named('cut 25').hash}`);

    await page.getByRole('button', { name: 'Export', exact: true }).click();
    const impossible = page.getByRole('menuitem', { name: 'For plain transformers' });
    await expect.poll(() => impossible.getAttribute('aria-disabled')).toBe('true');
    await expect.poll(() => impossible.textContent()).toContain('Not possible: the layers differ in width');
    await page.keyboard.press('Escape');
    for (let left = 5; left > 0; left--) await page.getByRole('button', { name: 'Dismiss' }).first().click();
  });

  it('renames', async () => {
    await page.getByRole('button', { name: 'More about this model' }).click();
    await page.getByRole('menuitem', { name: 'Rename' }).click();
    await page.getByLabel('Name of the model').fill('<b>tuned</b>');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: '<b>tuned</b>' }).waitFor();
    expect(named('<b>tuned</b>').kind).toBe('tuned');
  });

  it('finds no fault in either theme', async () => {
    expect(await findAccessFaults(page)).toEqual([]);
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await findAccessFaults(page)).toEqual([]);
    await page.emulateMedia({ colorScheme: 'light' });
  });

  it('folds five adapters of one parent into one node, which opens by keyboard and for the one that is chosen', async () => {
    const { app } = workbench;
    const base = named('demo');
    const adapters = ['a', 'b', 'c', 'd', 'e'].map((letter) =>
      addModel(app.db, { ...base, name: `demo-${letter}`, kind: 'tuned', form: 'adapter', parentId: base.id, hash: letter.repeat(64) }),
    );
    app.events.tell({ kind: 'changed', table: 'models', id: base.id });
    const head = page.getByRole('button', { name: /^5 adapters/ });
    const member = page.getByRole('button', { name: 'c', exact: true });
    await head.waitFor();
    expect([await head.getAttribute('aria-expanded'), await node('demo-c').count()]).toEqual(['false', 0]);
    await head.focus();
    await page.keyboard.press('Enter');
    for (let line = 0; line < 3; line++) await page.keyboard.press('ArrowDown');
    await expect.poll(() => page.url()).toContain(adapters[2]!.id);
    await expect.poll(() => member.getAttribute('aria-pressed')).toBe('true');
    expect(await findAccessFaults(page)).toEqual([]);
    await head.click();
    await expect.poll(() => member.count()).toBe(0);
    await expect.poll(() => head.textContent()).toContain('chosen: c');

    await page.reload();
    await member.waitFor();
    await page.getByRole('link', { name: 'List' }).click();
    await expect.poll(() => page.getByRole('link', { name: 'c', exact: true }).getAttribute('aria-current')).toBe('true');
    expect(await findAccessFaults(page)).toEqual([]);
    await head.click();
    await expect.poll(() => page.getByRole('link', { name: 'c', exact: true }).count()).toBe(0);
    await page.getByRole('link', { name: 'Graph' }).click();
    for (const { id } of adapters) deleteModel(app.db, id);
    app.events.tell({ kind: 'changed', table: 'models', id: base.id });
    await head.waitFor({ state: 'detached' });
  });

  it('does not blank the question of a deletion when models change meanwhile', async () => {
    const { db, events } = workbench.app;
    let asked = 0;
    page.on('websocket', (socket) =>
      socket.on('framesent', ({ payload }) => (asked += Number(String(payload).includes('models/deletion')))),
    );
    await page.reload();
    await node('cut 25').click();
    await page.getByRole('button', { name: 'More about this model' }).click();
    await page.getByRole('menuitem', { name: 'Delete' }).click();
    await page.getByRole('dialog', { name: 'Delete “cut 25”?' }).getByText('come free').waitFor();
    for (const name of ['cut', 'cut 25']) {
      renameModel(db, listModels(db).find(({ kind }) => kind === 'pruned')!.id, name);
      events.tell({ kind: 'changed', table: 'models', id: 'renamed' });
      await page.getByRole('dialog', { name: `Delete “${name}”?` }).waitFor();
    }
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    expect(asked).toBe(1);
  });

  it('says what depends on a model, takes a deletion back, and deletes records and files but never the base’s own', async () => {
    const { folderPath, runId } = named('cut 25');
    const askToDelete = async () => {
      await node('cut 25').click();
      await page.getByRole('heading', { name: 'cut 25', exact: true }).waitFor();
      await page.getByRole('button', { name: 'More about this model' }).click();
      await page.getByRole('menuitem', { name: 'Delete' }).click();
      return page.getByRole('dialog', { name: 'Delete “cut 25”?' });
    };
    const dialog = await askToDelete();
    await dialog.getByRole('listitem').getByText('<b>tuned</b>').waitFor();
    await expect.poll(() => dialog.textContent()).toMatch(/2 runs .* [\d.]+\sMB come free/s);
    await dialog.getByRole('button', { name: 'Delete' }).click();
    await expect.poll(() => node('cut 25').count()).toBe(0);
    await page.getByRole('button', { name: 'Undo' }).click();
    await node('cut 25').waitFor();
    await page.getByRole('heading', { name: 'cut 25', exact: true }).waitFor(); // it is chosen again
    expect(listModels(workbench.app.db)).toHaveLength(3);

    await (await askToDelete()).getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('status').getByRole('button', { name: 'Dismiss' }).click();
    await expect.poll(() => listModels(workbench.app.db).map(({ name }) => name)).toEqual(['demo']);
    expect(listRuns(workbench.app.db)).toEqual([]);
    await expect.poll(() => existsSync(folderPath)).toBe(false);
    expect(existsSync(join(workbench.app.runsFolder, runId!))).toBe(false);

    await page.getByRole('heading', { name: 'demo' }).waitFor();
    await page.getByRole('button', { name: 'More about this model' }).click();
    await page.getByRole('menuitem', { name: 'Delete' }).click();
    const last = page.getByRole('dialog', { name: 'Delete “demo”?' });
    await last.getByText('is yours and stays as it is', { exact: false }).waitFor();
    await last.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('status').getByRole('button', { name: 'Dismiss' }).click();
    await page.getByRole('heading', { name: 'No models yet' }).waitFor();
    await expect.poll(() => listModels(workbench.app.db)).toEqual([]);
    expect(existsSync(join(DEMO, 'model', 'model.safetensors'))).toBe(true);
  });
});
