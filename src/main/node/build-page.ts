// Builds the page and the desktop shell when their sources are newer than what was built: for `npm start` and for the tests, in a checkout.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the checkout. */
export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
/** Everything that the built page depends on. */
const SOURCES = ['src/renderer', 'src/shared', 'package-lock.json', 'vite.renderer.config.ts'];

const PROGRAM_SOURCES = ['src/main', 'src/worker', 'src/shared', 'package-lock.json', 'vite.config.ts', 'vite.preload.config.ts'];
/** The last thing that a build of the desktop shell writes. */
const PRELOAD = join(ROOT, 'dist', 'main', 'electron', 'preload.cjs');

/** The page as it was built last. */
export const PAGE_FOLDER = join(ROOT, 'dist', 'renderer');

/** Whether there is no built page, or one older than its sources. */
export function isPageStale(): boolean {
  return isOlder(join(PAGE_FOLDER, 'index.html'), SOURCES);
}

/** The same for what Electron starts: main, worker and the preload script. */
export function isDesktopStale(): boolean {
  return isOlder(PRELOAD, PROGRAM_SOURCES);
}

/** Builds the page into `PAGE_FOLDER`; takes some seconds. */
export async function buildPage(): Promise<void> {
  const { build } = await import('vite');
  await build({ configFile: join(ROOT, 'vite.renderer.config.ts'), logLevel: 'error' });
}

/** Builds main, worker and the preload script into `dist`, or another folder; takes some seconds. */
export async function buildDesktop(distFolder = join(ROOT, 'dist')): Promise<void> {
  const { build } = await import('vite');
  await build({ configFile: join(ROOT, 'vite.config.ts'), logLevel: 'error', build: { outDir: distFolder } });
  await build({
    configFile: join(ROOT, 'vite.preload.config.ts'),
    logLevel: 'error',
    build: { outDir: join(distFolder, 'main', 'electron') },
  });
}

function isOlder(built: string, sources: readonly string[]): boolean {
  const stat = statSync(built, { throwIfNoEntry: false });
  return stat === undefined || sources.some((source) => newestOf(join(ROOT, source)) > stat.mtimeMs);
}

function newestOf(path: string): number {
  if (!existsSync(path)) return 0;
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(0, ...readdirSync(path).map((name) => newestOf(join(path, name))));
}
