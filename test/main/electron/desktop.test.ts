// The desktop shell's life against a stand-in of Electron, with the real program, the real calls and a real worker behind it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createORPCClient } from '@orpc/client';
import { RPCLink } from '@orpc/client/message-port';
import type { RouterClient } from '@orpc/server';
import type { MenuItemConstructorOptions } from 'electron';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FileRef } from '../../../src/main/api/file-refs.ts';
import type { Router } from '../../../src/main/api/router.ts';
import { carryWork } from '../../../src/main/api/works.ts';
import type { App } from '../../../src/main/app.ts';
import { bridgePage, type PageOffer } from '../../../src/main/electron/bridge.ts';
import { CHANNELS } from '../../../src/main/electron/channels.ts';
import { startDesktop, type DesktopOptions } from '../../../src/main/electron/desktop.ts';
import { PAGE_URL } from '../../../src/main/electron/protocol.ts';
import { forkWorker } from '../../../src/main/electron/worker-process.ts';
import { followMoves } from '../../../src/main/moved-folder.ts';
import { OPENED_MESSAGE, PART_MESSAGE, PORT_MESSAGE } from '../../../src/shared/window-messages.ts';
import { createStandIn, Emitting, forkUtility, preventable, type StandIn } from './stand-in.ts';

const WORKER = fileURLToPath(new URL('../../fixtures/utility-worker.ts', import.meta.url));
const RESOURCES = fileURLToPath(new URL('../../../resources', import.meta.url));
const OWN_FRAME = { url: PAGE_URL, parent: null };
/** For what comes by itself, on a machine that is busy otherwise. */
const PATIENCE = { timeout: 20_000 };

let folder: string;
let standIn: StandIn;
let program: App | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tailor-desktop-'));
  standIn = createStandIn(folder);
});
afterEach(() => {
  program?.[Symbol.dispose]();
  program = undefined;
  rmSync(folder, { recursive: true, force: true });
});

const optionsOf = (more: Partial<DesktopOptions> = {}): DesktopOptions => ({
  dataFolder: folder,
  pageFolder: folder,
  resourcesFolder: RESOURCES,
  preload: '/preload.cjs',
  parameters: ['electron', '.'],
  platform: 'linux',
  updateFeed: undefined,
  spawnWorker: () => forkWorker(forkUtility, () => undefined, WORKER),
  ...more,
});
const start = async (more?: Partial<DesktopOptions>): Promise<App> => (program = (await startDesktop(standIn.parts, optionsOf(more)))!);

/** What the page would do: asks through the real bridge, and calls main over the port that comes back. */
function openPage() {
  const contents = standIn.windows[0]!.webContents;
  const ipc = new Emitting();
  let offer: PageOffer | undefined;
  const messages: unknown[] = [];
  bridgePage({
    page: { location: { origin: 'app://tailor' }, postMessage: (message) => messages.push(message) },
    contextBridge: { exposeInMainWorld: (_name: string, value: PageOffer) => (offer = value) },
    ipcRenderer: {
      on: ipc.on,
      send: (channel: string, ...rest: unknown[]) => standIn.ipcMain.emit(channel, { senderFrame: OWN_FRAME, sender: contents }, ...rest),
      invoke: (channel: string, ...rest: unknown[]) =>
        Promise.resolve(standIn.ipcMain.handlers.get(channel)!({ senderFrame: OWN_FRAME, sender: contents } as never, ...rest)),
    },
    webUtils: { getPathForFile: (file) => (file as unknown as { path: string }).path },
  });
  offer!.askForPort();
  const port = contents.ports.at(-1)!;
  ipc.emit(CHANNELS.port, { ports: [port] });
  const api: RouterClient<Router> = createORPCClient(new RPCLink({ port: port as never }));
  port.start();
  return { api, offer: offer!, messages, port };
}

async function droppedBy(offer: PageOffer, path: string): Promise<FileRef> {
  const answer = await offer.drop({ path } as never);
  if ('refused' in answer) throw new Error(answer.refused);
  return answer.file;
}

describe('start-up', () => {
  it('goes in the order that Electron demands', async () => {
    standIn = createStandIn(folder, { isReady: false });
    const started = start();
    expect(standIn.calls).toEqual([
      'app.setPath',
      'app.setAppLogsPath',
      'app.requestSingleInstanceLock',
      'crashReporter.start',
      'protocol.registerSchemesAsPrivileged',
      'app.enableSandbox',
      'app.whenReady',
    ]);
    expect(standIn.schemes[0]).toMatchObject({ scheme: 'app', privileges: { standard: true, secure: true } });
    standIn.becomeReady();
    await started;
    expect(standIn.calls.slice(7)).toEqual([
      'session.setPermissionRequestHandler',
      'session.setPermissionCheckHandler',
      'session.setDevicePermissionHandler',
      'protocol.handle',
      'Menu.setApplicationMenu',
      'new BrowserWindow',
    ]);
    const [window] = standIn.windows;
    expect(window!.urls).toEqual([PAGE_URL]);
    expect(window!.options).toMatchObject({ name: 'workbench', windowStatePersistence: true });
    expect(window!.options.webPreferences).toMatchObject({
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      webSecurity: true,
      webviewTag: false,
    });
    window!.emit('ready-to-show');
    expect(window!.isShown).toBe(true);
  });

  it('leaves at once when another Tailor has the folder, which shows itself and opens the file', async () => {
    const other = createStandIn(folder);
    other.hasLock = false;
    expect(await startDesktop(other.parts, optionsOf())).toBeUndefined();
    expect(other.calls.at(-1)).toBe('app.quit');
    expect(other.windows).toEqual([]);

    await start();
    const file = join(folder, 'rows.jsonl');
    writeFileSync(file, '{"a":1}\n');
    standIn.app.emit('second-instance', {}, ['electron', '.', '--flag', 'rows.jsonl', 'not-there.jsonl'], folder);
    expect(standIn.windows[0]!.isShown).toBe(true);
    expect(standIn.recent).toEqual([file]);
    openPage(); // the file waited for a page that listens
    const sent = standIn.windows[0]!.webContents.sent.find(({ channel }) => channel === CHANNELS.toPage);
    expect(sent!.message).toMatchObject({ kind: OPENED_MESSAGE, files: [{ name: 'rows.jsonl', isFolder: false }] });
    expect(JSON.stringify(sent!.message)).not.toContain(folder);
  });

  it('says why it cannot start when the data folder is in use', async () => {
    await start();
    const second = createStandIn(folder);
    expect(await startDesktop(second.parts, optionsOf())).toBeUndefined();
    expect(second.errors[0]).toMatch(/Tailor cannot start: .*in use/);
    expect(second.calls.at(-1)).toBe('app.exit');
  });

  it('rejects with why the data folder cannot be made', async () => {
    const file = join(folder, 'a-file');
    writeFileSync(file, '');
    await expect(startDesktop(standIn.parts, optionsOf({ dataFolder: join(file, 'data') }))).rejects.toThrow(/ENOTDIR/);
  });

  it('goes on at the place where the page was when its window closed', async () => {
    await start({ platform: 'darwin' });
    const [first] = standIn.windows;
    first!.webContents.url = `${PAGE_URL}#runs/r1`;
    first!.emit('close', preventable());
    first!.emit('closed');
    standIn.app.emit('activate');
    expect(standIn.windows[1]!.urls).toEqual([`${PAGE_URL}#runs/r1`]);
  });

  it('lets the page load itself anew, and keeps speaking to it when another address was refused', async () => {
    await start();
    const { webContents } = standIn.windows[0]!;
    const reload = preventable({ url: `${PAGE_URL}#prune` });
    webContents.emit('will-navigate', reload);
    expect(reload.isPrevented).toBe(false);
    openPage();
    const file = join(folder, 'rows.jsonl');
    writeFileSync(file, '{"a":1}\n');
    const opens = (): number => webContents.sent.filter(({ channel }) => channel === CHANNELS.toPage).length;
    webContents.emit('did-start-navigation', { isMainFrame: true, isSameDocument: false, url: 'https://example.org/' });
    standIn.app.emit('open-file', preventable(), file);
    expect(opens()).toBe(1);
    webContents.emit('did-start-navigation', { isMainFrame: true, isSameDocument: false, url: PAGE_URL });
    standIn.app.emit('open-file', preventable(), file);
    expect(opens()).toBe(1); // it waits for the page that is being loaded
    openPage();
    expect(opens()).toBe(2);
  });

  it('ends the process of a page that hangs before it is loaded again, and asks once', async () => {
    await start();
    const [window] = standIn.windows;
    const { webContents } = window!;
    standIn.answers.push(1);
    webContents.emit('unresponsive');
    await expect.poll(() => webContents.reloads, PATIENCE).toBe(1);
    expect(webContents.crashes).toBe(1);
    webContents.emit('render-process-gone', {}, { reason: 'killed', exitCode: 9 }); // the one that was just ended
    expect(standIn.boxes).toHaveLength(1);
    // It crashes while the person is asked to wait for it: waiting would be for nothing.
    standIn.answers.push(0);
    webContents.emit('unresponsive');
    webContents.emit('render-process-gone', {}, { reason: 'crashed', exitCode: 5 });
    await expect.poll(() => webContents.reloads, PATIENCE).toBe(2);
    expect([standIn.boxes.length, webContents.crashes]).toEqual([2, 1]);
    // A window that was closed meanwhile has nothing to reload.
    webContents.emit('render-process-gone', {}, { reason: 'oom', exitCode: 5 });
    window!.isGone = true;
    await expect.poll(() => standIn.boxes.length, PATIENCE).toBe(3);
    await new Promise((resolve) => setImmediate(resolve));
    expect(webContents.reloads).toBe(2);
  });

  it('refuses windows, navigation and guests, and brings back a crashed page', async () => {
    await start();
    const { webContents } = standIn.windows[0]!;
    expect(webContents.openHandler!({ url: 'https://example.org' } as never)).toEqual({ action: 'deny' });
    for (const name of ['will-navigate', 'will-attach-webview']) {
      const event = preventable({ url: 'https://example.org' });
      webContents.emit(name, event);
      expect(event.isPrevented).toBe(true);
    }
    webContents.emit('render-process-gone', {}, { reason: 'crashed', exitCode: 5 });
    await expect.poll(() => webContents.reloads, PATIENCE).toBe(1);
    expect(standIn.boxes[0]!.message).toMatch(/ended unexpectedly/);
  });

  it('has no updates, no network and no notification without being asked', async () => {
    await start();
    expect(standIn.notifications).toEqual([]);
  });
});

describe('the page’s port', () => {
  it('carries real calls', async () => {
    await start();
    const { api, messages, port } = openPage();
    expect(messages).toEqual([PORT_MESSAGE]);
    expect(await api.files.host()).toEqual({ kind: 'electron', canPick: true });
    expect(await api.runs.list()).toEqual([]);
    await api.settings.set({ theme: 'dark' });
    expect(standIn.parts.nativeTheme.themeSource).toBe('dark');
    port.close();
  });

  it('takes dropped files by their path and tells none', async () => {
    await start();
    const { offer } = openPage();
    const path = join(folder, 'dropped.csv');
    writeFileSync(path, 'a,b\n');
    const answer = await offer.drop({ path } as never);
    expect(answer).toMatchObject({ file: { name: 'dropped.csv', sizeBytes: 4 } });
    expect(JSON.stringify(answer)).not.toContain(folder);
    // Refusals are answers: Electron puts words of its own before those of an error.
    expect(await offer.drop({ path: '' } as never)).toEqual({ refused: expect.stringContaining('was not dropped') }); // one that a script made
    expect(await offer.drop({ path: join(folder, 'gone.csv') } as never)).toEqual({
      refused: expect.stringContaining('no file or folder'),
    });
  });

  it('lets a file be dragged out that it knows, and no other', async () => {
    await start();
    const { offer } = openPage();
    const path = join(folder, 'made.gguf');
    writeFileSync(path, 'GGUF');
    offer.dragOut((await droppedBy(offer, path)).id);
    offer.dragOut('/etc/passwd');
    const { webContents } = standIn.windows[0]!;
    standIn.ipcMain.emit(CHANNELS.dragOut, { senderFrame: null, sender: webContents }, 'any');
    expect(webContents.dragged.map(({ file }) => file)).toEqual([path]);
  });

  it.each([{ url: 'https://example.org/', parent: null }, { url: PAGE_URL, parent: {} }, { url: 'app://other/', parent: null }, null])(
    'is not given to %j',
    async (senderFrame) => {
      await start();
      const { webContents } = standIn.windows[0]!;
      const event = { senderFrame, sender: webContents };
      standIn.ipcMain.emit(CHANNELS.askForPort, event);
      expect(webContents.ports).toEqual([]);
      expect(() => standIn.ipcMain.handlers.get(CHANNELS.drop)!(event as never, '/etc/passwd')).toThrow(/own page/);
    },
  );
});

describe('the worker', () => {
  it('answers as a utility process, is reported when it crashes, and is started anew', async () => {
    const app = await start();
    const first = app.worker();
    expect(await first.calls.probe({})).toBeDefined();
    const pid = first.processId!;
    process.kill(pid, 'SIGKILL');
    await expect.poll(() => first.isAlive, PATIENCE).toBe(false);
    const lost: unknown = await first.calls.probe({}).catch((thrown: unknown) => thrown);
    expect(lost).toMatchObject({ code: 'worker-lost' });
    const second = app.worker();
    expect(second).not.toBe(first);
    expect(await second.calls.probe({})).toBeDefined();
    expect(second.processId).not.toBe(pid);
  });
});

describe('a program that keeps running', () => {
  it.each(['linux', 'win32', 'darwin'] as const)(
    'can be reached again on %s, and ends with its window once nothing runs',
    async (platform) => {
      const app = await start({ platform });
      const work = Promise.withResolvers<undefined>();
      const about = { id: 'w', kind: 'add', title: 'a model', table: 'models' } as const;
      const carried = carryWork(app, about, () => work.promise);
      const [window] = standIn.windows;
      window!.emit('ready-to-show');
      standIn.answers.push(1);
      const event = preventable();
      standIn.app.emit('before-quit', event);
      expect(event.isPrevented).toBe(true);
      await expect.poll(() => standIn.trays.length, PATIENCE).toBe(1);
      // A desktop of Linux may have no tray: the task list has the window.
      expect({ isShown: window!.isShown, isInTaskList: window!.isInTaskList }).toEqual(
        platform === 'linux' ? { isShown: true, isInTaskList: true } : { isShown: false, isInTaskList: false },
      );
      if (platform === 'darwin') standIn.app.emit('activate');
      else standIn.trays[0]!.emit('click');
      expect({ isShown: window!.isShown, isInTaskList: window!.isInTaskList }).toEqual({ isShown: true, isInTaskList: false });
      expect(standIn.trays[0]!.isDestroyed).toBe(true);
      work.resolve(undefined);
      await carried;
      standIn.app.emit('window-all-closed');
      expect(standIn.calls.includes('app.quit')).toBe(platform !== 'darwin');
    },
  );

  it('ends and starts anew when its data folder was moved', async () => {
    const app = await start();
    const disk = mkdtempSync(join(tmpdir(), 'tailor-disk-'));
    const { api, offer, port } = openPage();
    const { id } = await droppedBy(offer, disk);
    expect(await api.settings.moveData({ folder: id, workId: 'w' })).toEqual({ path: join(disk, 'Tailor'), goesOn: true });
    await expect.poll(() => standIn.calls.slice(-2), PATIENCE).toEqual(['app.relaunch', 'app.quit']);
    expect(app.queue.isHeld).toBe(true);
    expect(followMoves(folder)).toBe(join(disk, 'Tailor'));
    port.close();
    rmSync(disk, { recursive: true, force: true });
  });
});

describe('the menu', () => {
  const itemsOf = (menu: readonly MenuItemConstructorOptions[]): MenuItemConstructorOptions[] =>
    menu.flatMap((item) => [item, ...(Array.isArray(item.submenu) ? itemsOf(item.submenu) : [])]);

  it('goes to pages in the window, each with its own accelerator', async () => {
    await start();
    const items = itemsOf(standIn.menu);
    items.find(({ label }) => label === 'Datasets')!.click!({} as never, undefined, {} as never);
    expect(standIn.windows[0]!.urls.at(-1)).toBe(`${PAGE_URL}#datasets`);
    const accelerators = items.flatMap(({ accelerator }) => accelerator ?? []);
    expect(new Set(accelerators).size).toBe(accelerators.length);
    expect(items.map(({ role }) => role)).toEqual(expect.arrayContaining(['editMenu', 'windowMenu', 'quit', 'zoomIn', 'toggleDevTools']));
  });

  it('lists recent files where the system keeps none, and opens parts of the page', async () => {
    await start();
    openPage();
    const file = join(folder, 'a & b.jsonl');
    writeFileSync(file, '{"a":1}\n');
    standIn.app.emit('second-instance', {}, ['electron', '--switch', '.', file], folder);
    const entry = () => itemsOf(standIn.menu).find(({ label }) => label === file.replace('&', '&&'));
    const sent = () =>
      standIn.windows[0]!.webContents.sent.filter(({ channel }) => channel === CHANNELS.toPage).map(({ message }) => message);
    expect(standIn.recent).toEqual([file]); // and not the folder of the program
    entry()!.click!({} as never, undefined, {} as never);
    expect(sent()).toHaveLength(2);
    itemsOf(standIn.menu).find(({ label }) => label === 'Clear Menu')!.click!({} as never, undefined, {} as never);
    expect(entry()).toBeUndefined();
    itemsOf(standIn.menu).find(({ label }) => label === '&Keyboard Shortcuts')!.click!({} as never, undefined, {} as never);
    expect(sent().at(-1)).toEqual({ kind: PART_MESSAGE, part: 'keys' });
  });

  it('opens a file though the list of recent ones cannot be written', async () => {
    const app = await start();
    openPage();
    const file = join(folder, 'rows.jsonl');
    writeFileSync(file, '{"a":1}\n');
    app.db.pragma('query_only = 1'); // as a full disk refuses
    standIn.app.emit('open-file', preventable(), file);
    expect(standIn.windows[0]!.webContents.sent.filter(({ channel }) => channel === CHANNELS.toPage)).toHaveLength(1);
    app.db.pragma('query_only = 0');
  });

  it('has an application menu and recent files on macOS', async () => {
    await start({ platform: 'darwin' });
    expect(standIn.menu[0]!.role).toBe('appMenu');
    expect(itemsOf(standIn.menu).map(({ role }) => role)).toContain('recentDocuments');
  });
});
