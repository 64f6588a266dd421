// The shell's small parts: files of a command line, recipes, the log, updates, the installer's words, dialogs.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { createDesk } from '../../../src/main/electron/desk.ts';
import { filesOfArguments, openPaths, type OpenerParts } from '../../../src/main/electron/files.ts';
import { openLog } from '../../../src/main/electron/logs.ts';
import { squirrelCommands } from '../../../src/main/electron/squirrel.ts';
import { isNewer, lookForUpdate } from '../../../src/main/electron/updates.ts';
import { studySettings } from '../../../src/shared/study/settings.ts';
import { FakeNotification } from './stand-in.ts';

const folder = mkdtempSync(join(tmpdir(), 'tailor-shell-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('files', () => {
  it('are the existing words of a command line', () => {
    writeFileSync(join(folder, 'a.csv'), '');
    const words = ['tailor', '--flag=a.csv', 'a.csv', 'gone.csv', ''];
    expect(filesOfArguments(words, folder, true)).toEqual([join(folder, 'a.csv')]);
    expect(filesOfArguments(['electron', '.', ...words.slice(1)], folder, false)).toEqual([join(folder, 'a.csv')]);
    writeFileSync(join(folder, 'a b.csv'), '');
    const addresses = [pathToFileURL(join(folder, 'a b.csv')).href, 'file://elsewhere/a.csv', 'file:///%00', 'file:///gone.csv'];
    expect(filesOfArguments(['tailor', ...addresses], folder, true)).toEqual([join(folder, 'a b.csv')]);
  });

  it('are given to the page, and recipes run after a question', async () => {
    const happened: string[] = [];
    const parts = (answer: number): OpenerParts => ({
      app: { addRecentDocument: (path) => void happened.push(`recent ${path}`) },
      dialog: {
        showMessageBox: () => Promise.resolve({ response: answer, checkboxChecked: false }),
        showErrorBox: (title) => void happened.push(title),
      },
      add: (path) => ({ id: path, name: path, sizeBytes: 0, isFolder: false }),
      give: (refs) => void happened.push(`give ${refs.map(({ id }) => id).join()}`),
      readRecipe: (path) => {
        if (path === 'bad.tailor') throw new Error('not JSON');
        return studySettings.parse({ model: 'm', tasks: [{ dataset: 'd' }] });
      },
      startStudy: () => 's1',
      show: (place) => void happened.push(`show ${place}`),
    });
    await openPaths(parts(0), ['a.csv', 'b.tailor']);
    await openPaths(parts(1), ['c.tailor']);
    await openPaths(parts(0), ['bad.tailor']);
    expect(happened.filter((line) => !line.startsWith('recent'))).toEqual([
      'give a.csv',
      'show #studies/s1',
      'This recipe cannot be opened',
    ]);
  });
});

it('turns the log over and keeps four files', () => {
  const logs = join(folder, 'logs');
  const log = openLog(logs, () => new Date(0), 100);
  for (let line = 0; line < 40; line++) log(`line ${line} ${'x'.repeat(20)}`);
  expect(readdirSync(logs).sort()).toEqual(['tailor.1.log', 'tailor.2.log', 'tailor.3.log', 'tailor.log']);
  expect(readFileSync(join(logs, 'tailor.log'), 'utf8')).toMatch(/^1970-01-01T00:00:00.000Z line \d+/);
  openLog(join(folder, 'a.csv'), () => new Date(0))('is lost without a word'); // no folder can be there
});

describe('updates', () => {
  const look = async (answer: () => Promise<Response>, more: { isWanted?: boolean; isRunning?: boolean; feed?: string } = {}) => {
    let asked = 0;
    const { isWanted = true, isRunning = false, feed = 'https://tailor.example/latest.json' } = more;
    const found = await lookForUpdate({
      net: {
        fetch: () => {
          asked += 1;
          return answer();
        },
      },
      shell: { openExternal: () => Promise.resolve() },
      Notification: FakeNotification,
      feed,
      version: '0.1.0',
      isWanted: () => isWanted,
      isRunning: () => isRunning,
    });
    return { found, asked };
  };
  const says = (value: unknown) => () => Promise.resolve(Response.json(value));
  const newer = { version: '0.2.0', url: 'https://tailor.example/0.2.0' };

  it('are looked for only when wanted, by https, and never during a run', async () => {
    expect(await look(says(newer))).toEqual({ found: newer, asked: 1 });
    expect(await look(says(newer), { isWanted: false })).toEqual({ found: undefined, asked: 0 });
    expect(await look(says(newer), { isRunning: true })).toEqual({ found: undefined, asked: 0 });
    expect(await look(says(newer), { feed: 'http://tailor.example/latest.json' })).toEqual({ found: undefined, asked: 0 });
  });

  it.each([
    ['offline', () => Promise.reject(new Error('offline'))],
    ['no JSON', () => Promise.resolve(new Response('<html>'))],
    ['another site’s page', says({ ...newer, url: 'https://evil.example/' })],
    ['no web page', says({ ...newer, url: 'file:///etc/passwd' })],
    ['the same version', says({ ...newer, version: '0.1.0' })],
    ['an error', () => Promise.resolve(new Response(JSON.stringify(newer), { status: 500 }))],
  ])('say nothing when the answer is %s', async (_what, answer) => {
    expect((await look(answer)).found).toBeUndefined();
  });

  it('compare versions by number', () => {
    expect([isNewer('0.10.0', '0.9.9'), isNewer('1.0.0', '0.9.9'), isNewer('0.1.0', '0.1.0'), isNewer('0.0.9', '0.1.0')]).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});

it('ties the recipe to the program when Windows installs it, and unties it after', () => {
  const program = 'C:/Tailor/app-1/tailor.exe';
  expect(squirrelCommands('--squirrel-install', program)!.flat().join(' ')).toContain('Software\\Classes\\.tailor');
  expect(squirrelCommands('--squirrel-uninstall', program)!.map(([, word]) => word)).toEqual([
    '--removeShortcut=tailor.exe',
    'delete',
    'delete',
  ]);
  expect(squirrelCommands('study.tailor', program)).toBeUndefined();
  expect(squirrelCommands(undefined, program)).toBeUndefined();
});

it.each([
  [undefined, undefined],
  ['https://example.org/newest.json', 'example.org'],
  ['http://example.org/newest.json', undefined], // as it is not asked
  ['https://', undefined],
])('with the feed %s newer versions are asked for at %s', (updateFeed, host) => {
  const desk = createDesk({
    dialog: { showOpenDialog: () => Promise.reject(new Error('not asked')) } as never,
    shell: { showItemInFolder: () => undefined },
    nativeTheme: { themeSource: 'system' },
    lastFolder: () => undefined,
    keepLastFolder: () => undefined,
    startAnew: () => undefined,
    updateFeed,
  });
  expect((desk as { updateHost?: string }).updateHost).toBe(host);
});

it('remembers the folder of a dialog by what it is for', async () => {
  const kept = new Map<string, string>();
  const asked: (string | undefined)[] = [];
  const desk = createDesk({
    dialog: {
      showOpenDialog: ((options: { defaultPath?: string }) => {
        asked.push(options.defaultPath);
        return Promise.resolve({ canceled: false, filePaths: ['/data/rows/a.csv', '/data/rows/b.csv'] });
      }) as never,
    },
    shell: { showItemInFolder: () => undefined },
    nativeTheme: { themeSource: 'system' },
    lastFolder: (what) => kept.get(what),
    keepLastFolder: (what, last) => void kept.set(what, last),
    startAnew: () => undefined,
    updateFeed: undefined,
  });
  expect(await desk.pick('files', 'Add')).toHaveLength(2);
  await desk.pick('files', 'Add');
  await desk.pick('folder', 'Add');
  expect(asked).toEqual([undefined, '/data/rows', undefined]);
});
