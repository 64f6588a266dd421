// Entry of the desktop shell: finds the folders, and starts it with Electron's parts.
import { join } from 'node:path';
import * as electron from 'electron';
import { followMoves } from '../moved-folder.ts';
import { defaultDataFolder } from '../node/data-folder.ts';
import { startDesktop } from './desktop.ts';
import { findForeignCode } from './native-files.ts';
import { answerSquirrel } from './squirrel.ts';

const { app, dialog } = electron;
/** In a package and in a checkout alike: dist/main/electron beside dist/renderer. */
const DIST = join(import.meta.dirname, '..', '..');

function cannotStart(thrown: unknown): void {
  dialog.showErrorBox('Tailor cannot start', thrown instanceof Error ? thrown.message : String(thrown));
  app.exit(1);
}

/** The data folder, wherever it was moved; undefined after a word about why Tailor cannot start. Nothing native was loaded before. */
function findDataFolder(): string | undefined {
  try {
    const root = app.getAppPath(); // in a package the archive itself
    const fault = app.isPackaged ? findForeignCode(root, `${root}.unpacked`) : undefined;
    if (fault === undefined) return followMoves(defaultDataFolder());
    cannotStart(fault);
  } catch (thrown) {
    cannotStart(thrown);
  }
  return undefined;
}

const isInstalling = answerSquirrel(process.argv, process.execPath, process.platform);
if (isInstalling) app.quit();
const dataFolder = isInstalling ? undefined : findDataFolder();
if (dataFolder !== undefined)
  startDesktop(electron, {
    dataFolder,
    pageFolder: join(DIST, 'renderer'),
    // What ships beside the archive lies in the package's own resources folder.
    resourcesFolder: app.isPackaged ? process.resourcesPath : join(DIST, '..', 'resources'),
    preload: join(import.meta.dirname, 'preload.cjs'),
    parameters: process.argv,
    platform: process.platform,
    updateFeed: process.env['TAILOR_UPDATE_FEED'],
  }).catch(cannotStart);
