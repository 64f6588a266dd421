// The one window: locked down, kept where it was, and brought back when its page crashes.
import type { App, BrowserWindow, BrowserWindowConstructorOptions, Dialog, Session, WebContents } from 'electron';
import { isPageUrl, PAGE_URL } from './protocol.ts';

/** What a page may be allowed: to put text on the clipboard after a click, and to notify. Nothing else is ever asked for. */
const PERMITTED: readonly string[] = ['clipboard-sanitized-write', 'notifications'];

/** Everything that the window is made with; `name` is what Electron keeps its place and size under. */
export function windowOptions(preload: string, isDark: boolean, icon?: string): BrowserWindowConstructorOptions {
  return {
    title: 'Tailor',
    name: 'workbench',
    windowStatePersistence: true,
    width: 1280,
    height: 800,
    minWidth: 720,
    minHeight: 480,
    show: false,
    backgroundColor: isDark ? '#12161c' : '#f1f3f5',
    ...(icon === undefined ? {} : { icon }),
    webPreferences: {
      preload,
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      webviewTag: false,
      allowRunningInsecureContent: false,
      // The spelling dictionaries would be fetched from the network.
      spellcheck: false,
      safeDialogs: true,
    },
  };
}

/** Refuses permissions and devices to every page of the session. */
export function denyPermissions(
  session: Pick<Session, 'setPermissionRequestHandler' | 'setPermissionCheckHandler' | 'setDevicePermissionHandler'>,
): void {
  session.setPermissionRequestHandler((_contents, permission, answer) => answer(PERMITTED.includes(permission)));
  session.setPermissionCheckHandler((_contents, permission) => PERMITTED.includes(permission));
  session.setDevicePermissionHandler(() => false);
}

/** Keeps whatever page there ever is where it is: no navigation but the page's own reload, no other windows, no guests. */
export function confineContents(contents: Pick<WebContents, 'on' | 'setWindowOpenHandler'>, log: (line: string) => void): void {
  contents.setWindowOpenHandler(({ url }) => {
    log(`window: refused to open ${url}`);
    return { action: 'deny' };
  });
  // A page that loads itself anew (location.reload) comes by here too.
  contents.on('will-navigate', (event) => {
    if (isPageUrl(event.url)) return;
    log(`window: refused to go to ${event.url}`);
    event.preventDefault();
  });
  contents.on('will-attach-webview', (event) => event.preventDefault());
}

/** Confines every page from the moment it exists. */
export function confineAll(app: Pick<App, 'on'>, log: (line: string) => void): void {
  app.on('web-contents-created', (_event, contents) => confineContents(contents, log));
}

type Shown = Pick<BrowserWindow, 'once' | 'show' | 'loadURL' | 'isDestroyed'> & {
  readonly webContents: Pick<WebContents, 'on' | 'reload' | 'forcefullyCrashRenderer'>;
};

/** Loads the page at a place (such as "#runs"), and shows the window once there is something to see. */
export function showPage(window: Shown, place: string, log: (line: string) => void): void {
  window.once('ready-to-show', () => window.show());
  turnTo(window, place, log);
}

/** Turns to a place of the page; where the page is there already only its hash changes, and nothing is loaded. */
export function turnTo(window: Pick<BrowserWindow, 'loadURL'>, place: string, log: (line: string) => void): void {
  window.loadURL(PAGE_URL + place).catch((thrown: Error) => log(`window: ${PAGE_URL}${place} was not loaded (${thrown.message})`));
}

/**
 * Says that the page crashed or hangs, and reloads it: runs and records live elsewhere, so that nothing is lost. `gone` is told first.
 */
export function mendCrashes(
  window: Shown,
  dialog: Pick<Dialog, 'showMessageBox'>,
  log: (line: string) => void,
  gone: () => void = () => undefined,
): void {
  const { webContents: contents } = window;
  let isAsking = false;
  /** Whether its process has ended since it was last loaded. */
  let isGone = false;
  /** Whether it is ended on purpose, because it hangs. */
  let isEnding = false;
  const reload = (): void => {
    if (window.isDestroyed()) return;
    isGone = false;
    contents.reload();
  };
  const ask = async (message: string, detail: string, buttons: string[]): Promise<number> => {
    isAsking = true;
    try {
      return (await dialog.showMessageBox({ type: 'warning', message, detail, buttons, defaultId: 0, cancelId: 0 })).response;
    } finally {
      isAsking = false;
    }
  };
  contents.on('render-process-gone', (_event, { reason, exitCode }) => {
    if (reason === 'clean-exit') return;
    log(`window: its page ended (${reason}, code ${exitCode})`);
    gone();
    if (isEnding) {
      isEnding = false;
      return;
    }
    isGone = true;
    if (isAsking) return; // whatever is answered, it is loaded again
    void ask('Tailor’s page ended unexpectedly.', `Runs go on, and nothing was lost. The page is loaded again. (${reason})`, [
      'Load it again',
    ]).then(reload);
  });
  contents.on('unresponsive', () => {
    if (isAsking) return;
    log('window: its page does not answer');
    void ask('Tailor’s page does not answer.', 'Runs go on. Wait for it, or load it again.', ['Wait', 'Load it again']).then((choice) => {
      if (choice === 1 && !isGone && !window.isDestroyed()) {
        // A process that hangs hears no reload.
        isEnding = true;
        contents.forcefullyCrashRenderer();
      }
      if (choice === 1 || isGone) reload();
    });
  });
}
