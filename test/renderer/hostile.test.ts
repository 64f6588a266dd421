// The workbench treated badly in a browser: HTML for every name and value, a folder of far too many files, two windows, a window that goes, a page that fails.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, existsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { importModel } from '../../src/main/api/models.ts';
import { stopStudy } from '../../src/main/api/study-jobs.ts';
import { listDatasets } from '../../src/main/db/datasets.ts';
import { listStudies } from '../../src/main/db/studies.ts';
import { BROWSER_MISSING, startWorkbench, type Workbench } from '../support/workbench.ts';

const RESOURCES = join(import.meta.dirname, '../../resources/demo');
const HTML = '<img src=x onerror="document.title=1"><b>bold</b>';

describe.skipIf(BROWSER_MISSING)(
  'hostile use',
  () => {
    let bench: Workbench;
    let page: Page;
    const folder = mkdtempSync(join(tmpdir(), 'tailor-hostile-page-'));
    const uploads = (): string[] => (existsSync(join(bench.dataFolder, 'uploads')) ? readdirSync(join(bench.dataFolder, 'uploads')) : []);

    beforeAll(async () => {
      bench = await startWorkbench();
      await importModel(bench.app, join(RESOURCES, 'model'), { name: HTML });
      page = await bench.open('datasets');
    }, 120_000);
    afterAll(async () => {
      await bench?.[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    });

    /** Lets files or a folder of this machine fall on the window, as the system does. */
    async function drop(on: Page, files: readonly string[]): Promise<void> {
      const session = await on.context().newCDPSession(on);
      for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
        await session.send('Input.dispatchDragEvent', {
          type,
          x: 600,
          y: 400,
          data: { items: [], files: [...files], dragOperationsMask: 1 },
        });
    }

    /** Nothing of the data became part of the page. */
    async function expectOnlyText(on: Page): Promise<void> {
      for (const made of ['img[src="x"]', 'b:text-is("bold")', 'i:text-is("0")', 'i:text-is("1")'])
        await expect.poll(() => on.locator(made).count()).toBe(0);
      expect(await on.title()).not.toBe('1');
    }

    test('a dropped folder of too many files is refused in one sentence, and none of them is sent', async () => {
      const thousands = join(folder, 'thousands');
      mkdirSync(thousands);
      for (let index = 0; index < 1200; index++) writeFileSync(join(thousands, `${index}.txt`), '');
      await drop(page, [thousands]);
      await page.getByText('thousands holds more than 1000 files. Drop the folder of one dataset or model.').waitFor();
      expect(uploads()).toEqual([]);
      await page.getByRole('button', { name: 'Dismiss' }).click();
    });

    test('HTML as a file name, column, value, label and model name is text everywhere', async () => {
      const name = '<img src=x onerror=alert(1)>';
      const rows = Array.from({ length: 12 }, (_, index) =>
        JSON.stringify({ [HTML]: HTML, text: `${index} ${HTML}`, label: `<i>${index % 2}</i>` }),
      );
      const path = join(folder, `${name}.jsonl`);
      writeFileSync(path, rows.join('\n'));
      await drop(page, [path]);
      await page.getByRole('heading', { name }).first().waitFor();
      expect(listDatasets(bench.app.db).map((dataset) => dataset.name)).toEqual([name]);
      await expect.poll(uploads).toEqual([]);
      await expectOnlyText(page);
      for (const place of ['models', 'prune', 'runs', 'prompts', 'compare', 'studies/new', 'settings']) {
        await page.evaluate((hash) => ((globalThis as unknown as { location: { hash: string } }).location.hash = hash), place);
        await page.locator('main .page, section.page').first().waitFor();
        if (place === 'models' || place === 'prune') await page.getByText(HTML).first().waitFor({ state: 'attached' });
        else await page.waitForTimeout(250);
        await expectOnlyText(page);
      }
      await page.keyboard.press('Control+k');
      await page.getByPlaceholder('Search or run a command').fill('img');
      await page.getByRole('option', { name: 'onerror' }).first().waitFor();
      await expectOnlyText(page);
      await page.keyboard.press('Escape');
    });

    test('two windows on one data folder stay true to each other', async () => {
      const other = await bench.open('datasets');
      const [dataset] = listDatasets(bench.app.db);
      await other.getByRole('heading', { name: dataset!.name }).first().waitFor();
      await page.evaluate(
        (hash) => ((globalThis as unknown as { location: { hash: string } }).location.hash = hash),
        `datasets/${dataset!.id}`,
      );
      await page.getByRole('heading', { name: dataset!.name }).first().waitFor();
      writeFileSync(join(folder, 'second.csv'), 'text,label\nfirst row,yes\nsecond row,no\n');
      await drop(other, [join(folder, 'second.csv')]);
      await page.getByRole('link', { name: 'second' }).first().waitFor();
      await expectOnlyText(other);
      await other.close();
    });

    test('a page that fails to draw says so and offers to be loaded again, and the others stay in reach', async () => {
      const other = await (await bench.browser.newContext()).newPage();
      await other.addInitScript("Number.prototype.toFixed = () => { throw new Error('no figures today'); }");
      const reported = other.waitForEvent('pageerror');
      await other.goto(bench.server.url);
      await other.getByRole('alert').getByText('This page cannot be shown as it is.').waitFor();
      expect((await reported).message).toContain('no figures today');
      await other.getByRole('button', { name: 'Load it again' }).waitFor();
      await other.keyboard.press('Control+2');
      await other.getByRole('button', { name: 'Open a file' }).waitFor();
      await other.context().close();
    });

    test('a window that goes while it sends leaves nothing behind', async () => {
      const other = await bench.open('datasets');
      const large = join(folder, 'large.csv');
      writeFileSync(large, Buffer.alloc(48 << 20, 'a,b\n'));
      const session = await other.context().newCDPSession(other);
      await session.send('Network.emulateNetworkConditions', {
        offline: false,
        latency: 0,
        downloadThroughput: -1,
        uploadThroughput: 4 << 20,
      });
      await drop(other, [large]);
      await expect.poll(() => uploads().length).toBe(1);
      await other.close();
      await expect.poll(uploads).toEqual([]);
    });

    test('a dropped recipe runs its study after a question, whatever its name; one that asks for what is not here cannot be run', async () => {
      const recipe = join(folder, 'mine.tailor');
      const tasks = [{ dataset: join(RESOURCES, 'datasets/boolq'), task: 'boolq', items: 5 }];
      writeFileSync(recipe, JSON.stringify({ name: HTML, model: join(RESOURCES, 'model'), tasks, ratios: [0.2], draws: 0 }));
      writeFileSync(join(folder, 'far.tailor'), JSON.stringify({ model: 'nowhere', tasks }));
      const other = await bench.open('models');
      await drop(other, [join(folder, 'far.tailor'), recipe]);
      const dialog = other.getByRole('dialog');
      await dialog.getByText('Not here: nowhere.').waitFor();
      expect(await dialog.getByRole('button', { name: 'Run it' }).isDisabled()).toBe(true);
      await dialog.getByRole('button', { name: 'Cancel' }).click();
      await other.getByRole('heading', { name: `Run the study “${HTML}”?` }).waitFor();
      await expectOnlyText(other);
      expect(listStudies(bench.app.db)).toEqual([]);
      await dialog.getByRole('button', { name: 'Run it' }).click();
      await dialog.waitFor({ state: 'hidden' });
      await other.waitForURL(/#studies\/\w/);
      const [study] = listStudies(bench.app.db);
      expect(other.url()).toContain(`#studies/${study!.id}`);
      await stopStudy(bench.app, study!.id);
      await expect.poll(uploads).toEqual([]);
      await other.context().close();
    });
  },
  180_000,
);
