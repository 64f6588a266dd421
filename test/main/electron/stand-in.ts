// A stand-in of Electron for Node: every part has the members that the shell calls, checked by the compiler against Electron's own types.
import { fork as forkProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { existsSync } from 'node:fs';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type Electron from 'electron';
import type { ElectronParts } from '../../../src/main/electron/desktop.ts';

/** An emitter whose `on` fits every event of Electron's: its own overloads are checked where the shell calls them. */
type On = (event: string, listener: (...parameters: never[]) => void) => never;

export class Emitting {
  readonly emitter = new EventEmitter();
  readonly on = ((event: string, listener: (...parameters: unknown[]) => void) => {
    this.emitter.on(event, listener);
    return this;
  }) as unknown as On;
  readonly once = ((event: string, listener: (...parameters: unknown[]) => void) => {
    this.emitter.once(event, listener);
    return this;
  }) as unknown as On;
  emit(event: string, ...parameters: unknown[]): void {
    this.emitter.emit(event, ...parameters);
  }
}

/** An event that can be prevented. */
export function preventable<More extends object>(more?: More) {
  return {
    isPrevented: false,
    preventDefault() {
      this.isPrevented = true;
    },
    ...more,
  };
}

/** The page's side of ipc: what it would send arrives at the shell's listeners. */
export class FakeIpcMain extends Emitting {
  readonly handlers = new Map<string, (event: never, ...parameters: unknown[]) => unknown>();
  readonly handle = (channel: string, handler: (event: never, ...parameters: unknown[]) => unknown): void =>
    void this.handlers.set(channel, handler);
}

/** Electron's MessagePortMain over Node's own port: messages come as events with `data`. */
class FakePort extends Emitting {
  readonly port: MessagePort;
  constructor(port: MessagePort) {
    super();
    this.port = port;
    port.on('close', () => this.emit('close'));
  }
  start = (): void => {
    this.port.on('message', (data) => this.emit('message', { data, ports: [] }));
  };
  postMessage = (message: unknown): void => this.port.postMessage(message);
  close = (): void => this.port.close();
}

export class FakeMessageChannelMain {
  readonly port1: Electron.MessagePortMain;
  readonly port2: Electron.MessagePortMain;
  constructor() {
    const { port1, port2 } = new MessageChannel();
    const ends = [new FakePort(port1), new FakePort(port2)] satisfies Pick<
      Electron.MessagePortMain,
      'on' | 'postMessage' | 'start' | 'close'
    >[];
    [this.port1, this.port2] = ends as unknown as [Electron.MessagePortMain, Electron.MessagePortMain];
  }
}

/** Node's port behind one that was handed over. */
export const nodePortOf = (port: unknown): MessagePort => (port as FakePort).port;

export class FakeContents extends Emitting {
  readonly id = 1;
  readonly sent: { channel: string; message: unknown }[] = [];
  readonly ports: MessagePort[] = [];
  reloads = 0;
  /** How often its process was ended on purpose. */
  crashes = 0;
  url = '';
  readonly dragged: Electron.Item[] = [];
  openHandler: ((details: Electron.HandlerDetails) => Electron.WindowOpenHandlerResponse) | undefined;
  readonly send = (channel: string, message: unknown): void => void this.sent.push({ channel, message });
  readonly postMessage = (channel: string, _message: unknown, transfer: Electron.MessagePortMain[] = []): void => {
    this.sent.push({ channel, message: undefined });
    this.ports.push(...transfer.map(nodePortOf));
  };
  readonly isDestroyed = (): boolean => false;
  readonly getURL = (): string => this.url;
  readonly startDrag = (item: Electron.Item): void => void this.dragged.push(item);
  readonly forcefullyCrashRenderer = (): void => void (this.crashes += 1);
  readonly reload = (): void => void (this.reloads += 1);
  readonly setWindowOpenHandler = (handler: NonNullable<FakeContents['openHandler']>): void => {
    this.openHandler = handler;
  };
}

export interface StandIn {
  readonly parts: ElectronParts;
  /** The calls in their order, such as "app.enableSandbox". */
  readonly calls: string[];
  readonly app: Emitting & { isPackaged: boolean };
  readonly ipcMain: FakeIpcMain;
  readonly windows: FakeWindow[];
  readonly powerMonitor: Emitting;
  readonly notifications: FakeNotification[];
  readonly schemes: Electron.CustomScheme[];
  readonly handlers: Map<string, (request: Request) => Response | Promise<Response>>;
  readonly boxes: Electron.MessageBoxOptions[];
  readonly errors: string[];
  readonly recent: string[];
  readonly trays: FakeTray[];
  menu: Electron.MenuItemConstructorOptions[];
  /** Answers of message boxes to come, the first choice when there are none. */
  readonly answers: number[];
  hasLock: boolean;
  becomeReady(): void;
}

export class FakeWindow extends Emitting {
  readonly options: Electron.BrowserWindowConstructorOptions;
  readonly webContents = new FakeContents();
  readonly urls: string[] = [];
  isShown = false;
  readonly progress: number[] = [];
  constructor(options: Electron.BrowserWindowConstructorOptions) {
    super();
    this.options = options;
  }
  isGone = false;
  readonly isDestroyed = (): boolean => this.isGone;
  readonly loadURL = (url: string): Promise<void> => {
    this.urls.push(url);
    this.webContents.url = url;
    return Promise.resolve();
  };
  readonly show = (): void => void (this.isShown = true);
  readonly hide = (): void => void (this.isShown = false);
  isInTaskList = false;
  readonly minimize = (): void => void (this.isInTaskList = true);
  readonly focus = (): void => undefined;
  readonly restore = (): void => void (this.isInTaskList = false);
  readonly isMinimized = (): boolean => this.isInTaskList;
  readonly isFocused = (): boolean => false;
  readonly setProgressBar = (progress: number): void => void this.progress.push(progress);
}

export class FakeNotification extends Emitting {
  readonly options: Electron.NotificationConstructorOptions;
  constructor(options: Electron.NotificationConstructorOptions) {
    super();
    this.options = options;
  }
  readonly show = (): void => undefined;
}

export class FakeTray extends Emitting {
  isDestroyed = false;
  readonly setToolTip = (): void => undefined;
  readonly setContextMenu = (): void => undefined;
  readonly destroy = (): void => void (this.isDestroyed = true);
}

/** A utility process over child_process.fork, as Electron's behaves: a number once it has started, `exit` with a code, messages as they are. */
export function forkUtility(entry: string): ReturnType<typeof Electron.utilityProcess.fork> {
  const child = forkProcess(entry, [], { serialization: 'advanced', stdio: ['ignore', 'pipe', 'pipe', 'ipc'], execArgv: [] });
  const utility = new (class extends Emitting {
    isSpawned = false;
    get pid(): number | undefined {
      return this.isSpawned ? child.pid : undefined;
    }
    readonly stdout = child.stdout as NodeJS.ReadableStream;
    readonly stderr = child.stderr as NodeJS.ReadableStream;
    readonly kill = (): boolean => child.kill();
    readonly postMessage = (message: unknown): void => void child.send(message as string, () => undefined);
  })() satisfies Pick<Electron.UtilityProcess, 'on' | 'kill' | 'postMessage' | 'pid' | 'stdout' | 'stderr'> & Emitting;
  child.on('spawn', () => (utility.isSpawned = true));
  child.on('message', (message) => utility.emit('message', message));
  child.on('close', (code) => utility.emit('exit', code ?? 1));
  return utility as unknown as Electron.UtilityProcess;
}

/** Everything that `startDesktop` takes, with what it did in plain sight. */
export function createStandIn(folder: string, { isReady = true } = {}): StandIn {
  const calls: string[] = [];
  const ready = Promise.withResolvers<undefined>();
  if (isReady) ready.resolve(undefined);
  const note =
    <Parameters extends unknown[], Result>(name: string, act: (...parameters: Parameters) => Result) =>
    (...parameters: Parameters): Result => {
      calls.push(name);
      return act(...parameters);
    };
  const paths = new Map<string, string>([['logs', folder]]);
  const standIn = {
    calls,
    windows: [] as FakeWindow[],
    notifications: [] as FakeNotification[],
    schemes: [] as Electron.CustomScheme[],
    handlers: new Map<string, (request: Request) => Response | Promise<Response>>(),
    boxes: [] as Electron.MessageBoxOptions[],
    errors: [] as string[],
    recent: [] as string[],
    trays: [] as FakeTray[],
    menu: [] as Electron.MenuItemConstructorOptions[],
    answers: [] as number[],
    hasLock: true,
    ipcMain: new FakeIpcMain(),
    powerMonitor: new Emitting(),
    becomeReady: () => ready.resolve(undefined),
  };
  const app = Object.assign(new Emitting(), {
    isPackaged: false,
    setPath: note('app.setPath', (name: string, path: string): void => {
      if (!existsSync(path)) throw new Error(`Failed to set path: ${path} is not there`); // as the documentation has it
      paths.set(name, path);
    }),
    setAppLogsPath: note('app.setAppLogsPath', (path?: string): void => void paths.set('logs', path ?? '')),
    getPath: (name: string): string => paths.get(name) ?? folder,
    getVersion: () => '0.1.0',
    requestSingleInstanceLock: note('app.requestSingleInstanceLock', () => standIn.hasLock),
    enableSandbox: note('app.enableSandbox', () => undefined),
    whenReady: note('app.whenReady', () => ready.promise),
    addRecentDocument: (path: string): void => void standIn.recent.push(path),
    quit: note('app.quit', () => undefined),
    relaunch: note('app.relaunch', () => undefined),
    exit: note('app.exit', () => undefined),
  });
  app satisfies Pick<Electron.App, Exclude<keyof typeof app, keyof Emitting | 'on' | 'once'>>;
  const dialog = {
    showMessageBox: ((options: Electron.MessageBoxOptions): Promise<Electron.MessageBoxReturnValue> => {
      standIn.boxes.push(options);
      return Promise.resolve({ response: standIn.answers.shift() ?? 0, checkboxChecked: false });
    }) as Electron.Dialog['showMessageBox'],
    showErrorBox: (title: string, content: string): void => void standIn.errors.push(`${title}: ${content}`),
    showOpenDialog: (() => Promise.resolve({ canceled: true, filePaths: [] })) as Electron.Dialog['showOpenDialog'],
  } satisfies Partial<Electron.Dialog>;
  const protocol = {
    registerSchemesAsPrivileged: note(
      'protocol.registerSchemesAsPrivileged',
      (schemes: Electron.CustomScheme[]): void => void standIn.schemes.push(...schemes),
    ),
    handle: note(
      'protocol.handle',
      (scheme: string, handler: (request: Request) => Response | Promise<Response>): void => void standIn.handlers.set(scheme, handler),
    ),
  } satisfies Partial<Electron.Protocol>;
  const session = {
    setPermissionRequestHandler: note('session.setPermissionRequestHandler', () => undefined),
    setPermissionCheckHandler: note('session.setPermissionCheckHandler', () => undefined),
    setDevicePermissionHandler: note('session.setDevicePermissionHandler', () => undefined),
  } satisfies Partial<Electron.Session>;
  const parts = {
    app,
    dialog,
    crashReporter: { start: note('crashReporter.start', () => undefined) } satisfies Partial<Electron.CrashReporter>,
    protocol,
    session: { defaultSession: session },
    ipcMain: standIn.ipcMain,
    powerMonitor: standIn.powerMonitor,
    powerSaveBlocker: { start: () => 1, stop: () => true } satisfies Partial<Electron.PowerSaveBlocker>,
    nativeTheme: { themeSource: 'system', shouldUseDarkColors: false } satisfies Partial<Electron.NativeTheme>,
    shell: {
      showItemInFolder: () => undefined,
      openPath: () => Promise.resolve(''),
      openExternal: () => Promise.resolve(),
    } satisfies Partial<Electron.Shell>,
    net: { fetch: () => Promise.reject(new Error('offline')) } satisfies Partial<Electron.Net>,
    MessageChannelMain: FakeMessageChannelMain,
    nativeImage: {
      createFromPath: () => ({ resize: () => ({}) as Electron.NativeImage }) as unknown as Electron.NativeImage,
    } satisfies Partial<typeof Electron.nativeImage>,
    BrowserWindow: class extends FakeWindow {
      constructor(options: Electron.BrowserWindowConstructorOptions) {
        calls.push('new BrowserWindow');
        super(options);
        standIn.windows.push(this);
        app.emit('web-contents-created', {}, this.webContents);
      }
    },
    Notification: class extends FakeNotification {
      constructor(options: Electron.NotificationConstructorOptions) {
        super(options);
        standIn.notifications.push(this);
      }
    },
    Tray: class extends FakeTray {
      constructor() {
        super();
        standIn.trays.push(this);
      }
    },
    Menu: {
      buildFromTemplate: (template: Electron.MenuItemConstructorOptions[]) => template as never,
      setApplicationMenu: (menu: unknown): void => {
        calls.push('Menu.setApplicationMenu');
        standIn.menu = menu as Electron.MenuItemConstructorOptions[];
      },
    },
    utilityProcess: { fork: forkUtility },
  };
  return Object.assign(standIn, { app, parts: parts as unknown as ElectronParts });
}
