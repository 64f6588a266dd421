// The real desktop program through Playwright's Electron support, where Electron's binary and a display are to be had.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { _electron as electron } from 'playwright-core';
import { afterAll, describe, expect, it } from 'vitest';
import { buildDesktop, isDesktopStale, ROOT } from '../../../src/main/node/build-page.ts';
import { electronFolder, hasDisplay, installedElectron } from '../../../src/main/node/find-electron.ts';

const PROGRAM = installedElectron(electronFolder());
const WHY_NOT = PROGRAM === undefined ? 'Electron’s binary is not installed' : hasDisplay() ? undefined : 'there is no display';
if (WHY_NOT) console.log(`Skipping the desktop program: ${WHY_NOT}.`);

describe.skipIf(WHY_NOT)('the desktop program', () => {
  const dataFolder = mkdtempSync(join(tmpdir(), 'tailor-electron-'));
  afterAll(() => rmSync(dataFolder, { recursive: true, force: true }));

  it('opens its window, speaks to main, and shows every page', async () => {
    if (isDesktopStale()) await buildDesktop();
    const program = await electron.launch({
      executablePath: PROGRAM!,
      args: [ROOT],
      env: { ...(process.env as Record<string, string>), TAILOR_HOME: dataFolder },
    });
    try {
      const page = await program.firstWindow();
      expect(page.url()).toMatch(/^app:\/\/tailor\/index\.html/);
      await page.getByRole('main').waitFor();
      for (const name of ['datasets', 'prompts', 'models', 'prune', 'runs', 'compare', 'settings', 'studies']) {
        await page.evaluate((hash) => ((globalThis as unknown as { location: { hash: string } }).location.hash = hash), name);
        await page.waitForURL(new RegExp(`#${name}$`));
        await page.locator('section.page').first().waitFor();
      }
      expect(await page.evaluate(() => typeof (globalThis as { require?: unknown }).require)).toBe('undefined');
    } finally {
      await program.close();
    }
  });
});
