// Copies of files that a browser sent: one folder for each drop, kept while somebody needs it and no longer.
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import type { App } from '../app.ts';
import { listModels } from '../db/models.ts';
import { isInside } from './folder-files.ts';

/** Where the folders of all drops lie. */
export function uploadsFolder(app: App): string {
  return join(resolve(app.host.dataFolder), 'uploads');
}

/** The folder of the drop that a path came in with; undefined for a path that no browser sent. */
export function dropOf(app: App, path: string): string | undefined {
  const folder = uploadsFolder(app);
  const way = relative(folder, resolve(path));
  if (way === '' || way.startsWith('..') || isAbsolute(way)) return undefined;
  return join(folder, way.split(sep)[0]!);
}

/** Removes the drops that these paths came in with, but none in which a model lies or that holds a path somebody still needs. */
export function removeDrops(app: App, paths: readonly string[], needed: readonly string[] = []): void {
  const drops = new Set(paths.map((path) => dropOf(app, path)).filter((drop) => drop !== undefined));
  if (drops.size === 0) return;
  const kept = [...needed, ...listModels(app.db).map((model) => model.folderPath)];
  for (const drop of drops) {
    if (!kept.some((path) => isInside(drop, path))) rmSync(drop, { recursive: true, force: true });
  }
}

/** Removes what drops of an earlier start left behind: whatever is no model's folder. Nothing else outlives the program. */
export function sweepDrops(app: App): void {
  const folder = uploadsFolder(app);
  if (!existsSync(folder)) return;
  removeDrops(
    app,
    readdirSync(folder).map((name) => join(folder, name)),
  );
}

/** Makes the folder of a drop; `name` must be a plain file name. */
export function makeDrop(app: App, name: string): string {
  const folder = join(uploadsFolder(app), name);
  mkdirSync(folder, { recursive: true });
  return folder;
}
