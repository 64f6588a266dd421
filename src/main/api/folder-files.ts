// Folders as the person's disk sees them: their bytes, what lies inside what, and copies that are complete or not there.
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { asAppError, throwIfCancelled } from '../../shared/errors.ts';
import type { WorkOptions } from '../../shared/progress.ts';

/** A file of a folder; links are followed, as in the Hugging Face cache. */
export interface FoundFile {
  readonly path: string;
  /** Relative to the folder. */
  readonly name: string;
  readonly sizeBytes: number;
}

/** All files below a folder; none when it is not there or cannot be read. */
export async function listFolderFiles(folder: string, keep: (name: string) => boolean = () => true): Promise<FoundFile[]> {
  const found: FoundFile[] = [];
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  for (const name of names) {
    if (!keep(name)) continue;
    const path = join(folder, name);
    const facts = await stat(path).catch(() => undefined); // gone meanwhile, or a link to nowhere
    if (facts?.isFile()) found.push({ path, name, sizeBytes: facts.size });
  }
  return found;
}

/** Bytes of all files below a folder. */
export async function folderBytes(folder: string): Promise<number> {
  return (await listFolderFiles(folder)).reduce((total, { sizeBytes }) => total + sizeBytes, 0);
}

/** Whether `path` lies in `folder` or is it. */
export function isInside(folder: string, path: string): boolean {
  const way = relative(resolve(folder), resolve(path));
  return way === '' || (!way.startsWith('..') && !isAbsolute(way));
}

/** The path itself, or with the first free number behind it. */
export function freePath(path: string, ending = ''): string {
  for (let number = 1; ; number++) {
    const candidate = `${path}${number === 1 ? '' : `-${number}`}${ending}`;
    if (!existsSync(candidate)) return candidate;
  }
}

/** A model's name as a folder's, on every system. */
export function toFileName(name: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are just what must go
  const plain = name.replace(/[\u0000-\u001f/\\:*?"<>|\s]+/g, '-').replace(/^[.-]+|[.-]+$/g, '');
  return plain === '' ? 'model' : plain.slice(0, 100);
}

/**
 * Copies files to a new folder under a temporary name, and gives it its name when all are there. Throws AppError `cancelled` or
 * `disk-full`, with nothing left behind.
 */
export async function copyFiles(files: readonly FoundFile[], target: string, { signal, progress }: WorkOptions = {}): Promise<void> {
  const part = `${target}.part`;
  const total = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  let done = 0;
  await rm(part, { recursive: true, force: true });
  try {
    await mkdir(part, { recursive: true });
    for (const { path, name } of files) {
      throwIfCancelled(signal);
      const out = join(part, name);
      await mkdir(dirname(out), { recursive: true });
      const source = createReadStream(path, { highWaterMark: 1 << 20 });
      source.on('data', (chunk) => {
        done += chunk.length;
        progress?.({ phase: 'copying', done, total, unit: 'bytes' });
      });
      await pipeline(source, createWriteStream(out, { flush: true }), { signal });
    }
    await rename(part, target);
  } catch (thrown) {
    await rm(part, { recursive: true, force: true });
    throw asAppError(thrown);
  }
}
