// What a package would contain, on the real tree with a fresh build, and on copies of it that lack one thing.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findMissing, isForTarget, isPackaged, listPackage, listRuntimePackages } from '../../../src/main/electron/package-list.ts';
import forge from '../../../forge.config.ts';
import { keepResources } from '../../../src/main/electron/keep-resources.ts';
import { writeNativeFiles } from '../../../src/main/electron/native-files.ts';
import { buildDesktop, PAGE_FOLDER, ROOT } from '../../../src/main/node/build-page.ts';
import { defaultDataFolder } from '../../../src/main/node/data-folder.ts';

const TARGET = { platform: 'linux', arch: 'x64' };
const ONNX = 'node_modules/onnxruntime-node/bin/napi-v6/linux/x64';
const tree = mkdtempSync(join(tmpdir(), 'tailor-package-'));

/** The real tree with its own build: packages and resources are links, but for the ones that a test takes something from. */
beforeAll(async () => {
  await buildDesktop(join(tree, 'dist'));
  cpSync(PAGE_FOLDER, join(tree, 'dist', 'renderer'), { recursive: true });
  for (const name of ['package.json', 'LICENSE']) cpSync(join(ROOT, name), join(tree, name));
  for (const folder of ['node_modules', 'resources']) {
    mkdirSync(join(tree, folder));
    for (const name of readdirSync(join(ROOT, folder))) symlinkSync(join(ROOT, folder, name), join(tree, folder, name));
  }
  writeNativeFiles(tree, (path) => isForTarget(path, TARGET));
});
afterAll(() => rmSync(tree, { recursive: true, force: true }));

/** Puts a real copy in the place of the links on the way to a path, links to the files inside. */
function unlinkTo(path: string): void {
  const parts = path.split('/');
  for (let depth = 2; depth < parts.length; depth++) {
    const folder = join(tree, ...parts.slice(0, depth));
    const original = join(ROOT, ...parts.slice(0, depth));
    if (parts[0] === 'dist') continue;
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    for (const name of readdirSync(original)) symlinkSync(join(original, name), join(folder, name));
  }
}

describe('the real tree', () => {
  it('makes a whole package', () => {
    const files = listPackage(tree, TARGET);
    expect(findMissing(tree, files, TARGET)).toEqual([]);
  });

  it('holds only what runs, for this system only', () => {
    const paths = listPackage(tree, TARGET).map(({ path }) => path);
    expect(paths.filter((path) => path.includes('node_modules/electron/') || path.includes('node_modules/vite'))).toEqual([]);
    expect(paths.filter((path) => /darwin|win32|musl|\.ts$|\.map$/.test(path) && /\/(bin|prebuilds)\/|\.ts$|\.map$/.test(path))).toEqual(
      [],
    );
    expect(new Set(paths).size).toBe(paths.length);
  });

  it('lays native code outside the archive, and nothing else', () => {
    const files = listPackage(tree, TARGET);
    expect(files.filter(({ path }) => /\.(node|so(\.\d+)*)$/.test(path)).every(({ place }) => place === 'unpacked')).toBe(true);
    expect(files.filter(({ place }) => place === 'unpacked')).toHaveLength(3);
  });

  it('needs every package that the program names, and those that they need', () => {
    const packages = listRuntimePackages(ROOT);
    expect(packages).toEqual(expect.arrayContaining(['node_modules/better-sqlite3', 'node_modules/onnxruntime-common', 'node_modules/ws']));
    expect(packages).not.toContain('node_modules/svelte');
  });
});

describe('a copy that lacks', () => {
  it.each([
    ['the binary of SQLite', 'node_modules/better-sqlite3/prebuilds/linux-x64.node', /SQLite for this platform/],
    ['the binding of onnxruntime', `${ONNX}/onnxruntime_binding.node`, /binding of onnxruntime/],
    ['onnxruntime', `${ONNX}/libonnxruntime.so.1`, /onnxruntime itself/],
    ['the demo model', 'resources/demo/model/config.json', /demo model/],
    ['the licence', 'LICENSE', /licence/],
    ['the worker', 'dist/worker/main.js', /the worker/],
    ['the page', 'dist/renderer/index.html', /the page/],
    ['the preload script', 'dist/main/electron/preload.cjs', /preload/],
    ['the list of native files', 'dist/native-files.json', /list of native files/],
  ])('%s is found out', (_what, path, sentence) => {
    unlinkTo(path);
    const file = join(tree, path);
    expect(existsSync(file)).toBe(true);
    const away = join(tree, 'away');
    renameSync(file, away);
    try {
      const missing = findMissing(tree, listPackage(tree, TARGET), TARGET);
      expect(missing).toEqual([expect.stringMatching(sentence)]);
    } finally {
      renameSync(away, file);
    }
  });
});

it('is not installed on Windows into the folder that holds the data, which would go with it', () => {
  const { config } = forge.makers.find(({ name }) => name.endsWith('squirrel'))! as { config: { name: string } };
  const data = defaultDataFolder({ LOCALAPPDATA: 'local' }, 'win32');
  expect(config.name).toMatch(/^\w+$/); // Squirrel takes no hyphens
  expect(join('local', config.name).toLowerCase()).not.toBe(data.toLowerCase());
});

it('keeps what ships with the data, once for each content, wherever the package lies', () => {
  const data = join(tree, 'data');
  const first = keepResources(join(ROOT, 'resources'), data);
  expect(first.startsWith(join(data, 'resources'))).toBe(true);
  expect(existsSync(join(first, 'demo', 'model', 'config.json')) && existsSync(join(first, 'icon', 'icon.png'))).toBe(true);
  const other = join(tree, 'app-0.2.0');
  cpSync(join(ROOT, 'resources'), other, { recursive: true });
  expect(keepResources(other, data)).toBe(first);
  writeFileSync(join(other, 'demo', 'study.json'), '{}');
  expect(keepResources(other, data)).not.toBe(first); // and the older one stays for what was made from it
  expect(readdirSync(join(data, 'resources'))).toHaveLength(2);
});

it('knows what goes in and what is of another system', () => {
  expect(
    ['src', 'test', 'src/main/app.ts', 'README.md', 'node_modules/.bin', 'node_modules/ws/README.md', 'resources'].filter(isPackaged),
  ).toEqual([]);
  const wanted = ['', 'dist', 'dist/worker', 'node_modules', 'node_modules/ws/index.js', 'node_modules/radash/LICENSE.md', 'package.json'];
  expect(wanted.every(isPackaged)).toBe(true);
  expect(isForTarget('node_modules/better-sqlite3/prebuilds/linuxmusl-x64.node', TARGET)).toBe(false);
  expect(isForTarget('node_modules/onnxruntime-node/bin/napi-v6/win32/x64/onnxruntime.dll', TARGET)).toBe(false);
  expect(isForTarget('node_modules/ws/index.js', TARGET)).toBe(true);
});
