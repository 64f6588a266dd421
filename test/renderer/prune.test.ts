// The Prune page in a real browser: plan without scores, score once, play with the target, compare, lock, and cut.
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { importModel } from '../../src/main/api/models.ts';
import { listModels, type Model } from '../../src/main/db/models.ts';
import { getRun } from '../../src/main/db/runs.ts';
import { parseLlamaConfig } from '../../src/shared/parse-config.ts';
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
    await expect.poll(() => page.getByRole('slider', { name: 'Target of the cut' }).inputValue()).toBe('35');
  });

  it('sets one layer’s width by keys and by a number typed, while the other layers make up for it', async () => {
    const channels = page.getByRole('slider', { name: 'FFN channels kept, layer by layer' });
    const said = (): Promise<string | null> => channels.getAttribute('aria-valuetext');
    await channels.focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await expect.poll(said).toMatch(/^layer 2: \d+ of 416$/);
    const planned = await exactly();
    for (const [key, now] of [
      ['End', '416 of 416, set by hand'],
      ['ArrowLeft', '415 of 416, set by hand'],
      ['Home', '1 of 416, set by hand'],
    ] as const) {
      await page.keyboard.press(key);
      await expect.poll(said).toBe(`layer 2: ${now}`);
    }
    await page.keyboard.type('300');
    await page.getByText('300 typed: Enter sets it').waitFor();
    await page.keyboard.press('Enter');
    await expect.poll(said).toBe('layer 2: 300 of 416, set by hand');
    await page.waitForURL(/set=2%3Affn%3D300/);
    expect(await exactly()).toBeLessThanOrEqual(demo.parameters * 0.65);
    expect(Math.abs((await exactly()) - planned)).toBeLessThan(3 * 160 * 2);
  });

  it('sets a width by dragging the line in a row, takes it back by Ctrl+Z, and gives it back by a double click', async () => {
    const groups = page.getByRole('slider', { name: 'KV groups kept, layer by layer' });
    const said = (): Promise<string | null> => groups.getAttribute('aria-valuetext');
    const { x, y, width, height } = (await groups.boundingBox())!;
    const at = (kept: number): [number, number] => [x + (width * kept) / 5, y + (height * 3.5) / 6];
    await groups.focus();
    for (let i = 0; i < 3; i++) await page.keyboard.press('ArrowDown');
    const before = Number(/layer 3: (\d)/.exec((await said())!)![1]);
    const to = before === 1 ? 3 : before - 1;
    await page.mouse.move(...at(before));
    await page.mouse.down();
    await page.mouse.move(...at((before + to) / 2), { steps: 3 });
    await page.mouse.move(...at(to), { steps: 3 });
    await page.mouse.up();
    await expect.poll(said).toBe(`layer 3: ${to} of 5, set by hand`);
    await page.keyboard.press('Control+z');
    await expect.poll(said).toBe(`layer 3: ${before} of 5`);
    await page.keyboard.press('Control+Shift+z');
    await expect.poll(said).toBe(`layer 3: ${to} of 5, set by hand`);
    await page.mouse.dblclick(...at(to));
    await expect.poll(said).toBe(`layer 3: ${before} of 5`);
  });

  it('takes widths in the table too, and says where they miss the target', async () => {
    await page.getByRole('button', { name: 'As table' }).click();
    const field = page.getByRole('spinbutton', { name: 'KV groups kept in layer 4' });
    await field.fill('4');
    await field.press('Enter');
    const row = page.getByRole('row', { name: /^4 / });
    await row.getByText('KV groups set').waitFor();
    await row.getByRole('button', { name: 'Reset layer 4 to automatic' }).click();
    await expect.poll(() => row.getByText('set').count()).toBe(0);
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect.poll(() => field.inputValue()).toBe('4');
    await page.getByRole('button', { name: 'By rank' }).click();
    const tape = page.getByRole('slider', { name: 'Target of the cut' });
    await tape.focus();
    await page.keyboard.press('Home');
    await page.getByText(/The widths set by hand alone take .* All else stays whole/).waitFor();
    await page.getByRole('button', { name: /^35/ }).click();
    await expect.poll(() => page.getByText('The widths set by hand alone take').count()).toBe(0);
  });

  it('says how much importance goes, and that it is no forecast', async () => {
    const removed = async (): Promise<number> => parseFloat((await page.locator('dt:text("Importance cut") + dd').innerText()).trim());
    const some = await removed();
    expect(some).toBeGreaterThan(0);
    expect(some).toBeLessThan(35); // the least important third holds less than a third
    await page.getByRole('button', { name: /^50/ }).click();
    await expect.poll(removed).toBeGreaterThan(some);
    await page.getByText('not a forecast of accuracy').waitFor();
    await page.getByRole('button', { name: /^35/ }).click();
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
    const { layers } = parseLlamaConfig(made.config, 'config.json');
    expect([layers[0]!.ffn, layers[2]!.ffn, layers[4]!.kvHeads]).toEqual([416, 300, 4]);
    const { recipe } = getRun(bench.app.db, made.runId!);
    expect(recipe.kind === 'prune' && recipe.choose.widths).toEqual([
      { layer: 2, ffn: 300 },
      { layer: 4, kvGroups: 4 },
    ]);
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
    await page.getByRole('button', { name: 'Reset widths' }).click();
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

  it('says which model is not there, and opens another one that the address names then', async () => {
    const elsewhere = await bench.open('prune?model=gone');
    await elsewhere.getByRole('link', { name: 'Choose a model' }).waitFor();
    await elsewhere.evaluate(`location.hash = "#prune?model=${demo.id}"`);
    await elsewhere.getByRole('heading', { name: 'Cut demo' }).waitFor();
    await elsewhere.locator('.ramp').waitFor();
    await elsewhere.context().close();
  });

  it('has no faults of access in either theme', async () => {
    expect(await findAccessFaults(page)).toEqual([]);
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await findAccessFaults(page)).toEqual([]);
  });
});
