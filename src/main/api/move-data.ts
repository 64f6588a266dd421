// Moving the data folder: a complete copy elsewhere, made while no run is at work; the old place keeps a note that leads to the new one.
import { existsSync, readdirSync } from 'node:fs';
import { readdir, rm, statfs } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { AppError, throwIfCancelled } from '../../shared/errors.ts';
import { formatBytes } from '../../shared/figures.ts';
import type { WorkOptions } from '../../shared/progress.ts';
import type { App } from '../app.ts';
import { backUpDatabase, DATABASE_FILE } from '../db/open.ts';
import { keepSetting, listSettings } from '../db/settings.ts';
import { listStudies } from '../db/studies.ts';
import { MOVED_FILE, noteMoved, readMoved } from '../moved-folder.ts';
import { listActivities } from './activities.ts';
import { copyFiles, folderBytes, isInside, listFolderFiles, type FoundFile } from './folder-files.ts';

/** Made anew by whoever opens the folder. Of the desktop shell's cache, which Windows keeps locked, only what knows the window's place goes along. */
const NOT_COPIED = new RegExp(
  `^(shell[\\\\/](?!Local State$).*|lock\\.(sqlite.*|pid)|${MOVED_FILE}|${DATABASE_FILE.replace('.', '\\.')}(-wal|-shm|-journal)?)$`,
);
/** The setting that names the folder which this one was moved from, until that is cleared. */
const MOVED_FROM = 'movedFrom';

/**
 * Copies the data folder into `Tailor` in the folder that was named, leaves the note, and returns the new place. From then on the queue
 * is held: the host must go on with the new folder. Throws AppError `busy` while something is at work, `bad-input` for a place that will
 * not do, `disk-full`, `cancelled`; then nothing has changed.
 */
export async function moveDataFolder(app: App, into: string, work: WorkOptions = {}): Promise<string> {
  if (app.queue.runningId !== undefined)
    throw new AppError('busy', 'A run is at work. Stop it on Runs, or wait until it has ended, and move the folder then.');
  // Between two runs of it, too: it would take the next.
  if (listStudies(app.db).some(({ state }) => state === 'running'))
    throw new AppError('busy', 'A study is at work. Stop it on Studies, or wait until it has ended, and move the folder then.');
  const from = resolve(app.host.dataFolder);
  const target = join(into, 'Tailor');
  if (isInside(from, into)) throw new AppError('bad-input', `${into} lies inside the data folder. Name a folder outside of it.`);
  if (existsSync(target)) {
    const state = readdirSync(target).length === 0 ? 'There is an empty folder' : 'There is something';
    throw new AppError('bad-input', `${state} at ${target} already. Move it away, or name another folder.`);
  }
  const { isWorking } = app.queue;
  const earlier = listSettings(app.db)[MOVED_FROM];
  app.queue.hold();
  try {
    refuseOtherWork(app);
    const files = await listOwnFiles(from);
    const bytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    const { bavail, bsize } = await statfs(into);
    if (bytes * 1.02 > bavail * bsize)
      throw new AppError('disk-full', `The copy takes ${formatBytes(bytes)}, but ${formatBytes(bavail * bsize)} are free at ${into}.`);
    await copyFiles(files, target, work);
    refuseOtherWork(app);
    if ((await listOwnFiles(from)).some(isNewTo(files)))
      throw new AppError('busy', 'Something was added to the data folder while it was copied. Nothing has changed; move it again.');
    throwIfCancelled(work.signal);
    keepSetting(app.db, MOVED_FROM, from);
    await backUpDatabase(app.db, join(target, DATABASE_FILE));
    noteMoved(from, target);
    return target;
  } catch (thrown) {
    await rm(target, { recursive: true, force: true });
    keepSetting(app.db, MOVED_FROM, earlier);
    if (isWorking) app.queue.work();
    throw thrown;
  }
}

async function listOwnFiles(folder: string): Promise<FoundFile[]> {
  // What cannot be read must not pass for nothing: its only copy may be deleted afterwards.
  await readdir(folder, { recursive: true }).catch((thrown: Error) => {
    throw new AppError('bad-file', `The data folder cannot be read as a whole: ${thrown.message}. Nothing has changed.`);
  });
  return listFolderFiles(folder, (name) => !NOT_COPIED.test(name) && !/(^|[\\/])\.staged-/.test(name));
}

function isNewTo(files: readonly FoundFile[]): (file: FoundFile) => boolean {
  const known = new Set(files.map(({ name }) => name));
  // The desktop shell's own cache, and its log, change all the time.
  return ({ name }) => !known.has(name) && !/^(shell|logs)[\\/]/.test(name);
}

/** What is written beside runs would lie in the old folder alone. */
function refuseOtherWork(app: App): void {
  const [other] = listActivities(app, ['add', 'export']);
  if (other !== undefined)
    throw new AppError('busy', `“${other}” is at work in the data folder. Wait until it has ended, and move it then.`);
}

/** The folder that this one was moved from, while its files still lie there. */
export async function findOldFolder(app: App): Promise<{ readonly path: string; readonly sizeBytes: number } | undefined> {
  const path = oldFolderOf(app);
  return path === undefined ? undefined : { path, sizeBytes: await folderBytes(path) };
}

/** Deletes what a move left at the old place, all but the note and what others put there. Throws AppError `not-found` when there is nothing. */
export async function clearOldFolder(app: App): Promise<void> {
  const path = oldFolderOf(app);
  if (path === undefined) throw new AppError('not-found', 'The old data folder is gone already, or no longer leads here.');
  const isLeft = (name: string): boolean => NOT_COPIED.test(name) || existsSync(join(app.host.dataFolder, name));
  for (const name of readdirSync(path).filter((name) => name !== MOVED_FILE && isLeft(name)))
    await rm(join(path, name), { recursive: true, force: true });
  keepSetting(app.db, MOVED_FROM, undefined);
  app.events.tell({ kind: 'changed', table: 'settings', id: 'settings' });
}

/** Only a folder whose note leads to the present one is ever cleared. */
function oldFolderOf(app: App): string | undefined {
  const path = listSettings(app.db)[MOVED_FROM];
  if (typeof path !== 'string' || !existsSync(path)) return undefined;
  const leadsTo = readMoved(path);
  return leadsTo !== undefined && resolve(leadsTo) === resolve(app.host.dataFolder) ? path : undefined;
}
