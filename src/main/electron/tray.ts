// The sign in the tray of a program that keeps running without its window.
import type { Tray } from 'electron';
import type { ElectronParts } from './desktop.ts';

export interface TrayParts {
  readonly parts: Pick<ElectronParts, 'Menu' | 'nativeImage' | 'Tray'>;
  readonly icon: string;
  readonly platform: NodeJS.Platform;
  open(): void;
  quit(): void;
}

/** Puts the sign there; it opens the window and ends the program. */
export function showTray({ parts, icon, platform, open, quit }: TrayParts): Pick<Tray, 'destroy'> {
  const tray = new parts.Tray(parts.nativeImage.createFromPath(icon).resize({ height: platform === 'darwin' ? 18 : 32 }));
  tray.setToolTip('Tailor is at work');
  tray.setContextMenu(
    parts.Menu.buildFromTemplate([
      { label: 'Open Tailor', click: () => open() },
      { label: 'Quit', click: () => quit() },
    ]),
  );
  tray.on('click', () => open());
  return tray;
}
