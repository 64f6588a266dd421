// The Prune page in a real browser: plan without scores, score once, play with the target, compare, lock, and cut.
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { importModel } from '../../src/main/api/models.ts';
import { listModels, type Model } from '../../src/main/db/models.ts';
import { getRun } from '../../src/main/db/runs.ts';
import { BROWSER_MISSING, findAccessFaults, startWorkbench, type Workbench } from '../support/workbench.ts';

describe.skipIf(BROWSER_MISSING)('the Prune page', { timeout: 120_000 }, () => {
  let bench: Workbench;
  let page: Page;
  let demo: Model;

  beforeAll(async () => {
    bench = await startWorkbench();
    demo = await importModel(bench.app, join(import.meta.dirname, '../../resources/demo/model'), { name: 'demo' });
    page = await bench.open(`prune?model=${demo.id}`);
  }, 120_000);
  afterAll(() => bench[Symbol.asyncDispose](), 60_000);

  const exactly = async (): Promise<number> => Number((await page.getByText(/, exactly$/).innerText()).replace(/\D/g, ''));

  it('plans by counts before there are scores, and says what a cut still needs', async () => {
    await page.getByText('Sizes can be planned all the same.').waitFor();
    await expect.poll(() => exactly()).toBeLessThan(demo.parameters * 0.8);
    await expect.poll(() => page.getByRole('button', { name: /^Cut to/ }).isDisabled()).toBe(true);
    await page.getByLabel('Rank').selectOption('global');
    await page.getByText('A global ranking is decided by the scores').first().waitFor();
    await page.getByLabel('Rank').selectOption('local');
  });

  it('scores once, and shows the map', async () => {
    await page.getByRole('button', { name: 'Score demo' }).click();
    await page.locator('.ramp').waitFor({ timeout: 60_000 });
    await expect.poll(() => page.getByText(/Scored on calibration, 10 × 64 tokens/).isVisible()).toBe(true);
  });

  it('moves the target by keys, to the tenth of a percent', async () => {
    const tape = page.getByRole('slider', { name: 'Target of the cut' });
    await page.getByRole('button', { name: /^50/ }).click();
    const half = await exactly();
    expect(half).toBeLessThanOrEqual(demo.parameters / 2);
    await tape.focus();
    for (const [key, value] of [
      ['ArrowLeft', '49.9'],
      ['Shift+ArrowLeft', '48.9'],
      ['PageUp', '53.9'],
      ['Home', '0'],
      ['End', '75'],
    ] as const) {
      await page.keyboard.press(key);
      await expect.poll(() => tape.inputValue()).toBe(value);
    }
    await page.getByRole('button', { name: /^35/ }).click();
    await expect.poll(() => exactly()).toBeGreaterThan(half);
  });

  it('locks a layer by the key L, and keeps the choices over a reload', async () => {
    const lock = page.getByRole('button', { name: 'Lock layer 0' });
    await lock.focus();
    await page.keyboard.press('l');
    await expect.poll(() => lock.getAttribute('aria-pressed')).toBe('true');
    await page.keyboard.press('ArrowDown');
    await expect.poll(() => page.getByRole('button', { name: 'Lock layer 1' }).evaluate((one) => one.matches(':focus'))).toBe(true);
    await page.waitForURL(/lock=0/);
    await page.reload();
    await page.locator('.ramp').waitFor();
    await expect.poll(() => lock.getAttribute('aria-pressed')).toBe('true');
    await expect.poll(() => page.getByRole('slider').inputValue()).toBe('35');
  });

  it('sets a second criterion beside the first, and says how far they agree', async () => {
    await page.getByLabel('Beside it').selectOption('l2');
    await page.getByText(/Of what either criterion keeps, both keep/).waitFor();
    await page.getByRole('button', { name: 'As table' }).click();
    await expect.poll(() => page.getByRole('row').count()).toBe(7);
    await expect.poll(() => page.getByRole('columnheader', { name: 'Channels agreed' }).isVisible()).toBe(true);
    await page.getByRole('button', { name: 'By rank' }).click();
  });

  it('has every choice of widths and the cut itself in sight at 1280 × 800', async () => {
    const foot = (await page.getByRole('textbox', { name: 'Name' }).boundingBox())!.y;
    for (const label of ['Equal widths in all layers', 'FFN step', 'Group score', 'Cut in']) {
      const box = (await page.getByLabel(label).boundingBox())!;
      expect(box.y + box.height, label).toBeLessThan(foot);
    }
    await expect.poll(() => page.getByRole('button', { name: /^Cut to/ }).isVisible()).toBe(true);
  });

  it('cuts to what was planned, and links to the new model', async () => {
    const planned = await exactly();
    await page.getByRole('textbox', { name: 'Name' }).fill('smaller <b>one</b>');
    await page.getByRole('button', { name: /^Cut to/ }).click();
    await page.getByRole('link', { name: 'smaller <b>one</b>', exact: true }).waitFor({ timeout: 60_000 });
    const made = listModels(bench.app.db).find(({ name }) => name === 'smaller <b>one</b>')!;
    expect(made.parameters).toBe(planned);
    expect(made.parentId).toBe(demo.id);
  });

  it('says when the same cut was made before, and that the name was not used', async () => {
    await page.getByRole('textbox', { name: 'Name' }).fill('another name');
    await page.getByRole('button', { name: /^Cut to/ }).click();
    const said = page.getByText('This very cut was made before, as smaller <b>one</b>');
    await said.waitFor();
    await expect.poll(() => said.innerText()).toContain('the name “another name” was not used');
    const id = listModels(bench.app.db).find(({ name }) => name === 'smaller <b>one</b>')!.id;
    await expect.poll(() => page.getByRole('link', { name: 'Open it' }).getAttribute('href')).toBe(`#models/${id}`);
  });

  it('says what snapped widths cost, and sets them', async () => {
    const snap = page.getByRole('listitem').filter({ hasText: 'FFN by 256' });
    await snap.getByText(/parameters/).waitFor();
    await snap.getByRole('button').click();
    await expect.poll(() => page.getByLabel('FFN step').inputValue()).toBe('256');
    await page.getByLabel('FFN step').selectOption('1');
  });

  it('cuts in two steps on the text of the scores, and says what that costs', async () => {
    await page.getByLabel('Cut in').selectOption('2');
    await page.getByText('2 scorings instead of none').waitFor();
    await page.getByRole('textbox', { name: 'Name' }).fill('in two');
    await page.getByRole('button', { name: /^Cut to/ }).click();
    await page.getByRole('link', { name: 'in two', exact: true }).waitFor({ timeout: 60_000 });
    const made = listModels(bench.app.db).find(({ name }) => name === 'in two')!;
    expect(getRun(bench.app.db, made.runId!).recipe).toMatchObject({ kind: 'prune', steps: 2 });
  });

  it('has no faults of access in either theme', async () => {
    expect(await findAccessFaults(page)).toEqual([]);
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await findAccessFaults(page)).toEqual([]);
  });
});
