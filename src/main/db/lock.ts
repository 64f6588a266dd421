// Holds a data folder for one process: an SQLite lock, which the system drops when the process ends, however it ends.
import Sqlite from 'better-sqlite3';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../../shared/errors.ts';

/**
 * Takes the folder, and returns the function that gives it back. The pid beside the lock is only for the message: a stale one,
 * left by a killed process, locks nobody out. Throws AppError `busy` when another process (or this one, earlier) holds the folder.
 */
export function lockFolder(folder: string): () => void {
  const pidFile = join(folder, 'lock.pid');
  const lock = new Sqlite(join(folder, 'lock.sqlite'), { timeout: 0 });
  try {
    lock.exec('BEGIN EXCLUSIVE');
    writeFileSync(pidFile, String(process.pid));
  } catch (error) {
    lock.close();
    if ((error as { code?: unknown }).code !== 'SQLITE_BUSY') throw error;
    const pid = readPid(pidFile);
    const holder = pid === process.pid ? 'this very process' : pid === undefined ? 'another process' : `another Tailor (process ${pid})`;
    throw new AppError(
      'busy',
      `The data folder ${folder} is in use by ${holder}. Wait until it has ended, or name another folder with --data.`,
      { folder, pid },
      { cause: error },
    );
  }
  return () => lock.close();
}

function readPid(file: string): number | undefined {
  try {
    const pid = Number(readFileSync(file, 'utf8'));
    return Number.isInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}
