// Builds the page when its sources are newer than what was built: for `npm start` and for the tests, in a checkout.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
/** Everything that the built page depends on. */
const SOURCES = ['src/renderer', 'src/shared', 'package-lock.json', 'vite.renderer.config.ts'];

/** The page as it was built last. */
export const PAGE_FOLDER = join(ROOT, 'dist', 'renderer');

/** Whether there is no built page, or one older than its sources. */
export function isPageStale(): boolean {
  const built = statSync(join(PAGE_FOLDER, 'index.html'), { throwIfNoEntry: false });
  return built === undefined || SOURCES.some((source) => newestOf(join(ROOT, source)) > built.mtimeMs);
}

/** Builds the page into `PAGE_FOLDER`; takes some seconds. */
export async function buildPage(): Promise<void> {
  const { build } = await import('vite');
  await build({ configFile: join(ROOT, 'vite.renderer.config.ts'), logLevel: 'warn' });
}

function newestOf(path: string): number {
  if (!existsSync(path)) return 0;
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(0, ...readdirSync(path).map((name) => newestOf(join(path, name))));
}
