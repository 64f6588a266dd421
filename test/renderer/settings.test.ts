// Settings as a person meets them: try the devices, set limits, change the look, read the report, move the data folder; all of it stays.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSettings } from '../../src/main/api/settings.ts';
import { checkMemory } from '../../src/main/api/memory-limit.ts';
import { importModel } from '../../src/main/api/models.ts';
import { listModels } from '../../src/main/db/models.ts';
import { keepSetting } from '../../src/main/db/settings.ts';
import { serveUntilStopped } from '../../src/main/node/serve-until-stopped.ts';
import { openTerminal, type Terminal } from '../../src/main/node/terminal.ts';
import type { WebServer } from '../../src/main/node/web-server.ts';
import { BROWSER_MISSING, findAccessFaults, startWorkbench, type Workbench } from '../support/workbench.ts';

const DEMO = join(import.meta.dirname, '../../resources/demo/model');

describe.skipIf(BROWSER_MISSING)('the settings page', { timeout: 90_000 }, () => {
  let workbench: Workbench;
  let page: Page;
  let elsewhere: string;
  beforeAll(async () => {
    workbench = await startWorkbench();
    elsewhere = mkdtempSync(join(tmpdir(), 'tailor-elsewhere-'));
    await importModel(workbench.app, DEMO, { name: 'demo' });
    page = await workbench.open('settings');
    await page.getByRole('heading', { name: 'Device' }).waitFor();
  }, 60_000);
  afterAll(async () => {
    await workbench[Symbol.asyncDispose]();
    rmSync(elsewhere, { recursive: true, force: true });
  });
  const kept = () => readSettings(workbench.app);

  it('tries the devices and says what was found and why', async () => {
    await page.getByRole('button', { name: 'Try the devices' }).click();
    await page.getByText('Tried at').waitFor({ timeout: 60_000 });
    const gpu = page.getByRole('radio', { name: /GPU, by WebGPU/ });
    const words = await page.locator('label', { has: gpu }).textContent();
    expect(words).toMatch(/no usable adapter|agrees with the CPU|numbers differ/i);
    await page.getByRole('radio', { name: /^CPU/ }).check();
    await expect.poll(() => kept().device).toBe('cpu');
  });

  it('takes threads, a memory limit and the number of checkpoints, and refuses what makes no sense', async () => {
    await page.getByLabel('Threads', { exact: true }).fill('0');
    await page.getByLabel('Threads', { exact: true }).press('Enter');
    await page.getByText('A whole number from 1 to', { exact: false }).waitFor();
    expect(kept().threads).toBeUndefined();
    await page.getByLabel('Threads', { exact: true }).fill('1');
    await page.getByLabel('Threads', { exact: true }).press('Enter');
    await expect.poll(() => kept().threads).toBe(1);

    await page.getByLabel('Threads', { exact: true }).fill('');
    await page.getByLabel('Threads', { exact: true }).press('Enter');
    await expect.poll(() => kept().threads).toBeUndefined();
    await page.getByLabel('Threads', { exact: true }).fill('1');
    await page.getByLabel('Threads', { exact: true }).press('Enter');
    await expect.poll(() => kept().threads).toBe(1);

    await page.getByLabel('Keep checkpoints').fill('3');
    await page.getByLabel('Keep checkpoints').press('Tab');
    await expect.poll(() => kept().keepSnapshots).toBe(3);

    const budget = page.getByLabel('Gigabytes for all checkpoints');
    await budget.fill('much');
    await budget.press('Tab');
    await page.getByText('A number of gigabytes from 0', { exact: false }).waitFor();
    await budget.fill('1,5');
    await budget.press('Tab');
    await expect.poll(() => kept().checkpointBudgetBytes).toBe(1.5 * 2 ** 30);
    await budget.fill('');
    await budget.press('Tab');
    await expect.poll(() => kept().checkpointBudgetBytes).toBeUndefined();

    await page.getByLabel('Memory limit').press('Home');
    await expect.poll(() => kept().memoryLimitBytes).toBe(2 ** 29);
    await page.getByLabel('Memory limit').press('End');
    await expect.poll(() => kept().memoryLimitBytes).toBeUndefined();

    const tell = page.getByLabel('Tell me when a run ends or fails');
    expect(await tell.isDisabled()).toBe(true);
    const why = await tell.getAttribute('aria-describedby');
    expect(await page.locator(`#${why}`).textContent()).toContain('a page in a browser cannot');
  });

  it('works offline by one switch, which stands above the others', async () => {
    const electron = page.getByRole('row', { name: /^Fetch Electron/ });
    await page.getByLabel('Work offline').check();
    await expect.poll(() => kept().workOffline).toBe(true);
    await expect.poll(() => electron.textContent()).toContain('Not while offline');
    await page.getByLabel('Work offline').uncheck();
    await expect.poll(() => electron.textContent()).toContain('At npm start');
  });

  it('says where updates are not looked for, and why, instead of a switch that does nothing', async () => {
    const updates = page.getByRole('row', { name: /^Look for a new version/ });
    await expect.poll(() => updates.textContent()).toContain('Not checked: only the desktop app can ask');
    expect(await updates.getByRole('switch').count()).toBe(0);
    expect(await updates.textContent()).not.toContain('github.com');
  });

  it('writes figures with the mark that was chosen, at once', async () => {
    const slider = page.getByLabel('Memory limit');
    const limit = page.locator('.row', { has: slider }).locator('b');
    await slider.press('Home'); // what the machine has may be a whole number of gigabytes
    await expect.poll(() => limit.textContent()).toBe('0.5 GB');
    await page.getByRole('button', { name: '1\u202f234,5' }).click();
    await expect.poll(() => limit.textContent()).toBe('0,5 GB');
    await page.getByRole('group', { name: 'Numbers' }).getByRole('button', { name: 'As the system' }).click();
    await expect.poll(() => limit.textContent()).toBe('0.5 GB');
    await slider.press('End');
    await expect.poll(() => kept().memoryLimitBytes).toBeUndefined();
  });

  it('changes the theme and nothing else, and shows all of it again after a reload', async () => {
    await page.getByRole('button', { name: 'Dark', exact: true }).click();
    await expect.poll(() => page.locator('html').getAttribute('data-theme')).toBe('dark');
    await expect.poll(() => kept()).toMatchObject({ theme: 'dark', device: 'cpu', threads: 1, keepSnapshots: 3 });
    await page.reload();
    await expect.poll(() => page.getByRole('button', { name: 'Dark', exact: true }).getAttribute('aria-pressed')).toBe('true');
    await expect.poll(() => page.getByLabel('Threads', { exact: true }).inputValue()).toBe('1');
    await expect.poll(() => page.getByRole('radio', { name: /^CPU, 1 of/ }).isChecked()).toBe(true);
    await expect.poll(() => page.getByText('Tried at', { exact: false }).isVisible()).toBe(true);
    await expect.poll(() => page.getByRole('link', { name: 'Device: CPU, 1 thread. As chosen in Settings.' }).isVisible()).toBe(true);
  });

  it('finds no fault in either theme', async () => {
    expect(await findAccessFaults(page)).toEqual([]);
    await page.getByRole('button', { name: 'Light', exact: true }).click();
    await expect.poll(() => page.locator('html').getAttribute('data-theme')).toBe('light');
    expect(await findAccessFaults(page)).toEqual([]);
  });

  it('writes a report that does not tell whose machine it is', async () => {
    await page.getByRole('button', { name: 'Copy report' }).click();
    const report = page.getByRole('textbox', { name: /Report/ });
    await expect.poll(() => report.inputValue()).toContain('Tailor 0.1.0');
    const text = await report.inputValue();
    expect(text).toMatch(/cpu: usable/);
    expect(text).toContain('records: 1 models');
    expect(text).not.toContain(`${homedir()}/`);
    expect(text).not.toContain(workbench.dataFolder);
  });

  it('moves the data folder, goes on there at the same address, and clears the old place', async () => {
    const data = mkdtempSync(join(tmpdir(), 'tailor-old-'));
    const terminal = openTerminal({ data, json: false, quiet: true, debug: false });
    const stop = new AbortController();
    const ready = Promise.withResolvers<WebServer>();
    const serving = serveUntilStopped(Object.create(terminal, { signal: { value: stop.signal } }) as Terminal, {
      host: '127.0.0.1',
      port: 0,
      ready: ready.resolve,
    });
    const own = await (await workbench.browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
    try {
      await importModel(terminal.app(), DEMO, { name: 'demo' });
      const { url } = await ready.promise;
      await own.goto(url);
      await own.goto(`${new URL(url).origin}/#settings`);
      await own.getByText(data, { exact: true }).waitFor();
      await own.getByRole('button', { name: 'Move …' }).click();
      const dialog = own.getByRole('dialog', { name: 'Move the data folder' });
      const path = dialog.getByLabel('Folder on the machine that Tailor runs on');
      await path.fill(join(elsewhere, 'nowhere'));
      await dialog.getByRole('button', { name: 'Move', exact: true }).click();
      await expect.poll(() => dialog.getByRole('alert').textContent()).toContain('There is no file or folder');
      await path.fill(data);
      await dialog.getByRole('button', { name: 'Move', exact: true }).click();
      await expect.poll(() => dialog.getByRole('alert').textContent()).toContain('lies inside the data folder');
      await path.fill(elsewhere);
      await dialog.getByRole('button', { name: 'Move', exact: true }).click();
      const place = join(elsewhere, 'Tailor');
      await own.getByText(`Tailor goes on with ${place}.`).waitFor();
      expect(terminal.options.data).toBe(place);
      expect(listModels(terminal.app().db).map(({ name }) => name)).toEqual(['demo']);
      await own.getByRole('button', { name: 'Delete them' }).click();
      await expect.poll(() => readdirSync(data)).toEqual(['moved-to.json']);
      await expect.poll(() => own.getByRole('button', { name: 'Delete them' }).count()).toBe(0);
    } finally {
      await own.context().close();
      stop.abort();
      await serving;
      terminal[Symbol.dispose]();
      rmSync(data, { recursive: true, force: true });
    }
  });

  it('refuses a run whose weights alone are over the limit', () => {
    const { app } = workbench;
    const { id, parameters } = listModels(app.db)[0]!;
    const plan = { recipe: { kind: 'tune' as const, model: { checkpoint: '' }, steps: 1 }, inputs: { models: [id] } };
    keepSetting(app.db, 'memoryLimitBytes', parameters * 2);
    expect(() => checkMemory(app, plan)).not.toThrow();
    keepSetting(app.db, 'memoryLimitBytes', parameters * 2 - 1);
    expect(() => checkMemory(app, plan)).toThrow(/demo takes .* for its weights alone, but the memory limit is/);
    const full = { ...plan, recipe: { ...plan.recipe, method: 'full' as const } };
    keepSetting(app.db, 'memoryLimitBytes', parameters * 2);
    expect(() => checkMemory(app, full)).toThrow(/tune an adapter \(LoRA\) instead of every weight, or take a smaller model\./);
  });
});
