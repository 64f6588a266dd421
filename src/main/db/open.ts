// Opens the records of a data folder: lock, pragmas, migrations, and the truth about runs, studies and imports that were cut off.
import Sqlite from 'better-sqlite3';
import { mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { AppError } from '../../shared/errors.ts';
import { deleteUnfinishedDatasets } from './datasets.ts';
import { lockFolder } from './lock.ts';
import { MIGRATIONS, type Migration } from './migrations/index.ts';
import { giveWay, LOG_PAGES, type Mark } from './right-of-way.ts';
import { interruptRunning } from './runs.ts';
import { stopCutOffStudies } from './studies.ts';

/** An open database. The rooms above pass it to the query files of this folder and never speak SQL themselves. */
export type Database = Sqlite.Database;

export const DATABASE_FILE = 'tailor.sqlite';

/** How long an import waits for a write of the program before it fails; the longest, a backup's aside, takes far less. */
const BUSY_MS = 30_000;
/** Pages of the log after which an import moves it into the file: sooner than the program would, so that each time takes less. */
const IMPORT_LOG_PAGES = LOG_PAGES / 2;

/** A data folder held by this process until it is closed or disposed. */
export interface Records extends Disposable {
  readonly db: Database;
  readonly folder: string;
  close(): void;
}

/**
 * Takes a data folder (made when absent) and opens its records. Runs found `running` become `interrupted`, such studies `stopped`, and imports that were
 * cut off are removed. Throws AppError `busy`, `newer-data`, or `bad-file` when the file is not a Tailor database.
 */
export function openRecords(path: string): Records {
  const folder = resolve(path);
  mkdirSync(folder, { recursive: true });
  const unlock = lockFolder(folder);
  try {
    const db = openDatabase(join(folder, DATABASE_FILE));
    const close = (): void => {
      db.close();
      unlock();
    };
    return { db, folder, close, [Symbol.dispose]: close };
  } catch (error) {
    unlock();
    throw error;
  }
}

/** Opens one database file without taking its folder; `:memory:` makes one that lives as long as its handle. Errors as `openRecords`. */
export function openDatabase(file: string): Database {
  const db = new Sqlite(file);
  try {
    db.pragma('auto_vacuum = INCREMENTAL'); // only a file made now takes it: space that comes free can be given back in steps
    db.pragma('journal_mode = WAL');
    db.pragma('cache_size = -65536'); // 64 MB
    db.pragma(`wal_autocheckpoint = ${LOG_PAGES}`);
    db.pragma('synchronous = NORMAL'); // in WAL mode a power loss may cost the last commits, never the file
    db.pragma('foreign_keys = OFF'); // a step may rebuild a table; it checks all references itself
    migrate(db, file);
    db.pragma('foreign_keys = ON');
    interruptRunning(db);
    stopCutOffStudies(db);
    deleteUnfinishedDatasets(db);
    return db;
  } catch (error) {
    db.close();
    const code = (error as { code?: unknown }).code;
    if (code !== 'SQLITE_NOTADB' && code !== 'SQLITE_CORRUPT') throw error;
    throw new AppError(
      'bad-file',
      `${file} is not a sound Tailor database (${(error as Error).message}). Put a backup in its place, or move it away to begin anew.`,
      { file },
      { cause: error },
    );
  }
}

/**
 * Another connection to records that this process holds open, for a thread of it. It gives way to those who raise the mark, and moves the
 * log into the file in their stead.
 */
export function openBeside(file: string, mark: Mark): Database {
  const db = new Sqlite(file, { fileMustExist: true, timeout: BUSY_MS });
  db.pragma('cache_size = -65536');
  db.pragma(`wal_autocheckpoint = ${IMPORT_LOG_PAGES}`);
  db.pragma('synchronous = NORMAL');
  db.pragma('foreign_keys = ON');
  giveWay(db, mark);
  return db;
}

/** Writes a copy of the records as they stand in one moment to a new file, while they go on being used. */
export async function backUpDatabase(db: Database, file: string): Promise<void> {
  await db.backup(file);
}

/**
 * Takes the steps that are missing, each in one transaction with its number and a check of all references: a step that fails leaves
 * the file as it was. Throws AppError `newer-data` when the file has taken more steps than are known here.
 */
export function migrate(db: Database, file: string, steps: readonly Migration[] = MIGRATIONS): void {
  const version = db.pragma('user_version', { simple: true }) as number;
  if (version > steps.length) {
    throw new AppError(
      'newer-data',
      `${file} was written by a newer Tailor: its layout is ${version}, and this program knows up to ${steps.length}. Update Tailor, or name another data folder.`,
      { file, version, known: steps.length },
    );
  }
  const take = db.transaction((step: Migration, number: number) => {
    if (typeof step === 'string') db.exec(step);
    else step(db, dirname(db.name));
    const broken = db.pragma('foreign_key_check') as unknown[];
    if (broken.length > 0) throw new Error(`Migration ${number} leaves ${broken.length} references to rows that do not exist.`);
    db.pragma(`user_version = ${number}`);
  });
  for (let number = version + 1; number <= steps.length; number++) take.immediate(steps[number - 1]!, number);
}
