// The thread in which `importApart` has a dataset taken in, on a connection of its own.
import { workerData } from 'node:worker_threads';
import type { ProgressFrame } from '../../shared/progress.ts';
import { openBeside } from '../db/open.ts';
import type { Mark } from '../db/right-of-way.ts';
import { importDataset, type ImportOptions } from './import-dataset.ts';
import { serveParent } from './threads.ts';

export interface ImportOrder {
  readonly database: string;
  readonly mark: Mark;
  readonly paths: readonly string[];
  readonly options: Omit<ImportOptions, 'signal' | 'progress'>;
}

const { database, mark, paths, options } = workerData as ImportOrder;
void serveParent<ProgressFrame, string>(async ({ signal, tell }) => {
  const db = openBeside(database, mark);
  try {
    return (await importDataset(db, paths, { ...options, signal, progress: tell })).id;
  } finally {
    db.close();
  }
});
