// Files that a person dropped or picked. The page knows them by an id and a name; paths stay in main.
import { randomUUID } from 'node:crypto';
import { statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { AppError } from '../../shared/errors.ts';

/** What the page sees of a file that came in. */
export interface FileRef {
  readonly id: string;
  readonly name: string;
  readonly sizeBytes: number;
  readonly isFolder: boolean;
}

export interface FileRefs {
  /** Makes a path known. Throws AppError `not-found` when nothing lies there. */
  add(path: string): FileRef;
  /** The path behind an id. Throws AppError `not-found` for an id that was never given out. */
  pathOf(id: string): string;
}

/** References live as long as the program; the newest are kept, so that a page left open for weeks costs nothing. */
const MAX_REFS = 100_000;

/** `onUse` hears of every path that a call asks for. */
export function createFileRefs(onUse?: (path: string) => void): FileRefs {
  const paths = new Map<string, string>();
  return {
    add(path) {
      const absolute = resolve(path);
      const stat = statSync(absolute, { throwIfNoEntry: false });
      if (!stat) throw new AppError('not-found', `There is no file or folder “${path}”. Check how it is spelt.`, { path });
      const id = randomUUID();
      paths.set(id, absolute);
      if (paths.size > MAX_REFS) paths.delete(paths.keys().next().value!);
      return { id, name: basename(absolute), sizeBytes: stat.isDirectory() ? 0 : stat.size, isFolder: stat.isDirectory() };
    },
    pathOf(id) {
      const path = paths.get(id);
      if (path === undefined) throw new AppError('not-found', 'This file is not known any more. Drop it or pick it again.', { id });
      onUse?.(path);
      return path;
    },
  };
}
