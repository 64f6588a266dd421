// What a package contains, worked out from the tree: `npm run package:check` lists it, and fails when something needed is missing.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { formatBytes } from '../../shared/figures.ts';
import { MANIFEST_FILE, readNativeFiles, UNPACKED_FOLDERS, writeNativeFiles } from './native-files.ts';

export interface Target {
  readonly platform: string;
  readonly arch: string;
}

/** asar: inside the archive; unpacked: beside it, where the system can load it; resources: in the package's resources folder. */
export type Place = 'asar' | 'unpacked' | 'resources';

export interface PackageFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly place: Place;
}

/** What is copied beside the archive. */
export const EXTRA_RESOURCES = ['resources/demo', 'resources/icon', 'resources/linux'] as const;

/** Parts of the tree that no program reads; what they match is left out of a package. */
const NEVER: readonly RegExp[] = [
  /^node_modules\/better-sqlite3\/(deps|src|build|binding\.gyp)(\/|$)/,
  /^node_modules\/onnxruntime-node\/(script|lib)(\/|$)/,
  /^node_modules\/(\.[^/]+)(\/|$)/,
  /(^|\/)node_modules\/@types(\/|$)/,
  // A licence goes along with what it is of, however its file is called.
  /(?<!\/licen[cs]e)\.(d\.[cm]?ts|[cm]?ts|map|md|markdown|flow|tsbuildinfo)$/i,
];

/** Whether a path of the tree ("dist/main/app.js") may go into any package; folders too, since a folder left out takes all with it. */
export function isPackaged(path: string): boolean {
  if (path === '' || path === 'package.json' || path === 'dist' || path === 'node_modules' || path === 'LICENSE') return true;
  if (!path.startsWith('dist/') && !path.startsWith('node_modules/')) return false;
  return !NEVER.some((pattern) => pattern.test(path));
}

/** Whether a file is of use on a platform: of the native folders only its own part is. */
export function isForTarget(path: string, { platform, arch }: Target): boolean {
  const sqlite = /^node_modules\/better-sqlite3\/prebuilds\/(.+)\.node$/.exec(path)?.[1];
  if (sqlite !== undefined) return sqlite === `${platform}-${arch}`;
  const onnx = /^node_modules\/onnxruntime-node\/bin\/[^/]+\/([^/]+)\/([^/]+)\//.exec(path);
  return onnx === null || (onnx[1] === platform && onnx[2] === arch);
}

/** The folders of every package that the program needs at run time, nested ones included, relative to the root. */
export function listRuntimePackages(root: string): string[] {
  const found = new Set<string>();
  const visit = (folder: string): void => {
    const { dependencies = {}, optionalDependencies = {} } = readManifest(join(root, folder));
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      const place = findPackage(root, folder, name);
      if (place === undefined || found.has(place)) continue;
      found.add(place);
      visit(place);
    }
  };
  visit('');
  return [...found].sort();
}

/** Every file that a package for the target would contain. */
export function listPackage(root: string, target: Target): PackageFile[] {
  const nested = /\/node_modules$/; // a nested package counts by itself, when it is needed at all
  const tops = ['package.json', 'LICENSE', 'dist', ...listRuntimePackages(root)];
  const inArchive = tops
    .flatMap((top) => filesUnder(root, top, (path) => isPackaged(path) && !nested.test(path)))
    .filter((path) => isForTarget(path, target));
  const beside = EXTRA_RESOURCES.flatMap((top) => filesUnder(root, top, () => true));
  return [
    ...inArchive.map(
      (path) => ({ path, place: UNPACKED_FOLDERS.some((folder) => path.startsWith(`${folder}/`)) ? 'unpacked' : 'asar' }) as const,
    ),
    ...beside.map((path) => ({ path, place: 'resources' }) as const),
  ].map((file) => ({ ...file, sizeBytes: statSync(join(root, file.path)).size }));
}

/** What a package cannot do without, each with what it is for. */
function needs({ platform, arch }: Target): readonly (readonly [pattern: RegExp, what: string, place: Place])[] {
  const library =
    platform === 'win32' ? 'onnxruntime\\.dll' : platform === 'darwin' ? 'libonnxruntime.*\\.dylib' : 'libonnxruntime\\.so(\\.\\d+)*';
  const onnx = `^node_modules/onnxruntime-node/bin/[^/]+/${platform}/${arch}/`;
  return [
    [/^LICENSE$/, 'the licence', 'asar'],
    [/^dist\/main\/electron\/main\.js$/, 'the desktop shell', 'asar'],
    [/^dist\/main\/electron\/preload\.cjs$/, 'the preload script', 'asar'],
    [/^dist\/main\/import\/import-thread\.js$/, 'the importer of datasets', 'asar'],
    [/^dist\/main\/import\/read-thread\.js$/, 'the reader of datasets', 'asar'],
    [/^dist\/main\/import\/parquet-thread\.js$/, 'the Parquet reader', 'asar'],
    [/^dist\/worker\/main\.js$/, 'the worker', 'asar'],
    [/^dist\/native-files\.json$/, 'the list of native files with their hashes', 'asar'],
    [/^dist\/renderer\/index\.html$/, 'the page', 'asar'],
    [/^dist\/renderer\/assets\/.+\.js$/, 'the page’s script', 'asar'],
    [/^dist\/renderer\/assets\/.+\.css$/, 'the page’s style sheet', 'asar'],
    [new RegExp(`^node_modules/better-sqlite3/prebuilds/${platform}-${arch}\\.node$`), 'SQLite for this platform', 'unpacked'],
    [new RegExp(`${onnx}onnxruntime_binding\\.node$`), 'the binding of onnxruntime for this platform', 'unpacked'],
    [new RegExp(`${onnx}${library}$`), 'onnxruntime itself for this platform', 'unpacked'],
    [/^resources\/demo\/model\/config\.json$/, 'the demo model’s configuration', 'resources'],
    [/^resources\/demo\/model\/.+\.safetensors$/, 'the demo model’s weights', 'resources'],
    [/^resources\/demo\/model\/tokenizer\.json$/, 'the demo model’s tokenizer', 'resources'],
    [/^resources\/demo\/study\.json$/, 'the demo study', 'resources'],
    [/^resources\/demo\/datasets\//, 'the demo datasets', 'resources'],
    [/^resources\/icon\/icon\.png$/, 'the icon', 'resources'],
    ...(platform === 'linux' ? ([[/^resources\/linux\/tailor\.xml$/, 'what the desktop is told of recipes', 'resources']] as const) : []),
  ];
}

/** What is missing from the files of a package, one sentence each; also a package named as a dependency that is not installed. */
export function findMissing(root: string, files: readonly PackageFile[], target: Target): string[] {
  const lacking = needs(target)
    .filter(([pattern, , place]) => !files.some((file) => file.place === place && file.sizeBytes > 0 && pattern.test(file.path)))
    .map(([pattern, what]) => `${what} is missing (${pattern.source})`);
  const installed = new Set(listRuntimePackages(root));
  const absent = Object.keys(readManifest(root).dependencies ?? {}).filter((name) => !installed.has(`node_modules/${name}`));
  const listed = readNativeFiles(root);
  const unlisted = files.filter(({ path, place }) => listed && place === 'unpacked' && !(path in listed));
  return [
    ...lacking,
    ...unlisted.map(({ path }) => `${path} is not in ${MANIFEST_FILE}`),
    ...absent.map((name) => `the package ${name} is not installed`),
  ];
}

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
}

/** Where Node would find a package from a folder of the tree, by the nearest node_modules. */
function findPackage(root: string, from: string, name: string): string | undefined {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    const place = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`;
    if (existsSync(join(root, place, 'package.json'))) return place;
    if (folder === '') return undefined;
  }
}

function filesUnder(root: string, path: string, isWanted: (path: string) => boolean): string[] {
  const stat = statSync(join(root, path), { throwIfNoEntry: false });
  if (!stat || !isWanted(path)) return [];
  if (!stat.isDirectory()) return [path];
  return readdirSync(join(root, path)).flatMap((name) => filesUnder(root, `${path}/${name}`, isWanted));
}

/** The list as a person reads it: what is largest, by its package or folder. */
export function describePackage(files: readonly PackageFile[]): string {
  const groups = new Map<string, { count: number; sizeBytes: number }>();
  for (const { path, place, sizeBytes } of files) {
    const name = /^(node_modules\/(?:@[^/]+\/)?[^/]+|[^/]+\/[^/]+|[^/]+)/.exec(path)![0];
    const group = groups.get(`${place} ${name}`) ?? { count: 0, sizeBytes: 0 };
    groups.set(`${place} ${name}`, { count: group.count + 1, sizeBytes: group.sizeBytes + sizeBytes });
  }
  const lines = [...groups]
    .sort(([, a], [, b]) => b.sizeBytes - a.sizeBytes)
    .map(([key, { count, sizeBytes }]) => {
      const [place, name] = key.split(' ') as [string, string];
      return `${formatBytes(sizeBytes).padStart(10)}  ${String(count).padStart(5)} files  ${place.padEnd(9)}  ${name}`;
    });
  const total = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return `${lines.join('\n')}\n${formatBytes(total).padStart(10)}  ${String(files.length).padStart(5)} files  in all, Electron itself left out`;
}

if (import.meta.main) {
  const root = fileURLToPath(new URL('../../..', import.meta.url));
  const [platform = process.platform, arch = process.arch] = process.argv.slice(2);
  // As forge.config.ts does with the tree that it packs.
  writeNativeFiles(root, (path) => isForTarget(path, { platform, arch }));
  const files = listPackage(root, { platform, arch });
  const missing = findMissing(root, files, { platform, arch });
  process.stdout.write(`A package for ${platform}-${arch}:\n${describePackage(files)}\n`);
  for (const line of missing) process.stderr.write(`package: ${line}\n`);
  if (missing.length > 0) process.stderr.write('package: run "npm install" and "npm run build", then this check again.\n');
  process.exitCode = missing.length > 0 ? 1 : 0;
}
