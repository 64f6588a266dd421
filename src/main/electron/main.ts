// Entry of the desktop shell: finds the folders, and starts it with Electron's parts.
import { join } from 'node:path';
import * as electron from 'electron';
import { defaultDataFolder } from '../node/data-folder.ts';
import { startDesktop } from './desktop.ts';
import { answerSquirrel } from './squirrel.ts';

const { app } = electron;
/** In a package and in a checkout alike: dist/main/electron beside dist/renderer. */
const DIST = join(import.meta.dirname, '..', '..');

if (answerSquirrel(process.argv, process.execPath, process.platform)) app.quit();
else
  void startDesktop(electron, {
    dataFolder: defaultDataFolder(),
    pageFolder: join(DIST, 'renderer'),
    // What ships beside the archive lies in the package's own resources folder.
    resourcesFolder: app.isPackaged ? process.resourcesPath : join(DIST, '..', 'resources'),
    preload: join(import.meta.dirname, 'preload.cjs'),
    parameters: process.argv,
    platform: process.platform,
    updateFeed: process.env['TAILOR_UPDATE_FEED'],
  });
