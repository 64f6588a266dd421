// The home page as a person meets it: the demo offered and stopped, a small study planned, watched, opened, compared, exported, deleted.
import { cpSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { importFiles } from '../../src/main/api/datasets.ts';
import { importModel } from '../../src/main/api/models.ts';
import { pageTexts } from '../../src/main/api/text-losses.ts';
import { listEvaluations } from '../../src/main/db/evaluations.ts';
import { getRun } from '../../src/main/db/runs.ts';
import { listStudies, listStudyRuns } from '../../src/main/db/studies.ts';
import { BROWSER_MISSING, findAccessFaults, startWorkbench, type Workbench } from '../support/workbench.ts';

const RESOURCES = join(import.meta.dirname, '../../resources/demo');
const TALES = join(RESOURCES, 'text/world.txt');
/** A machine that is busy otherwise may take minutes for what takes seconds. */
const PATIENCE_MS = 180_000;

describe.skipIf(BROWSER_MISSING)('Studies', () => {
  let bench: Workbench;
  let page: Page;

  beforeAll(async () => {
    bench = await startWorkbench();
    page = await bench.open('studies');
    page.setDefaultTimeout(60_000);
  }, PATIENCE_MS);
  afterAll(async () => await bench[Symbol.asyncDispose]());

  const rowOf = (name: string) => page.getByRole('row').filter({ has: page.getByRole('rowheader', { name, exact: false }) });

  it(
    'offers the demo with one button, shows how far it is, and stops it for another day',
    async () => {
      await page.getByRole('heading', { name: 'No studies yet' }).waitFor();
      await expect.poll(() => page.getByText(/about .* on this machine/).isVisible()).toBe(true);
      await page.getByRole('button', { name: 'Run the demo study' }).click();
      const progress = page.getByRole('group', { name: 'Progress of demo' });
      await progress.getByText(/You can leave this page/).waitFor();
      await progress.getByText(/step 1 of \d+/).waitFor();
      // Its data are taken in, and its base is measured.
      await page.getByRole('button', { name: /^demo, boolq: [\d.]+ percent/ }).waitFor({ timeout: PATIENCE_MS });
      await progress.getByRole('button', { name: 'Stop' }).click();
      await page.getByText('This study is stopped.').waitFor({ timeout: PATIENCE_MS });
      expect(listStudies(bench.app.db)[0]?.state).toBe('stopped');
      await expect.poll(() => page.getByRole('button', { name: 'Resume' }).isEnabled()).toBe(true);
    },
    PATIENCE_MS,
  );

  it(
    'plans a study in three choices and shows its rows as they are measured',
    async () => {
      // A folder of its own: the one that comes with Tailor is in the records since the demo.
      const small = join(bench.dataFolder, 'small');
      cpSync(join(RESOURCES, 'model'), small, { recursive: true });
      await importModel(bench.app, small, { name: 'Small' });
      for (const name of ['piqa', 'winogrande']) await importFiles(bench.app, [join(RESOURCES, 'datasets', name)]);
      await importFiles(bench.app, [TALES]);
      await page.getByRole('link', { name: 'Plan a study' }).click();
      await page.getByRole('heading', { name: 'New study' }).waitFor();
      await page.getByLabel('Model').selectOption({ label: await optionOf(page, 'Small') });
      for (const box of await page.getByRole('group', { name: '2. Tasks' }).getByRole('checkbox').all()) await box.setChecked(false);
      await expect.poll(() => page.getByRole('button', { name: 'Start the study' }).isDisabled()).toBe(true);
      await expect.poll(() => page.getByText('Choose at least one task.').isVisible()).toBe(true);
      await page.getByRole('checkbox', { name: /^piqa/ }).check();
      await page.getByRole('checkbox', { name: /^winogrande/ }).check();
      await page.getByRole('checkbox', { name: /^world/ }).check();
      await page.getByRole('checkbox', { name: /^20/ }).uncheck();
      await page.getByText('Shots, steps and prompts').click();
      await page.getByLabel('Name').fill('<b>Small</b> & quick');
      await page.getByLabel('Shots a task').fill('4');
      await page.getByLabel('Tuning steps').fill('2');
      await page.getByLabel('Test items of each task').fill('12');
      await expect.poll(() => page.getByRole('checkbox', { name: /Check while tuning.*adds about/ }).isChecked()).toBe(true);
      await page
        .getByLabel('What it will do')
        .getByText(/^about .*MB$/)
        .last()
        .waitFor();
      await page
        .getByLabel('What it will do')
        .getByText(/about \d/)
        .first()
        .waitFor();
      expect(await findAccessFaults(page)).toEqual([]);
      await page.getByRole('button', { name: 'Start the study' }).click();

      await page.getByRole('heading', { name: '<b>Small</b> & quick' }).waitFor();
      await rowOf('Small base').getByRole('button').first().waitFor({ timeout: PATIENCE_MS });
      await page.getByText('measured in').waitFor({ timeout: PATIENCE_MS });
      await expect.poll(() => page.getByRole('table').first().getByRole('rowheader').count()).toBe(4);
      await expect.poll(() => rowOf('50 % cut, tuned').getByRole('button').count()).toBe(5); // two tasks, mean, kept, one text
      // The table is the records' own: a reload shows the same.
      const before = await page.getByRole('table').first().innerText();
      await page.reload();
      await page.getByText('measured in').waitFor();
      await expect.poll(() => page.getByRole('table').first().innerText()).toBe(before);
    },
    PATIENCE_MS,
  );

  it(
    'opens the examples behind a figure, with right and wrong apart',
    async () => {
      await rowOf('Small base').getByRole('button').first().click();
      const dialog = page.getByRole('dialog');
      await dialog.getByText('1 to 10 of 12').waitFor();
      const counts = await Promise.all(
        ['Right', 'Wrong'].map(async (name) => Number(/\d+/.exec(await dialog.getByRole('button', { name }).innerText())![0])),
      );
      expect(counts[0]! + counts[1]!).toBe(12);
      await dialog.getByRole('button', { name: 'Right' }).click();
      await dialog.getByText(`of ${counts[0]}`).waitFor();
      await expect.poll(() => dialog.getByRole('article').count()).toBe(Math.min(10, counts[0]!));
      await expect.poll(() => dialog.locator('.no').count()).toBe(0);
      expect(await findAccessFaults(page)).toEqual([]);
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'detached' });
      expect(new URL(page.url()).hash).not.toContain('task=');
    },
    PATIENCE_MS,
  );

  it(
    'opens the examples of all tasks behind a mean and a kept share, with a task to choose and its counts',
    async () => {
      await rowOf('50 % cut, tuned')
        .getByRole('button', { name: /kept of the base: .* percent/ })
        .focus();
      await page.keyboard.press('Enter');
      const dialog = page.getByRole('dialog', { name: /50.% cut, tuned: examples of all tasks/ });
      await dialog.getByText('1 to 10 of 24').waitFor();
      const options = await dialog.getByLabel('Task').getByRole('option').allInnerTexts();
      const counts = options.map((words) => [...words.matchAll(/\d+(?= right| wrong)/g)].map(([count]) => Number(count)));
      expect(options.map((words) => words.split(':')[0])).toEqual(['All tasks', 'PIQA', 'WinoGrande']);
      expect(counts.slice(1).map(([right, wrong]) => right! + wrong!)).toEqual([12, 12]);
      expect(counts[0]).toEqual([counts[1]![0]! + counts[2]![0]!, counts[1]![1]! + counts[2]![1]!]);
      await dialog.getByRole('button', { name: 'Next' }).click();
      await dialog.getByText('11 to 20 of 24').waitFor();
      // The page goes over from one task to the other.
      await expect.poll(() => dialog.getByRole('article').getByText('PIQA', { exact: true }).count()).toBe(2);
      await expect.poll(() => dialog.getByRole('article').getByText('WinoGrande', { exact: true }).count()).toBe(8);
      expect(await findAccessFaults(page)).toEqual([]);

      await dialog.getByLabel('Task').selectOption('winogrande');
      const one = page.getByRole('dialog', { name: /examples of winogrande/ });
      await one.getByText('1 to 10 of 12').waitFor();
      for (const [index, name] of ['Right', 'Wrong'].entries())
        expect(await one.getByRole('button', { name }).innerText()).toMatch(new RegExp(`\\b${counts[2]![index]}$`));
      expect(new URL(page.url()).hash).toContain('task=winogrande');
      await page.keyboard.press('Escape');
      await one.waitFor({ state: 'detached' });

      await rowOf('Small base')
        .getByRole('button', { name: /Small, mean: / })
        .click();
      await page.getByRole('dialog', { name: 'Small: examples of all tasks' }).getByText('1 to 10 of 24').waitFor();
      await page.keyboard.press('Escape');
    },
    PATIENCE_MS,
  );

  it(
    'opens the texts behind a perplexity, the worst first, each beside the base’s, in both themes',
    async () => {
      await rowOf('50 % cut, tuned')
        .getByRole('button', { name: /perplexity on world: / })
        .click();
      const dialog = page.getByRole('dialog', { name: /50.% cut, tuned: perplexity on world/ });
      await dialog.getByText(/^1 to \d+ of \d+$/).waitFor();
      const heads = await dialog.locator('article header').allInnerTexts();
      const perplexities = heads.map((words) => Number(/perplexity ([\d.,]+)/.exec(words)![1]!.replace(',', '')));
      expect(perplexities).toEqual([...perplexities].sort((a, b) => b - a));
      expect(heads.every((words) => /the base's [\d.,]+/.test(words))).toBe(true);
      const first = dialog.getByRole('article').first();
      expect(await first.innerText()).toMatch(/Block \d+\s+perplexity [\s\S]*127 tokens/);
      // Paragraphs of the text itself, those at its ends cut.
      const paragraphs = (await first.getByRole('paragraph').innerText()).replace('<s>', '').split(/\n+/);
      expect(paragraphs.filter((words) => !readFileSync(TALES, 'utf8').includes(words.trim()))).toEqual([]);
      // The losses of the pieces are what the figure is made of.
      const study = listStudies(bench.app.db)[0]!;
      const base = listStudyRuns(bench.app.db, study.id).find(({ role }) => role === 'evaluate/base')!;
      const evaluation = listEvaluations(bench.app.db, base.runId).find(({ setName }) => setName === 'world')!;
      const all = pageTexts(bench.app, evaluation.id, { offset: 0, limit: 100 });
      expect(all.texts.reduce((sum, { loss }) => sum + loss, 0)).toBeCloseTo(all.loss, 3);
      expect(all.texts.reduce((sum, { tokens }) => sum + tokens, 0)).toBe(all.tokens);

      await expect
        .poll(() => dialog.getByLabel('Adapter').getByRole('option').allInnerTexts())
        .toEqual(['tuned on PIQA', 'tuned on WinoGrande']);
      // The figure with the most digits: two adapters of few steps are much alike.
      const meanLoss = dialog.getByRole('definition').last();
      const before = await meanLoss.innerText();
      await dialog.getByLabel('Adapter').selectOption('tuned on WinoGrande');
      await expect.poll(() => meanLoss.innerText()).not.toBe(before);
      for (const colorScheme of ['dark', 'light'] as const) {
        await page.emulateMedia({ colorScheme });
        expect(await findAccessFaults(page)).toEqual([]);
      }
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'detached' });

      // What an earlier version measured has no losses by text, and says so.
      rmSync(join(getRun(bench.app.db, base.runId).folderPath, 'losses.jsonl'));
      await rowOf('Small base')
        .getByRole('button', { name: /perplexity on world: / })
        .click();
      await page.getByRole('dialog').getByText('Measured by an earlier version').waitFor();
      await page.keyboard.press('Escape');
    },
    PATIENCE_MS,
  );

  it(
    'shows each chart as a table too, saves the figures, and hands two checked rows to Compare',
    async () => {
      await page
        .getByRole('img', { name: /Held-out accuracy/ })
        .or(page.getByRole('group', { name: /Held-out accuracy/ }))
        .waitFor();
      await page.getByRole('button', { name: 'Accuracy against size as table' }).click();
      const figures = page.getByRole('region', { name: 'Accuracy against size, table' });
      await expect.poll(() => figures.getByRole('row').count()).toBe(4); // the head, base, cut, cut and tuned
      await page.getByRole('button', { name: 'Accuracy against size as table' }).click();
      const picture = page.waitForEvent('download');
      await page.getByRole('button', { name: 'Save Accuracy against size as PNG' }).click();
      const png = readFileSync(await (await picture).path());
      expect(png.toString('latin1', 1, 4)).toBe('PNG');
      // All of the chart, its axes and labels too, at twice its size.
      const box = await page
        .getByRole('group', { name: /Mean accuracy/ })
        .locator('.chart')
        .boundingBox();
      expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([Math.ceil(box!.width * 2), Math.ceil(box!.height * 2)]);

      const download = page.waitForEvent('download');
      await page.getByRole('button', { name: 'Export table' }).click();
      await page.getByRole('menuitem', { name: /CSV/ }).click();
      const lines = readFileSync(await (await download).path(), 'utf8')
        .trimEnd()
        .split('\r\n');
      expect(lines).toHaveLength(5);
      expect(lines[0]).toContain('piqa.acc,piqa.acc_norm,piqa.stderr');

      await page.getByRole('checkbox', { name: 'Select Small', exact: true }).check();
      await page.getByRole('checkbox', { name: /Select 50.% cut, tuned/ }).check();
      const link = page.getByRole('link', { name: 'Compare 2 selected' });
      const query = new URLSearchParams((await link.getAttribute('href'))!.split('?')[1]);
      expect(query.get('models')!.split(',')).toHaveLength(2);
      expect(query.get('rows')).toBe('base|50% cut, tuned');
      expect(query.get('study')).toBe(listStudies(bench.app.db)[0]!.id);
      await page.emulateMedia({ colorScheme: 'light' });
      expect(await findAccessFaults(page)).toEqual([]);
      await page.emulateMedia({ colorScheme: 'dark' });
      expect(await findAccessFaults(page)).toEqual([]);
    },
    PATIENCE_MS,
  );

  it(
    'every page, the palette and both themes keep to the content policy and leave the console empty',
    async () => {
      const page = await bench.open('studies');
      const said: string[] = [];
      page.on('console', (message) => {
        if (['error', 'warning'].includes(message.type())) said.push(`${new URL(page.url()).hash}: ${message.text()}`);
      });
      const main = page.getByRole('main');
      for (const place of ['studies/new', 'datasets', 'prompts', 'models', 'prune', 'runs', 'runs/new', 'compare', 'settings', 'studies']) {
        await page.evaluate(`location.hash = '${place}'`);
        await expect.poll(async () => (await main.innerText()).length).toBeGreaterThan(40);
        await page.waitForTimeout(300); // what the page asks main for comes after its first words
      }
      for (const place of ['models', 'studies/new', 'compare', 'studies', 'prune', 'studies', 'datasets']) {
        await page.evaluate(`location.hash = '${place}'`);
        await page.waitForTimeout(5); // left before it has read what it shows
      }
      for (const query of ['theme', 'small', 'prune']) {
        await page.keyboard.press('Control+k');
        await page.getByRole('combobox', { name: 'Command or name' }).fill(query);
        await page.keyboard.press('Escape');
      }
      await page.getByRole('button', { name: 'Light or dark' }).click();
      await page.getByRole('button', { name: 'Light or dark' }).click();
      expect(said).toEqual([]);
    },
    PATIENCE_MS,
  );

  it(
    'deletes a study with a way back',
    async () => {
      await page.getByRole('button', { name: 'Delete demo' }).click();
      await page.getByRole('link', { name: 'demo', exact: true }).waitFor({ state: 'detached' });
      await page.getByRole('button', { name: 'Undo' }).click();
      await page.getByRole('link', { name: 'demo', exact: true }).waitFor();
      expect(listStudies(bench.app.db)).toHaveLength(2);
      await page.getByRole('button', { name: 'Delete demo' }).click();
      await expect.poll(() => listStudies(bench.app.db).map(({ name }) => name), { timeout: 20_000 }).toEqual(['<b>Small</b> & quick']);
    },
    PATIENCE_MS,
  );
});

/** The whole label of the option that begins with these words. */
async function optionOf(page: Page, start: string): Promise<string> {
  const labels = await page.getByLabel('Model').getByRole('option').allInnerTexts();
  return labels.find((label) => label.startsWith(start))!;
}
