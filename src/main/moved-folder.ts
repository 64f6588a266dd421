// The note that a data folder leaves where it was: whoever opens the old place goes on at the new one.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { AppError } from '../shared/errors.ts';

/** All that stays of a folder that was moved and cleared. */
export const MOVED_FILE = 'moved-to.json';

/** Leaves the note in `folder`. */
export function noteMoved(folder: string, to: string): void {
  writeFileSync(join(folder, MOVED_FILE), JSON.stringify({ to }, null, 2));
}

/** Where a folder's note points; undefined when it has none. */
export function readMoved(folder: string): string | undefined {
  const path = join(folder, MOVED_FILE);
  if (!existsSync(path)) return undefined;
  try {
    const { to } = JSON.parse(readFileSync(path, 'utf8')) as { to?: unknown };
    if (typeof to === 'string' && isAbsolute(to)) return to;
  } catch {
    // said below
  }
  throw new AppError('bad-file', `${path} does not say where the data folder was moved to. Delete it to go on with the folder it lies in.`);
}

/** The data folder that is meant by `folder`, through every move. Throws AppError `not-found` when its new place is not there. */
export function followMoves(folder: string): string {
  const seen = new Set([resolve(folder)]);
  for (let at = resolve(folder); ;) {
    const to = readMoved(at);
    if (to === undefined) return at;
    if (!existsSync(to)) {
      throw new AppError(
        'not-found',
        `The data folder was moved from ${at} to ${to}, which is not there. Attach the disk that holds it, or delete ${join(at, MOVED_FILE)} to begin anew in ${at}.`,
        { from: at, to },
      );
    }
    if (seen.has(resolve(to))) throw new AppError('bad-file', `${join(at, MOVED_FILE)} leads back to where it came from. Delete it.`);
    seen.add((at = resolve(to)));
  }
}
