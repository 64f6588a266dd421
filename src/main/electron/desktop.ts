// The desktop shell from start to end: small steps in the order that Electron wants them, with Electron itself as a parameter.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type Electron from 'electron';
import type { BrowserWindow } from 'electron';
import { endActivities, listActivities } from '../api/activities.ts';
import { createFileRefs } from '../api/file-refs.ts';
import { isAtWork, pauseWork, saveWork } from '../api/save-work.ts';
import { DEVICES_AFTER_MS, tryDevicesOnce } from '../api/machine.ts';
import { readSettings } from '../api/settings.ts';
import { startStudy, studiesAtWork } from '../api/study-jobs.ts';
import { readStudySettings } from '../api/study-settings.ts';
import { createApp, type App } from '../app.ts';
import { keepSetting, listSettings } from '../db/settings.ts';
import { listRuns } from '../db/runs.ts';
import { listStudies } from '../db/studies.ts';
import type { WorkerProcess } from '../host.ts';
import { whyOffline } from '../offline.ts';
import { NOTE_MESSAGE, PART_MESSAGE } from '../../shared/window-messages.ts';
import { createDesk } from './desk.ts';
import { filesOfArguments, openPaths } from './files.ts';
import { openLog } from './logs.ts';
import { menuTemplate, type MenuActions } from './menu.ts';
import { linkPage } from './page-link.ts';
import { followPower } from './power.ts';
import { showPresence } from './presence.ts';
import { isPageUrl, registerScheme, servePage } from './protocol.ts';
import { guardQuit } from './quit-guard.ts';
import { clearRecent, keepRecent, listRecent } from './recent-files.ts';
import { showTray } from './tray.ts';
import { lookForUpdate } from './updates.ts';
import { confineAll, denyPermissions, mendCrashes, showPage, turnTo, windowOptions } from './window.ts';
import { forkWorker, WORKER_NAME } from './worker-process.ts';

/** What of Electron the shell is made with. */
export type ElectronParts = Pick<
  typeof Electron,
  | 'app'
  | 'BrowserWindow'
  | 'crashReporter'
  | 'dialog'
  | 'ipcMain'
  | 'Menu'
  | 'MessageChannelMain'
  | 'nativeImage'
  | 'nativeTheme'
  | 'net'
  | 'Notification'
  | 'powerMonitor'
  | 'powerSaveBlocker'
  | 'protocol'
  | 'session'
  | 'shell'
  | 'Tray'
  | 'utilityProcess'
>;

export interface DesktopOptions {
  readonly dataFolder: string;
  /** Where dist/renderer lies. */
  readonly pageFolder: string;
  readonly resourcesFolder: string;
  readonly preload: string;
  readonly parameters: readonly string[];
  readonly platform: NodeJS.Platform;
  readonly updateFeed: string | undefined;
  /** Another way to get a worker than the utility process: for tests. */
  readonly spawnWorker?: () => WorkerProcess;
}

/** How long after the start an update is looked for, so that it is in nobody's way. */
const UPDATE_AFTER_MS = 30_000;
/** The setting that holds where the page was when its window closed. */
const LAST_PLACE = 'lastPlace';

/**
 * Starts the shell. Everything until Electron is ready happens before this returns its promise, as Electron demands. Resolves with the
 * program, or with undefined when another Tailor has this data folder already, which then shows itself instead. Rejects when it cannot
 * start for another reason, such as a data folder that cannot be written.
 */
export async function startDesktop(parts: ElectronParts, options: DesktopOptions): Promise<App | undefined> {
  const { app, dialog } = parts;
  // The shell's own small state lies with the data, so that each data folder has its one window.
  const shellFolder = join(options.dataFolder, 'shell');
  mkdirSync(shellFolder, { recursive: true }); // a folder that is not there is refused
  app.setPath('userData', shellFolder);
  app.setAppLogsPath(join(options.dataFolder, 'logs'));
  if (!app.requestSingleInstanceLock()) {
    app.quit();
    return undefined;
  }
  // Reports of crashes stay on this machine, in the shell's folder.
  parts.crashReporter.start({ uploadToServer: false });
  registerScheme(parts.protocol);
  app.enableSandbox();
  const log = openLog(app.getPath('logs'), () => new Date());
  confineAll(app, log);

  // Files may come before anything can take them.
  const early: string[] = filesOfArguments(options.parameters, process.cwd(), app.isPackaged);
  let open = (paths: readonly string[]): void => void early.push(...paths);
  let show = (): void => undefined;
  app.on('open-file', (event, path) => {
    event.preventDefault();
    open([path]);
  });
  app.on('second-instance', (_event, parameters, folder) => {
    show();
    open(filesOfArguments(parameters, folder, app.isPackaged));
  });
  await app.whenReady();

  let program: App;
  try {
    program = createApp({
      dataFolder: options.dataFolder,
      resourcesFolder: options.resourcesFolder,
      now: () => new Date(),
      log,
      spawnWorker: options.spawnWorker ?? (() => forkWorker((...fork) => parts.utilityProcess.fork(...fork), log)),
    });
  } catch (thrown) {
    dialog.showErrorBox('Tailor cannot start', thrown instanceof Error ? thrown.message : String(thrown));
    app.exit(1);
    return undefined;
  }
  const shell = openShell(parts, options, program, log);
  show = shell.show;
  open = shell.open;
  open(early.splice(0));
  program.queue.work();
  setTimeout(() => void shell.lookForUpdate(), UPDATE_AFTER_MS).unref();
  setTimeout(() => void tryDevicesOnce(program), DEVICES_AFTER_MS).unref();
  return program;
}

/** Everything that needs the program: the page's calls, window, menu, tray, presence, and the question before quitting. */
function openShell(parts: ElectronParts, options: DesktopOptions, program: App, log: (line: string) => void) {
  const { app, dialog, nativeTheme } = parts;
  const settings = () => readSettings(program);
  const icon = join(options.resourcesFolder, 'icon', 'icon.png');
  let window: BrowserWindow | undefined;
  let tray: ReturnType<typeof showTray> | undefined;

  nativeTheme.themeSource = settings().theme;
  /** Keeps a convenience, such as the last place: a full disk costs it, and not what the person is about to do. */
  const remember = (keep: () => void): void => {
    try {
      keep();
    } catch (thrown) {
      log(`shell: not kept (${thrown instanceof Error ? thrown.message : String(thrown)})`);
    }
  };
  const files = createFileRefs();
  const desk = createDesk({
    dialog,
    shell: parts.shell,
    nativeTheme,
    lastFolder: (what) => listSettings(program.db)[`lastFolder.${what}`] as string | undefined,
    keepLastFolder: (what, folder) => remember(() => keepSetting(program.db, `lastFolder.${what}`, folder)),
    updateFeed: options.updateFeed,
    startAnew() {
      app.relaunch();
      void guard.leaveNow();
    },
  });
  denyPermissions(parts.session.defaultSession);
  servePage(parts.protocol, options.pageFolder);
  const dragIcon = () => parts.nativeImage.createFromPath(icon).resize({ width: 48 });
  const { ipcMain, MessageChannelMain } = parts;
  const link = linkPage({ ipcMain, MessageChannelMain, dragIcon }, { app: program, files, desk });
  const activities = { list: () => listActivities(program), end: () => endActivities(program) };
  const work = { isGoingOn: () => isAtWork(program), save: () => saveWork(program) };
  const guard = guardQuit({ app, dialog, work, activities, platform: options.platform, keepRunning, log });

  /** Brings the window to the front, at a place of the page where one is named. */
  function show(place?: string): void {
    tray?.destroy();
    tray = undefined;
    if (!window) return openWindow(place);
    if (window.isMinimized()) window.restore();
    window.show();
    window.focus();
    if (place !== undefined) turnTo(window, place, log);
  }

  function openWindow(place?: string): void {
    const opened = new parts.BrowserWindow(windowOptions(options.preload, nativeTheme.shouldUseDarkColors, icon));
    const { webContents: contents } = opened;
    window = opened;
    mendCrashes(opened, dialog, log, () => link.forget(contents));
    contents.on('did-start-navigation', ({ isMainFrame, isSameDocument, url }) => {
      // A reload: the new page asks again. Another address is refused, and the page stays.
      if (isMainFrame && !isSameDocument && isPageUrl(url)) link.forget(contents);
    });
    opened.on('close', () => {
      const url = contents.getURL();
      if (isPageUrl(url)) remember(() => keepSetting(program.db, LAST_PLACE, new URL(url).hash));
    });
    opened.on('closed', () => {
      link.forget(contents);
      window = undefined;
    });
    guard.watch(opened);
    showPage(opened, place ?? String(listSettings(program.db)[LAST_PLACE] ?? ''), log);
  }

  /** Takes the window out of the way and leaves a sign in the tray. Not every desktop of Linux has one: there it stays in the task list. */
  function keepRunning(): void {
    if (options.platform === 'linux') window?.minimize();
    else window?.hide();
    tray ??= showTray({ parts, icon, platform: options.platform, open: () => show(), quit: () => app.quit() });
  }

  const open = (paths: readonly string[]): void => {
    if (paths.length === 0) return;
    remember(() => keepRecent(program.db, paths));
    showMenu();
    void openPaths(
      {
        app,
        dialog,
        add: (path) => files.add(path),
        give: (refs) => link.open(refs),
        readRecipe: (path) => readStudySettings(path),
        startStudy: (study) => startStudy(program, study).id,
        show,
      },
      paths,
    ).catch((thrown: unknown) => dialog.showErrorBox('This cannot be opened', thrown instanceof Error ? thrown.message : String(thrown)));
  };
  const pick = (what: 'files' | 'folder'): void =>
    void desk.pick(what, what === 'files' ? 'Open datasets or a recipe' : 'Open a model or a folder of data').then((paths) => {
      if (!paths) return;
      show();
      open(paths);
    });

  const actions: MenuActions = {
    go: (place) => show(place),
    openFiles: () => pick('files'),
    openFolder: () => pick('folder'),
    openRecent(path) {
      show();
      open([path]);
    },
    clearRecent() {
      clearRecent(program.db);
      showMenu();
    },
    openPart(part) {
      show();
      link.say({ kind: PART_MESSAGE, part });
    },
    stopRun() {
      const { runningId } = program.queue;
      if (runningId !== undefined) void program.queue.stop(runningId, 'interrupted');
    },
    showLogs: () => void parts.shell.openPath(app.getPath('logs')),
    showData: () => void parts.shell.openPath(options.dataFolder),
  };
  /** The whole menu anew: its recent files change. */
  function showMenu(): void {
    const facts = { platform: options.platform, isPackaged: app.isPackaged, recent: listRecent(program.db) };
    parts.Menu.setApplicationMenu(parts.Menu.buildFromTemplate(menuTemplate(actions, facts)));
  }
  showMenu();
  showPresence({
    queue: program.queue,
    events: program.events,
    powerSaveBlocker: parts.powerSaveBlocker,
    Notification: parts.Notification,
    window: () => window,
    settings,
    isMoreQueued: () => listRuns(program.db, 'queued').length > 0,
    studiesAtWork: () => studiesAtWork(program),
    study: (id) => listStudies(program.db).find((study) => study.id === id),
    show,
    tell: (text) => link.say({ kind: NOTE_MESSAGE, text }),
    log,
  });
  const { powerMonitor } = parts;
  followPower({ powerMonitor, pauseWork: () => pauseWork(program), leaveNow: () => guard.leaveNow(), log });
  app.on('child-process-gone', (_event, { type, reason, exitCode, name, serviceName }) => {
    if (reason !== 'clean-exit') log(`process: ${name ?? serviceName ?? type} is gone (${reason}, code ${exitCode})`);
    if (name === WORKER_NAME && reason === 'oom') log('process: the worker had too little memory; its run can be resumed');
  });
  app.on('activate', () => show());
  // While something is at work the guard lets no window close.
  app.on('window-all-closed', () => {
    if (options.platform !== 'darwin') app.quit();
  });
  app.on('will-quit', () => program[Symbol.dispose]());
  openWindow();
  return {
    show: () => show(),
    open,
    lookForUpdate: () =>
      lookForUpdate({
        net: parts.net,
        shell: parts.shell,
        Notification: parts.Notification,
        feed: options.updateFeed,
        version: app.getVersion(),
        isWanted: () => settings().checkForUpdates && whyOffline(settings()) === undefined,
        isRunning: () => program.queue.runningId !== undefined,
      }),
  };
}
