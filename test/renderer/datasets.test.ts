// Datasets, as a person works with them: drop files, see what was found, put roles right, look through rows, delete and take back.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { importModel } from '../../src/main/api/models.ts';
import { DatasetWriter } from '../../src/main/db/dataset-writing.ts';
import { deleteDataset, listDatasets } from '../../src/main/db/datasets.ts';
import { createStudy, deleteStudy } from '../../src/main/db/studies.ts';
import { toTextParquet } from '../main/import/fixtures.ts';
import { BROWSER_MISSING, findAccessFaults, startWorkbench, type Workbench } from '../support/workbench.ts';

const RESOURCES = join(import.meta.dirname, '../../resources/demo');
const HTML = '<img src=x onerror="document.title=1"><b>bold</b>';

describe.skipIf(BROWSER_MISSING)(
  'datasets',
  () => {
    let bench: Workbench;
    let page: Page;

    beforeAll(async () => {
      bench = await startWorkbench();
      await importModel(bench.app, join(RESOURCES, 'model'), { name: 'demo' });
      page = await bench.open('datasets');
    }, 120_000);
    afterAll(async () => await bench?.[Symbol.asyncDispose]());

    /** Lets files fall on the window, as a browser hands them over. */
    async function drop(files: readonly { name: string; text: string }[]): Promise<void> {
      const transfer = await page.evaluateHandle((all) => {
        const data = new (globalThis as unknown as { DataTransfer: new () => { items: { add(file: File): void } } }).DataTransfer();
        for (const { name, text } of all) data.items.add(new File([text], name));
        return data;
      }, files);
      await page.dispatchEvent('body', 'dragenter', { dataTransfer: transfer });
      await page.dispatchEvent('body', 'drop', { dataTransfer: transfer });
    }

    test('three files of different formats are dropped: splits become one dataset, the other one of its own, with what was done', async () => {
      await page.getByRole('heading', { name: 'Drop a file anywhere' }).waitFor();
      const rows = (from: number): string =>
        Array.from({ length: 30 }, (_, i) => JSON.stringify({ ask: `Question ${from + i}?`, options: ['a', 'b'], right: i % 2 })).join(
          '\n',
        );
      const notes = Array.from(
        { length: 60 },
        (_, i) => `${i % 3 === 0 ? 'spam' : 'ham'},"${i === 5 ? HTML.replaceAll('"', '""') : `note ${i}`}"`,
      );
      await drop([
        { name: 'quiz_train.jsonl', text: `${rows(0)}\n{"ask": broken\n` },
        { name: 'quiz_test.jsonl', text: rows(100) },
        // What a hub keeps beside the rows is no dataset.
        { name: 'README.md', text: '# Quiz' },
        { name: 'dataset_infos.json', text: '{"default":{"splits":{}}}' },
        { name: 'notes.csv', text: `label,text\n${notes.join('\n')}\none,two,three\n` },
      ]);
      const list = page.getByRole('region', { name: 'Datasets' });
      await list.getByText('their names tell the splits train and test').waitFor();
      await list.getByText('so it is a dataset of its own').waitFor();
      expect(listDatasets(bench.app.db).map(({ name, rowCount, rejectedCount }) => ({ name, rowCount, rejectedCount }))).toEqual([
        { name: 'quiz', rowCount: 60, rejectedCount: 1 },
        { name: 'notes', rowCount: 60, rejectedCount: 1 },
      ]);
    });

    test('the first opens; roles that make no sense are refused with a sentence, and useful ones are kept', async () => {
      await page.getByRole('heading', { name: 'quiz', level: 1 }).waitFor();
      await page.getByText('No known shape has the columns').waitFor();
      await page.getByLabel('Role of ask').selectOption('question');
      await page.getByText('A question needs its answer').waitFor();
      await page.getByLabel('Role of options').selectOption('choices');
      await page.getByLabel('Role of right').selectOption('answer');
      await page.getByText('The roles were set by hand.').waitFor();
      const { mapping } = listDatasets(bench.app.db)[0]!;
      expect(mapping).toEqual({ kind: 'choice', name: 'quiz', question: 'ask', choices: 'options', gold: 'right', goldForm: 'from-0' });
      // A list is no label; the rows themselves are tried.
      await page.getByLabel('Role of ask').selectOption('none');
      await page.getByText('no question: set one column to “question”').waitFor();
      await page.getByRole('button', { name: 'Put the roles back' }).click();
      await expect.poll(() => page.getByLabel('Role of ask').inputValue()).toBe('question');
    });

    test('splits, rejected lines and the spread of answers are a click away, and a reload keeps the place', async () => {
      await page.getByRole('link', { name: 'test 30' }).click();
      await page.getByRole('gridcell', { name: 'Question 100?' }).waitFor();
      await page.getByRole('link', { name: 'Rejected 1' }).click();
      await page.getByRole('cell', { name: /not valid JSON/ }).waitFor();
      await page.reload();
      expect(
        await page
          .getByRole('row', { name: /not valid JSON/ })
          .getByRole('cell')
          .first()
          .textContent(),
      ).toBe('31');
      await page.getByRole('link', { name: 'Balance' }).click();
      await page.getByText('Always answering “0” would score 50.0').waitFor();
    });

    test('markup in the data is text, a row is shown in full, and the keyboard moves through rows', async () => {
      await page
        .getByRole('link', { name: /^notes/ })
        .last()
        .click();
      await page.getByText('column "label" holds 2 different labels').waitFor();
      const grid = page.getByRole('grid');
      await page.getByText(HTML).waitFor();
      await expect.poll(() => grid.locator('img, b').count()).toBe(0);
      await grid.focus();
      await page.keyboard.press('End');
      await expect.poll(() => grid.locator('[aria-selected=true]').getAttribute('aria-rowindex')).toBe('61');
      await page.keyboard.press('Home');
      for (let i = 0; i < 5; i++) await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      const dialog = page.getByRole('dialog');
      await dialog.getByText(HTML).waitFor();
      await dialog.getByRole('button', { name: 'Next' }).click();
      await dialog.getByText('note 6', { exact: true }).waitFor();
      await page.keyboard.press('Escape');
      expect(await page.title()).toContain('Datasets');
    });

    test('a table taller than a browser can place reaches its last row, and stands when the window shrinks', async () => {
      const count = 600_000;
      const writer = new DatasetWriter(bench.app.db, { name: 'tall', sources: [] });
      for (let start = 0; start < count; start += 1000) {
        const batch = writer.newBatch('train');
        for (let row = start; row < start + 1000; row++) batch.add(row + 1, { n: row });
        writer.addRows(batch.prepared());
      }
      const { id } = writer.finish({ columns: ['n'], mapping: undefined, mappingReason: '', splitReason: '', rejectedCount: 0 });
      const tall = await bench.open(`datasets/${id}`);
      const grid = tall.getByRole('grid');
      await grid.focus();
      await tall.keyboard.press('End');
      await tall.getByRole('gridcell', { name: String(count - 1), exact: true }).waitFor();
      const bottom = async (of: Locator): Promise<number> => of.evaluate((it) => it.getBoundingClientRect().bottom);
      await expect.poll(async () => Math.abs((await bottom(grid.locator('[aria-selected=true]'))) - (await bottom(grid)))).toBeLessThan(3);
      await tall.getByLabel('Go to row').fill('300000');
      await tall.getByLabel('Go to row').press('Enter');
      const row = tall.getByRole('gridcell', { name: '299999', exact: true });
      await row.waitFor();
      await tall.setViewportSize({ width: 1280, height: 420 });
      await tall.setViewportSize({ width: 1280, height: 1200 });
      await tall.setViewportSize({ width: 1280, height: 500 });
      await expect.poll(() => row.isVisible()).toBe(true);
      await tall.context().close();
      deleteDataset(bench.app.db, id);
    });

    test('lengths are counted with the model’s own tokenizer', async () => {
      await page.getByRole('link', { name: 'Lengths' }).click();
      await page.getByText(/Half of the rows have at most \d+ tokens/).waitFor();
      await page.getByText('All 60 rows.').waitFor();
      const bars = page.getByRole('slider', { name: 'rows, point by point' });
      await bars.press('End');
      const longest = Number(await bars.getAttribute('aria-valuemax'));
      await expect.poll(() => bars.getAttribute('aria-valuenow')).toBe(String(longest));
      await expect.poll(() => bars.getAttribute('aria-valuetext')).toMatch(/^\d+( to \d+)? tokens: \d+ rows?$/);
      await page.getByRole('button', { name: 'Length in tokens as table' }).click();
      await expect.poll(() => page.getByRole('row').count()).toBeGreaterThan(1);
    });

    test('a folder is named by its path, a long import shows its progress and is called off, and a broken file says why', async () => {
      const long = join(bench.dataFolder, 'long.jsonl');
      writeFileSync(
        long,
        Array.from({ length: 300_000 }, (_, i) => JSON.stringify({ text: `line ${i} ${'words '.repeat(20)}` })).join('\n'),
      );
      mkdirSync(join(bench.dataFolder, 'empty'));
      const name = async (path: string): Promise<void> => {
        await page.getByRole('button', { name: 'Name a path' }).click();
        await page.getByRole('textbox', { name: /A path on the machine/ }).fill(path);
        await page.getByRole('button', { name: 'Add it' }).click();
      };
      await name(join(bench.dataFolder, 'empty'));
      await page.getByText('empty holds no files to import.').waitFor();
      await page.getByRole('button', { name: 'Cancel', exact: true }).click();
      await name(long);
      await page.getByText(/reading long.jsonl/).waitFor();
      await page.getByRole('button', { name: 'Cancel long' }).click();
      await page.getByText('Nothing of it was kept.').waitFor();
      expect(listDatasets(bench.app.db)).toHaveLength(2);
      await drop([{ name: 'packed.jsonl', text: '\u0050\u004b\u0003\u0004 not rows' }]);
      await page
        .getByRole('alert')
        .filter({ hasText: 'Save the sheet as CSV' })
        .or(page.getByRole('alert').filter({ hasText: 'zip archive' }))
        .first()
        .waitFor();
      await name(join(RESOURCES, 'datasets/boolq'));
      await page.getByRole('heading', { name: 'boolq', level: 1 }).waitFor();
      await page.getByText('This looks like BoolQ').waitFor();
      await expect.poll(() => page.getByLabel('Role of passage').inputValue()).toBe('context');
    });

    test('a dataset that a study names does not go without a word on that', async () => {
      const study = createStudy(bench.app.db, { name: 'my study', settings: { tasks: [{ dataset: 'boolq' }] } });
      bench.app.events.tell({ kind: 'changed', table: 'studies', id: study.id });
      await expect
        .poll(async () => {
          await page.keyboard.press('Escape');
          await page.getByRole('button', { name: 'Delete' }).click();
          return await page.getByRole('dialog').getByRole('link', { name: 'my study' }).count();
        })
        .toBe(1);
      await page.getByRole('button', { name: 'Keep it' }).click();
      expect(listDatasets(bench.app.db)).toHaveLength(3);
      deleteStudy(bench.app.db, study.id);
      await page.reload();
      await page.getByRole('heading', { name: 'boolq', level: 1 }).waitFor();
    });

    test('a deleted dataset is back with undo, and gone without', async () => {
      await page.getByRole('button', { name: 'Delete' }).click();
      await page.getByRole('button', { name: 'Undo' }).click();
      await page.getByRole('heading', { name: 'boolq', level: 1 }).waitFor();
      expect(listDatasets(bench.app.db)).toHaveLength(3);
      await page.getByRole('button', { name: 'Delete' }).click();
      await page.getByRole('button', { name: 'Dismiss' }).click();
      await expect.poll(() => listDatasets(bench.app.db).map(({ name }) => name)).toEqual(['quiz', 'notes']);
    });

    test('a folder as a hub keeps it is dropped: the Parquet shards below “data” become one dataset with their splits', async () => {
      const hub = join(bench.dataFolder, 'rabbits');
      const shard = (name: string, from: number, count: number): void => {
        const rows = Array.from({ length: count }, (_, i) => ({ text: `rabbit ${from + i}`, label: i % 2 ? 'grey' : 'brown' }));
        writeFileSync(join(hub, 'data', name), toTextParquet(rows));
      };
      mkdirSync(join(hub, 'data'), { recursive: true });
      writeFileSync(join(hub, 'README.md'), '---\nlicense: mit\n---\n# Rabbits');
      shard('train-00000-of-00002.parquet', 0, 10);
      shard('train-00001-of-00002.parquet', 10, 10);
      shard('test-00000-of-00001.parquet', 20, 6);
      const session = await page.context().newCDPSession(page);
      const data = { items: [], files: [hub], dragOperationsMask: 1 };
      for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
        await session.send('Input.dispatchDragEvent', { type, x: 600, y: 400, data });
      await page.getByRole('heading', { name: 'rabbits', level: 1 }).waitFor();
      const { rowCount, splits, sources, mapping } = listDatasets(bench.app.db).at(-1)!;
      expect({ rowCount, splits }).toEqual({ rowCount: 26, splits: { test: 6, train: 20 } });
      expect(sources.map(({ format }) => format)).toEqual(['parquet', 'parquet', 'parquet']);
      expect(mapping?.kind).toBe('classification');
      await page.getByRole('link', { name: 'test 6' }).click();
      await page.getByRole('gridcell', { name: 'rabbit 20' }).waitFor();
    });

    test('nothing keeps anyone out, in either theme', async () => {
      const id = listDatasets(bench.app.db)[1]!.id;
      for (const theme of ['light', 'dark'] as const) {
        const other = await bench.open(`datasets/${id}`, { theme });
        await other.getByRole('gridcell', { name: 'note 1', exact: true }).waitFor();
        expect(await findAccessFaults(other)).toEqual([]);
        if (theme === 'dark') {
          await other.getByRole('link', { name: 'Balance' }).click();
          await other.getByText('Always answering').waitFor();
          expect(await findAccessFaults(other)).toEqual([]);
        }
        await other.close();
      }
    });
  },
  180_000,
);
