// Files that the system opens with Tailor: from the command line, a second start, the Finder, or the menu.
import { existsSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { App, Dialog } from 'electron';
import type { StudySettings } from '../../shared/study/settings.ts';
import type { FileRef } from '../api/file-refs.ts';

/** A study's recipe: its settings as JSON, the same file that `tailor study` takes. */
export const RECIPE_EXTENSION = '.tailor';

/** The files that a command line names: what exists of its words, switches and the program itself left out. Linux's file managers name them by address. */
export function filesOfArguments(parameters: readonly string[], folder: string, isPackaged: boolean): string[] {
  // In a checkout the first word that is no switch is the folder of the program; a second start's switches come in any order.
  return parameters
    .slice(1)
    .filter((word) => word !== '' && !word.startsWith('-'))
    .slice(isPackaged ? 0 : 1)
    .map((word) => resolve(folder, pathOfAddress(word) ?? word))
    .filter((path) => existsSync(path));
}

function pathOfAddress(word: string): string | undefined {
  const address = /^file:/i.test(word) ? URL.parse(word) : null;
  try {
    return address === null ? undefined : fileURLToPath(address);
  } catch {
    return undefined; // of another machine, or with a broken escape
  }
}

export interface OpenerParts {
  readonly app: Pick<App, 'addRecentDocument'>;
  readonly dialog: Pick<Dialog, 'showMessageBox' | 'showErrorBox'>;
  add(path: string): FileRef;
  /** Hands files to the page. */
  give(files: readonly FileRef[]): void;
  readRecipe(path: string): StudySettings;
  /** Starts a study, and returns its id. */
  startStudy(settings: StudySettings): string;
  show(place: string): void;
}

/** Opens paths: recipes after a question, everything else by the page, as if it had been dropped there. */
export async function openPaths(parts: OpenerParts, paths: readonly string[]): Promise<void> {
  const recipes = paths.filter((path) => extname(path).toLowerCase() === RECIPE_EXTENSION);
  const others = paths.filter((path) => !recipes.includes(path));
  for (const path of paths) parts.app.addRecentDocument(path);
  if (others.length > 0) parts.give(others.map((path) => parts.add(path)));
  for (const path of recipes) await openRecipe(parts, path);
}

async function openRecipe({ dialog, readRecipe, startStudy, show }: OpenerParts, path: string): Promise<void> {
  try {
    const settings = readRecipe(path);
    const { response } = await dialog.showMessageBox({
      type: 'question',
      message: `Run the study “${settings.name}”?`,
      detail: `Model: ${settings.model}\nTasks: ${settings.tasks.map(({ task, dataset }) => task ?? dataset).join(', ')}\nCuts: ${settings.ratios.map((ratio) => `${Math.round(ratio * 100)} %`).join(', ')}`,
      buttons: ['Run It', 'Cancel'],
      defaultId: 0,
      cancelId: 1,
    });
    if (response === 0) show(`#studies/${startStudy(settings)}`);
  } catch (thrown) {
    dialog.showErrorBox('This recipe cannot be opened', thrown instanceof Error ? thrown.message : String(thrown));
  }
}
