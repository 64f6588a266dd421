// The workbench as a person meets it: the real program behind the real web host, seen by a real browser.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import { chromium, type Browser, type Page } from 'playwright-core';
import { expect, vi } from 'vitest';
import { createApp, type App } from '../../src/main/app.ts';
import { PAGE_FOLDER } from '../../src/main/node/build-page.ts';
import { spawnWorker } from '../../src/main/node/spawn-worker.ts';
import { serveWorkbench, type WebServer } from '../../src/main/node/web-server.ts';

/** Chromium's path; undefined where there is none, and then tests that need it are skipped. */
export const CHROMIUM = ['chromium', 'chromium-browser', 'google-chrome']
  .flatMap((name) => (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, name)))
  .find((path) => existsSync(path));
/** As patient with what a page comes to as Playwright is: a busy machine may take seconds for a repaint. */
if (process.env['VITEST']) vi.setConfig({ expect: { poll: { timeout: 30_000 } } });
export const BROWSER_MISSING = CHROMIUM === undefined ? 'there is no Chromium on this machine' : undefined;
if (BROWSER_MISSING) console.log(`Skipping what needs a browser: ${BROWSER_MISSING}.`);

const VIOLATION = 'Content policy broken';
/** Some violations, such as a try whether text can be made code, are told to the document only. */
const TELL_VIOLATIONS = `document.addEventListener('securitypolicyviolation', (event) =>
  console.error('${VIOLATION}: ' + event.violatedDirective + ' at ' + event.sourceFile + ':' + event.lineNumber + ' on ' + location.hash))`;

export interface Workbench extends AsyncDisposable {
  readonly app: App;
  readonly server: WebServer;
  readonly browser: Browser;
  readonly dataFolder: string;
  /** A page of the workbench at a place such as "datasets". It fails the test when a script of it does, or breaks the content policy. */
  open(place?: string, options?: { theme?: 'light' | 'dark' }): Promise<Page>;
}

/** Starts everything on a data folder of its own. */
export async function startWorkbench(): Promise<Workbench> {
  const dataFolder = mkdtempSync(join(tmpdir(), 'tailor-page-'));
  const app = createApp({
    dataFolder,
    resourcesFolder: join(import.meta.dirname, '../../resources'),
    now: () => new Date(),
    log: () => undefined,
    spawnWorker: () => spawnWorker(() => undefined),
  });
  app.queue.work();
  const server = await serveWorkbench(app, { host: '127.0.0.1', port: 0, pageFolder: PAGE_FOLDER });
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  const faults: string[] = [];
  return {
    app,
    server,
    browser,
    dataFolder,
    async open(place = 'studies', { theme = 'light' } = {}) {
      // A context of its own: axe gathers what it found in a second page of it.
      const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, colorScheme: theme });
      const page = await context.newPage();
      page.on('pageerror', (error) => faults.push(error.stack ?? error.message));
      page.on('console', (message) => {
        if (message.text().startsWith(VIOLATION)) faults.push(message.text());
      });
      await page.addInitScript(TELL_VIOLATIONS);
      await page.goto(server.url);
      await page.goto(`${new URL(server.url).origin}/#${place}`);
      return page;
    },
    async [Symbol.asyncDispose]() {
      await browser.close();
      await server[Symbol.asyncDispose]();
      app[Symbol.dispose]();
      rmSync(dataFolder, { recursive: true, force: true });
      if (faults.length > 0) throw new Error(`The page's scripts failed: ${faults.join('\n')}`);
    },
  };
}

/** What axe finds wrong with the page as it stands, one line each. Colours that are on their way are waited for. */
export async function findAccessFaults(page: Page): Promise<string[]> {
  const isMoving = "one.playState === 'running' && one.effect.getComputedTiming().endTime < Infinity";
  await expect.poll(() => page.evaluate(`document.getAnimations().some((one) => ${isMoving})`)).toBe(false);
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} at ${target.join(' ')}: ${failureSummary ?? ''}`),
  );
}
