// A day's work by keyboard alone, in a real browser: no mouse, no click. What has the focus is seen, and is never lost for good.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { getDataset, listDatasets } from '../../src/main/db/datasets.ts';
import { listModels } from '../../src/main/db/models.ts';
import { listRuns } from '../../src/main/db/runs.ts';
import { BROWSER_MISSING, startWorkbench, type Workbench } from '../support/workbench.ts';

const MAX_STOPS = 90;
const ROWS = 40;

/** What has the focus, by its element and name. */
const TELL_FOCUSED = `(() => {
  const at = document.activeElement;
  const name = at.getAttribute('aria-label') ?? at.labels?.[0]?.textContent ?? at.textContent ?? '';
  return at.localName + ' ' + name.trim().replaceAll(/\\s+/g, ' ');
})()`;
/**
 * Whether it is in sight and marked. The browser's own frame comes after the last stop; a grid marks its row or its panel instead, and a
 * slider that fills its tape marks the tape.
 */
const IS_MARKED = `(() => {
  const at = document.activeElement;
  if (at === document.body) return true;
  const { width, top, bottom } = at.getBoundingClientRect();
  const isMarked = [at, at.parentElement, ...at.querySelectorAll('*')].some((one) => getComputedStyle(one).outlineStyle !== 'none');
  return width > 0 && bottom > 0 && top < innerHeight && (isMarked || at.closest('[role=grid], .tape') !== null);
})()`;

describe.skipIf(BROWSER_MISSING)('the workbench by keyboard alone', { timeout: 120_000 }, () => {
  let bench: Workbench;
  let page: Page;
  let files: string;

  beforeAll(async () => {
    files = mkdtempSync(join(tmpdir(), 'tailor-keys-'));
    const rows = Array.from({ length: ROWS }, (_, row) => `What is thing ${row} made of?,wood,iron,clay,${row % 3}`);
    writeFileSync(join(files, 'quiz.csv'), ['q,one,two,three,right', ...rows].join('\n'));
    bench = await startWorkbench();
    page = await bench.open('studies');
    await page.getByRole('heading', { name: 'No studies yet' }).waitFor();
  }, 120_000);
  afterAll(async () => {
    await bench[Symbol.asyncDispose]();
    rmSync(files, { recursive: true });
  });

  /** What has the focus, as a person would name it. */
  const focused = (): Promise<string> => page.evaluate<string>(TELL_FOCUSED);

  const press = async (...keys: string[]): Promise<void> => {
    for (const key of keys) await page.keyboard.press(key);
  };

  /** Goes on by Tab to what is called so, and demands that every stop on the way is in sight and marked. */
  async function tabTo(name: RegExp, key = 'Tab'): Promise<void> {
    const passed: string[] = [];
    for (let stop = 0; stop < MAX_STOPS; stop += 1) {
      await page.keyboard.press(key);
      const at = await focused();
      const isMarked = await page.evaluate<boolean>(IS_MARKED);
      expect(isMarked, `${at} has the focus, but that is not seen`).toBe(true);
      if (name.test(at)) return;
      passed.push(at);
    }
    throw new Error(`Tab does not reach ${String(name)}; it passed\n${passed.join('\n')}`);
  }

  const expectFocus = (name: RegExp): Promise<void> => expect.poll(focused).toMatch(name);

  it('turns to each page, and stands at its first heading', async () => {
    for (const [key, heading] of [
      ['2', /^h1 Datasets/],
      ['3', /^h\d /],
      ['4', /^h1 Models/],
      ['5', /^h1 Prune/],
      ['6', /^h\d /],
      ['7', /^h1 Compare/],
      [',', /^h1 Settings/],
      ['1', /^h1 No studies yet/],
    ] as const) {
      await press(`Control+${key}`);
      await expectFocus(heading);
    }
    await tabTo(/^button Run the demo study/);
  });

  it('opens a file, and stands on the page that came of it', async () => {
    await press('Control+k');
    await expectFocus(/^input Command or name/);
    await page.keyboard.type('datas');
    await press('Enter');
    await expectFocus(/^h1 Datasets/);
    const asked = page.waitForEvent('filechooser'); // listens before the key, as the browser's own dialog would open otherwise
    await tabTo(/^button Open a file/);
    await press('Enter');
    const chooser = await asked;
    await chooser.setFiles(join(files, 'quiz.csv'));
    await page.getByRole('heading', { name: 'quiz', exact: true }).waitFor();
    await expectFocus(/^h2 Datasets/);
    await expect.poll(() => page.locator('[aria-live=polite]', { hasText: 'Taken in: quiz' }).count()).toBe(1);
  });

  it('says what each column is for, opens a row, and comes back to where it was', async () => {
    for (const [column, role] of [
      ['q', 'Q'],
      ['one', 'Ch'],
      ['two', 'Ch'],
      ['three', 'Ch'],
      ['right', 'A'],
    ] as const) {
      await tabTo(new RegExp(`^select Role of ${column}$`));
      await page.keyboard.type(role);
    }
    const [dataset] = listDatasets(bench.app.db);
    await expect.poll(() => getDataset(bench.app.db, dataset!.id).mapping).toBeTruthy();
    await tabTo(/Rows of quiz/, 'Shift+Tab');
    await press('ArrowDown', 'Enter');
    await page.getByRole('dialog').getByText('What is thing 1 made of?').waitFor();
    await press('Escape');
    await expectFocus(/Rows of quiz/);
  });

  it('adds the demo model, scores it, and stands at the map that comes', async () => {
    await press('Control+4');
    await expectFocus(/^h1 Models/);
    await tabTo(/^button Add the demo model/);
    await press('Enter');
    await expect.poll(() => listModels(bench.app.db).map(({ name }) => name)).toEqual(['demo']);
    await press('Control+5');
    await page.getByRole('heading', { name: 'Cut demo' }).waitFor();
    await tabTo(/^button Score demo/);
    await press('Enter');
    await expectFocus(/^h2 Importance/);
  });

  it('moves the target by its keys, and cuts', async () => {
    await tabTo(/^input Target of the cut/, 'Shift+Tab');
    await press('Home', 'PageUp', 'PageUp', 'PageUp', 'PageUp');
    await expect.poll(() => page.evaluate<string>("document.activeElement.getAttribute('aria-valuetext')")).toMatch(/^20\.0/);
    await expect.poll(() => page.getByRole('button', { name: /^Cut to/ }).isEnabled()).toBe(true);
    await tabTo(/^button Cut to/);
    await press('Enter');
    await expect.poll(() => listModels(bench.app.db).map(({ name }) => name)).toContain('demo-cut-20');
    await page.getByRole('link', { name: 'Tune it' }).waitFor();
    await expectFocus(/^button Cut to/);
    await tabTo(/^a Tune it/, 'Shift+Tab');
    await press('Enter');
  });

  it('tunes in two steps, and hears that it is over', async () => {
    await page.getByRole('heading', { name: 'New tuning' }).waitFor();
    await tabTo(/^input Steps/);
    await press('Control+a');
    await page.keyboard.type('2');
    await tabTo(/^button Start tuning/);
    await press('Enter');
    await expectFocus(/^h1 Tune demo-cut-20-quiz/i);
    await page.getByRole('status').getByText('tune demo-cut-20-quiz: done.').waitFor();
    expect(listRuns(bench.app.db).map(({ state }) => state)).toEqual(['done', 'done', 'done']);
  });

  /** Opens the menu, whose items take the focus a frame later, and asks for its last. */
  async function askToDelete(): Promise<void> {
    await press('Enter');
    await expectFocus(/^div Rename/);
    await press('End');
    await expectFocus(/^div Delete/);
    await press('Enter');
  }

  it('deletes what was tuned, the safe answer first, and takes it back from anywhere', async () => {
    await press('Control+k');
    await expectFocus(/^input Command or name/);
    await page.keyboard.type('demo-cut-20-quiz');
    await page.locator('[role=option][aria-selected=true]', { hasText: 'demo-cut-20-quiz' }).waitFor();
    await press('Enter');
    await page.getByRole('heading', { name: 'demo-cut-20-quiz' }).waitFor();
    await tabTo(/^button More about this model/);
    await askToDelete();
    await expectFocus(/^button Cancel/);
    await press('Escape');
    await expectFocus(/^button More about this model/);
    await askToDelete();
    await expectFocus(/^button Cancel/);
    await tabTo(/^button Delete/);
    await press('Enter');
    await expectFocus(/^h2 demo$/);
    await press('Control+z');
    await expectFocus(/^h2 demo-cut-20-quiz/);
  });
});
