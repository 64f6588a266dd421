// The native menus, as a template: roles where the system has them, accelerators for the rest.
import type { MenuItemConstructorOptions } from 'electron';

export interface MenuActions {
  /** Goes to a place of the page, such as "#datasets". */
  go(place: string): void;
  openFiles(): void;
  openFolder(): void;
  openRecent(path: string): void;
  clearRecent(): void;
  /** Opens a part of the page's frame. */
  openPart(part: 'palette' | 'keys'): void;
  /** Stops the run at its next safe point, to be resumed. */
  stopRun(): void;
  showLogs(): void;
  showData(): void;
}

/** The pages in the order of their accelerators, as the rail has them; settings have the system's own. */
const PAGES = ['Studies', 'Datasets', 'Prompts', 'Models', 'Prune', 'Runs', 'Compare'] as const;

/** The application menu of a platform. Developer tools are there only in a checkout. */
export function menuTemplate(
  actions: MenuActions,
  {
    platform,
    isPackaged,
    recent: files,
  }: { readonly platform: NodeJS.Platform; readonly isPackaged: boolean; readonly recent: readonly string[] },
): MenuItemConstructorOptions[] {
  const isMac = platform === 'darwin';
  const settings: MenuItemConstructorOptions = {
    label: isMac ? 'Settings…' : '&Settings',
    accelerator: 'CmdOrCtrl+,',
    click: () => actions.go('#settings'),
  };
  const line: MenuItemConstructorOptions = { type: 'separator' };
  const appMenu: MenuItemConstructorOptions = {
    role: 'appMenu',
    submenu: [
      { role: 'about' },
      line,
      settings,
      line,
      { role: 'services' },
      line,
      { role: 'hide' },
      { role: 'hideOthers' },
      { role: 'unhide' },
      line,
      { role: 'quit' },
    ],
  };
  // Only macOS keeps this menu itself.
  const recent: MenuItemConstructorOptions = isMac
    ? { label: 'Open Recent', role: 'recentDocuments', submenu: [{ label: 'Clear Menu', role: 'clearRecentDocuments' }] }
    : {
        label: 'Open &Recent',
        enabled: files.length > 0,
        submenu: [
          ...files.map((path) => ({ label: path.replaceAll('&', '&&'), click: () => actions.openRecent(path) })),
          line,
          { label: 'Clear Menu', click: () => actions.clearRecent() },
        ],
      };
  const file: MenuItemConstructorOptions = {
    label: '&File',
    submenu: [
      { label: '&New Study', accelerator: 'CmdOrCtrl+N', click: () => actions.go('#studies/new') },
      line,
      { label: '&Open…', accelerator: 'CmdOrCtrl+O', click: () => actions.openFiles() },
      { label: 'Open &Folder…', accelerator: 'CmdOrCtrl+Shift+O', click: () => actions.openFolder() },
      recent,
      line,
      ...(isMac ? [{ role: 'close' } as const] : [settings, line, { role: 'quit' } as const]),
    ],
  };
  const go: MenuItemConstructorOptions = {
    label: '&Go',
    submenu: PAGES.map((page, index) => ({
      label: page,
      accelerator: `CmdOrCtrl+${index + 1}`,
      click: () => actions.go(`#${page.toLowerCase()}`),
    })),
  };
  const view: MenuItemConstructorOptions = {
    label: '&View',
    submenu: [
      { label: 'Search and &Commands…', accelerator: 'CmdOrCtrl+Shift+P', click: () => actions.openPart('palette') },
      line,
      { role: 'reload' },
      ...(isPackaged ? [] : [{ role: 'toggleDevTools' } as const]),
      line,
      { role: 'resetZoom' },
      { role: 'zoomIn' },
      { role: 'zoomOut' },
      line,
      { role: 'togglefullscreen' },
    ],
  };
  const run: MenuItemConstructorOptions = {
    label: '&Run',
    submenu: [
      { label: '&Queue', click: () => actions.go('#runs') },
      { label: '&Stop and Save', accelerator: 'CmdOrCtrl+.', click: () => actions.stopRun() },
    ],
  };
  const help: MenuItemConstructorOptions = {
    role: 'help',
    submenu: [
      { label: '&Keyboard Shortcuts', click: () => actions.openPart('keys') },
      line,
      { label: 'Open &Logs Folder', click: () => actions.showLogs() },
      { label: 'Open &Data Folder', click: () => actions.showData() },
      ...(isMac ? [] : [line, { role: 'about' } as const]),
    ],
  };
  return [...(isMac ? [appMenu] : []), file, { role: 'editMenu' }, go, view, run, { role: 'windowMenu' }, help];
}
