// Files that a browser sends, written below the data folder. What nobody asked to take in is removed again.
import { randomUUID } from 'node:crypto';
import { createWriteStream, rmSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { basename, extname, join } from 'node:path';
import { finished } from 'node:stream/promises';
import { AppError, asAppError } from '../../shared/errors.ts';
import type { FileRef, FileRefs } from '../api/file-refs.ts';
import { dropOf, makeDrop, removeDrops, uploadsFolder } from '../api/uploads.ts';
import type { App } from '../app.ts';

/** A drop that was sent whole and that no page took in within this time is of a browser that went away. */
const IDLE_MS = 10 * 60_000;
/** File systems allow 255 bytes. */
const MAX_NAME_BYTES = 200;

export interface Reception extends Disposable {
  /** Writes one file of a drop. Throws AppError `bad-input` for a name, `disk-full`; the request is read to its end in any case. */
  take(request: IncomingMessage, name: string, drop: string | undefined): Promise<{ file: FileRef; folder: FileRef }>;
  /** Forgets a drop that will not be taken in. */
  forget(drop: string): void;
  /** Somebody works with a path now, and removes its drop when that is done. */
  claim(path: string): void;
}

/** Receives files for a program; `files` makes them known to the page. */
export function receiveFiles(app: App, files: Pick<FileRefs, 'add'>, idleMs = IDLE_MS): Reception {
  /** Drops that nobody claimed yet, with the clock that removes them. */
  const waiting = new Map<string, NodeJS.Timeout>();
  const stopClock = (folder: string): void => {
    clearTimeout(waiting.get(folder));
    waiting.delete(folder);
  };
  const remove = (folder: string): void => {
    stopClock(folder);
    removeDrops(app, [folder]);
  };
  const startClock = (folder: string): void => {
    clearTimeout(waiting.get(folder));
    waiting.set(folder, setTimeout(() => remove(folder), idleMs).unref());
  };
  return {
    async take(request, given, drop) {
      const name = safeName(given);
      const folder = makeDrop(app, isDropName(drop) ? drop : randomUUID());
      startClock(folder);
      try {
        await write(request, join(folder, name), () => startClock(folder));
      } catch (thrown) {
        request.resume(); // a browser hears an answer only when all it sends was read
        // The file that has the name came whole: it stays until the page forgets the drop.
        if ((thrown as NodeJS.ErrnoException).code === 'EEXIST')
          throw new AppError('bad-input', `Two files of this drop are called “${name}”. Drop the second by itself.`);
        remove(folder); // a drop that lacks a file is none
        throw request.destroyed && !request.complete ? new AppError('cancelled', 'The browser went away.') : asAppError(thrown);
      }
      return { file: files.add(join(folder, name)), folder: files.add(folder) };
    },
    forget(drop) {
      if (isDropName(drop)) remove(join(uploadsFolder(app), drop));
    },
    claim(path) {
      const folder = dropOf(app, path);
      if (folder !== undefined) stopClock(folder);
    },
    [Symbol.dispose]() {
      for (const folder of [...waiting.keys()]) remove(folder);
    },
  };
}

function isDropName(name: string | undefined): name is string {
  return name !== undefined && /^[\w-]{1,64}$/.test(name);
}

/** Writes a request's body to a new file, without ending the request when that fails: its sender must still hear why. */
async function write(request: IncomingMessage, path: string, onChunk: () => void): Promise<void> {
  const out = createWriteStream(path, { flags: 'wx' });
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => undefined);
  out.on('error', failed.reject);
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      if (!out.write(chunk)) await Promise.race([new Promise<void>((resolve) => out.once('drain', () => resolve())), failed.promise]);
      onChunk();
    }
    if (!request.complete) throw new AppError('cancelled', 'The browser went away.');
    out.end();
    await Promise.race([finished(out), failed.promise]);
  } catch (thrown) {
    out.destroy();
    if (!out.closed) await new Promise<void>((resolve) => out.once('close', () => resolve()));
    if ((thrown as NodeJS.ErrnoException).code !== 'EEXIST') rmSync(path, { force: true });
    throw thrown;
  }
}

/** A file name as it was, without whatever could lead out of a folder or upset a file system of any kind. Throws AppError `bad-input`. */
export function safeName(name: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are just what must go
  const plain = name.replace(/[\u0000-\u001f\u007f/\\:*?"<>|]/g, '_').replace(/[. ]+$/, (end) => '_'.repeat(end.length));
  if (name === '' || /^\.+$/.test(name)) throw new AppError('bad-input', 'This file has no name that could be kept. Rename it.');
  const characters = [...plain];
  while (Buffer.byteLength(characters.join('')) > MAX_NAME_BYTES) characters.shift(); // the end tells the kind of file
  const short = characters.join('');
  // Names of devices on Windows, whatever follows the point.
  return /^(con|prn|aux|nul|com\d|lpt\d)$/i.test(basename(short, extname(short))) ? `_${short}` : short;
}
