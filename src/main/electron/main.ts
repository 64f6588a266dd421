// Entry of the desktop shell: finds the folders, and starts it with Electron's parts.
import { join } from 'node:path';
import * as electron from 'electron';
import { followMoves } from '../moved-folder.ts';
import { defaultDataFolder } from '../node/data-folder.ts';
import { startDesktop, type DesktopOptions } from './desktop.ts';
import { keepResources } from './keep-resources.ts';
import { findForeignCode } from './native-files.ts';
import { answerSquirrel } from './squirrel.ts';

const { app, dialog } = electron;
/** In a package and in a checkout alike: dist/main/electron beside dist/renderer. */
const DIST = join(import.meta.dirname, '..', '..');

function cannotStart(thrown: unknown): void {
  dialog.showErrorBox('Tailor cannot start', thrown instanceof Error ? thrown.message : String(thrown));
  app.exit(1);
}

/**
 * The data folder, wherever it was moved, and what ships with the program; undefined after a word about why Tailor cannot start. Nothing
 * native was loaded before.
 */
function findFolders(): Pick<DesktopOptions, 'dataFolder' | 'resourcesFolder'> | undefined {
  try {
    if (!app.isPackaged) return { dataFolder: followMoves(defaultDataFolder()), resourcesFolder: join(DIST, '..', 'resources') };
    const root = app.getAppPath(); // in a package the archive itself
    const fault = findForeignCode(root, `${root}.unpacked`);
    if (fault !== undefined) throw new Error(fault);
    const dataFolder = followMoves(defaultDataFolder());
    // Beside the archive lies what ships.
    return { dataFolder, resourcesFolder: keepResources(process.resourcesPath, dataFolder) };
  } catch (thrown) {
    cannotStart(thrown);
    return undefined;
  }
}

const isInstalling = answerSquirrel(process.argv, process.execPath, process.platform);
if (isInstalling) app.quit();
const folders = isInstalling ? undefined : findFolders();
if (folders !== undefined)
  startDesktop(electron, {
    ...folders,
    pageFolder: join(DIST, 'renderer'),
    preload: join(import.meta.dirname, 'preload.cjs'),
    parameters: process.argv,
    platform: process.platform,
    updateFeed: process.env['TAILOR_UPDATE_FEED'],
  }).catch(cannotStart);
