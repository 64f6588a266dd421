// Studies name what lies in the data folder from that folder on, as all paths here do, so that a folder that was moved goes on.
import { isAbsolute, relative } from 'node:path';
import type { Database } from 'better-sqlite3';
import { placeStudy } from '../../../shared/study/settings.ts';

/** Rewrites the settings of all studies; "./" marks a path from the data folder on. */
export function placeStudies(db: Database, dataFolder: string): void {
  const shorten = (name: string): string => {
    const inside = relative(dataFolder, name).replaceAll('\\', '/');
    return !isAbsolute(name) || inside.startsWith('..') || isAbsolute(inside) ? name : `./${inside}`;
  };
  const update = db.prepare('UPDATE studies SET settings_json = ? WHERE id = ?');
  const rows = db.prepare('SELECT id, settings_json FROM studies').all() as Readonly<Record<string, string>>[];
  for (const { id, settings_json: before } of rows) update.run(JSON.stringify(placeStudy(JSON.parse(before!) as object, shorten)), id);
}
