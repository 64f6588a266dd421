// What the page's host can do in a desktop shell: the system's dialogs, its file manager, and the theme of the window's frame.
import { dirname } from 'node:path';
import type { Dialog, NativeTheme, OpenDialogOptions, Shell } from 'electron';
import type { Desk } from '../api/desk.ts';
import { isFeed } from './updates.ts';

export interface DeskParts {
  readonly dialog: Pick<Dialog, 'showOpenDialog'>;
  readonly shell: Pick<Shell, 'showItemInFolder'>;
  readonly nativeTheme: Pick<NativeTheme, 'themeSource'>;
  /** The folder a kind of dialog was last used in; the system no longer remembers. */
  lastFolder(what: 'files' | 'folder'): string | undefined;
  keepLastFolder(what: 'files' | 'folder', folder: string): void;
  /** Ends the program and starts it anew, where it finds the note of a folder that was moved. */
  startAnew(): void;
  /** As `lookForUpdate` takes it. */
  readonly updateFeed: string | undefined;
}

export function createDesk({ dialog, shell, nativeTheme, lastFolder, keepLastFolder, startAnew, updateFeed }: DeskParts) {
  return {
    kind: 'electron',
    ...(isFeed(updateFeed) ? { updateHost: new URL(updateFeed).host } : {}),
    async pick(what, title) {
      const defaultPath = lastFolder(what);
      const options: OpenDialogOptions = {
        title,
        properties: what === 'files' ? ['openFile', 'multiSelections'] : ['openDirectory'],
        ...(defaultPath === undefined ? {} : { defaultPath }),
      };
      const { canceled, filePaths } = await dialog.showOpenDialog(options);
      if (canceled || filePaths[0] === undefined) return undefined;
      keepLastFolder(what, dirname(filePaths[0]));
      return filePaths;
    },
    reveal: (path) => shell.showItemInFolder(path),
    moveTo: startAnew,
    setTheme(theme) {
      nativeTheme.themeSource = theme;
    },
  } satisfies Desk;
}
