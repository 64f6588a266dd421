// Moving the data folder: a complete copy elsewhere, made while no run is at work; the old one stays until the person deletes it.
import { existsSync, readdirSync } from 'node:fs';
import { rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError, throwIfCancelled } from '../../shared/errors.ts';
import { formatBytes } from '../../shared/figures.ts';
import type { WorkOptions } from '../../shared/progress.ts';
import type { App } from '../app.ts';
import { backUpDatabase, DATABASE_FILE } from '../db/open.ts';
import { copyFiles, isInside, listFolderFiles } from './folder-files.ts';

/** Made anew by whoever opens the folder. */
const NOT_COPIED = new RegExp(`^(lock\\.(sqlite.*|pid)|${DATABASE_FILE.replace('.', '\\.')}(-wal|-shm|-journal)?)$`);

/**
 * Copies the data folder into `Tailor` in the folder that was named, records as they stand in one moment, and returns the copy's path.
 * Runs wait meanwhile. Throws AppError `busy` while a run is at work, `bad-input` for a place that will not do, `disk-full`, `cancelled`.
 */
export async function copyDataFolder(app: App, into: string, work: WorkOptions = {}): Promise<string> {
  if (app.queue.runningId !== undefined)
    throw new AppError('busy', 'A run is at work. Stop it on Runs, or wait until it has ended, and move the folder then.');
  const from = app.host.dataFolder;
  const target = join(into, 'Tailor');
  if (isInside(from, into)) throw new AppError('bad-input', `${into} lies inside the data folder. Name a folder outside of it.`);
  if (existsSync(target)) {
    const state = readdirSync(target).length === 0 ? 'There is an empty folder' : 'There is something';
    throw new AppError('bad-input', `${state} at ${target} already. Move it away, or name another folder.`);
  }
  const wasWorking = app.queue.isWorking;
  app.queue.hold();
  try {
    const files = await listFolderFiles(from, (name) => !NOT_COPIED.test(name) && !/(^|[\\/])\.staged-/.test(name));
    const bytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    const { bavail, bsize } = await statfs(into);
    if (bytes * 1.02 > bavail * bsize)
      throw new AppError('disk-full', `The copy takes ${formatBytes(bytes)}, but ${formatBytes(bavail * bsize)} are free at ${into}.`);
    await copyFiles(files, target, work);
    try {
      throwIfCancelled(work.signal);
      await backUpDatabase(app.db, join(target, DATABASE_FILE));
    } catch (thrown) {
      await rm(target, { recursive: true, force: true });
      throw thrown;
    }
    return target;
  } finally {
    if (wasWorking) app.queue.work();
  }
}
