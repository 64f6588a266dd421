// Recipes name what lies in the data folder from that folder on, as all paths here do, so that a folder that was moved goes on.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { isAbsolute, join, relative } from 'node:path';
import type { Database } from 'better-sqlite3';
import { placeRecipe, type Recipe } from '../../../shared/recipe.ts';

/**
 * Rewrites the recipes of all runs, and spec.json in the folders of those that may still go on. A path counts as inside the data folder
 * when it lies there, or when it ends in the place of a model, a score file or a run: then the folder was moved before.
 */
export function placeRecipes(db: Database, dataFolder: string): void {
  const places = new Set(
    db
      .prepare('SELECT folder_path FROM models UNION SELECT file_path FROM score_sets UNION SELECT folder_path FROM runs')
      .pluck()
      .all()
      .filter((path) => !isAbsolute(path as string)),
  );
  const isShort = (path: string): boolean => !isAbsolute(path) && !/^[a-z]:[\\/]/i.test(path);
  const shorten = (path: string): string => {
    if (isShort(path)) return path;
    const inside = relative(dataFolder, path).replaceAll('\\', '/');
    if (!inside.startsWith('..') && !isAbsolute(inside)) return inside;
    const parts = path.split(/[\\/]/);
    return parts.map((_, index) => parts.slice(index).join('/')).find((end) => places.has(end)) ?? path;
  };
  const update = db.prepare('UPDATE runs SET recipe_json = ? WHERE id = ?');
  const rows = db.prepare('SELECT id, state, folder_path, recipe_json FROM runs').all() as Readonly<Record<string, string>>[];
  for (const { id, state, folder_path: folderPath, recipe_json: before } of rows) {
    const recipe = JSON.parse(before!) as Recipe;
    if (!('model' in recipe)) continue;
    const placed = placeRecipe(recipe, shorten);
    const after = JSON.stringify(placed);
    if (after === JSON.stringify(recipe)) continue;
    update.run(after, id);
    const folder = join(dataFolder, folderPath!);
    if (state === 'done' || isAbsolute(folderPath!) || !existsSync(join(folder, 'spec.json'))) continue;
    const fromRun = (path: string): string => {
      const short = shorten(path);
      // One that is short already was written by a step that did not come to its end.
      return isShort(path) || !isShort(short) ? path : relative(folder, join(dataFolder, short)).replaceAll('\\', '/');
    };
    rewrite(join(folder, 'spec.json'), (spec) => placeRecipe(spec, fromRun));
  }
}

/** A file that is no JSON is left: whoever resumes that run is told, and the other records are opened all the same. */
function rewrite(path: string, change: (spec: Recipe) => Recipe): void {
  let spec: Recipe;
  try {
    spec = JSON.parse(readFileSync(path, 'utf8')) as Recipe;
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return;
    throw thrown;
  }
  writeFileSync(`${path}.part`, JSON.stringify(change(spec), null, 2));
  renameSync(`${path}.part`, path);
}
