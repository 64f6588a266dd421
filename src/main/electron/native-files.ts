// The native files outside the archive, which its own integrity does not cover: hashed when a package is made, checked before they are loaded.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Folders of native code, kept outside the archive as a whole: a binding finds its libraries beside itself. */
export const UNPACKED_FOLDERS = ['node_modules/better-sqlite3/prebuilds', 'node_modules/onnxruntime-node/bin'] as const;
/** Inside the archive, from the program's root on. */
export const MANIFEST_FILE = 'dist/native-files.json';

/** SHA-256 of every native file, by its path from the program's root on. */
export type NativeFiles = Readonly<Record<string, string>>;

/** Hashes the native files below a root and writes the list of those that are wanted; returns it. */
export function writeNativeFiles(root: string, isWanted: (path: string) => boolean = () => true): NativeFiles {
  const paths = UNPACKED_FOLDERS.flatMap((folder) => filesUnder(root, folder)).filter(isWanted);
  const files = Object.fromEntries(paths.sort().map((path) => [path, hashFile(join(root, path))]));
  mkdirSync(dirname(join(root, MANIFEST_FILE)), { recursive: true });
  writeFileSync(join(root, MANIFEST_FILE), `${JSON.stringify(files, null, 2)}\n`);
  return files;
}

/** The list as it stands below a root; undefined where there is none. */
export function readNativeFiles(root: string): NativeFiles | undefined {
  const path = join(root, MANIFEST_FILE);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as NativeFiles) : undefined;
}

/**
 * Why the native files may not be loaded, as a sentence with what to do; undefined when each is the one that was packaged and no other
 * lies beside them. `archive` is where the list lies, `unpacked` where the files do.
 */
export function findForeignCode(archive: string, unpacked: string): string | undefined {
  const files = readNativeFiles(archive);
  const advice = 'Tailor does not load it. Install Tailor anew from where you have it; your data folder stays as it is.';
  if (!files || Object.keys(files).length === 0) return `This copy of Tailor does not say what its native files must be. ${advice}`;
  for (const [path, hash] of Object.entries(files)) {
    const file = join(unpacked, path);
    if (!existsSync(file)) return `A part of Tailor is missing: ${file}. Install Tailor anew from where you have it.`;
    if (hashFile(file) !== hash) return `A part of Tailor was changed after it was made: ${file}. ${advice}`;
  }
  const added = UNPACKED_FOLDERS.flatMap((folder) => filesUnder(unpacked, folder)).find((path) => !(path in files));
  return added && `A file lies among Tailor’s own that is none of them: ${join(unpacked, added)}. ${advice}`;
}

function hashFile(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

function filesUnder(root: string, path: string): string[] {
  const stat = statSync(join(root, path), { throwIfNoEntry: false });
  if (!stat) return [];
  return stat.isDirectory() ? readdirSync(join(root, path)).flatMap((name) => filesUnder(root, `${path}/${name}`)) : [path];
}
