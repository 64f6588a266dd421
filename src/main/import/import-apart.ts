// Takes dataset files in without holding the program: in a thread of its own, which ends with the records at the latest.
import { statSync } from 'node:fs';
import { extname } from 'node:path';
import type { ProgressFrame } from '../../shared/progress.ts';
import { deleteDatasetInSteps, getDataset, type Dataset } from '../db/datasets.ts';
import { newId } from '../db/ids.ts';
import type { Database } from '../db/open.ts';
import { endRightOfWay, takeRightOfWay } from '../db/right-of-way.ts';
import { inTurns } from '../db/turns.ts';
import { importDataset, type ImportOptions } from './import-dataset.ts';
import type { ImportOrder } from './import-thread.ts';
import { runThread } from './threads.ts';

const ENTRY = new URL(`./import-thread${extname(import.meta.url)}`, import.meta.url);

/** What ends the imports of records that are being closed. */
const closing = new WeakMap<Database, AbortController>();

/** What is read before a thread would have started. */
const SMALL_BYTES = 128 * 1024;

/** As `importDataset`, in a thread of its own, where the records are a file and there is much to read. */
export async function importApart(db: Database, paths: readonly string[], given: ImportOptions = {}): Promise<Dataset> {
  const bytes = paths.reduce((sum, path) => sum + (statSync(path, { throwIfNoEntry: false })?.size ?? 0), 0);
  if (db.memory || bytes < SMALL_BYTES) return await importDataset(db, paths, given);
  const { signal, progress, name, split, seed, mapping } = given; // whatever else a caller's object holds cannot go to a thread
  const end = closing.get(db) ?? new AbortController();
  closing.set(db, end);
  const id = newId();
  const order: ImportOrder = { database: db.name, mark: takeRightOfWay(db), paths, options: { id, name, split, seed, mapping } };
  try {
    await runThread<ProgressFrame, string>(ENTRY, order, (frame) => progress?.(frame), { signal, kill: end.signal });
    return getDataset(db, id);
  } catch (error) {
    // A thread that ended otherwise than by itself has not tidied up; what cannot be removed now is at the next start.
    if (db.open) await inTurns(deleteDatasetInSteps(db, id)).catch(() => undefined);
    throw error;
  } finally {
    if (db.open) endRightOfWay(db);
  }
}

/** Ends the imports into records that are about to be closed; the next start removes what they wrote. */
export function endImportsInto(db: Database): void {
  closing.get(db)?.abort();
}
