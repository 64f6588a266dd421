// The thread in which `importDataset` has files read, so that reading and writing go on at the same time.
import { workerData } from 'node:worker_threads';
import { readFiles, type ReadableFile } from './read-files.ts';
import { serveParent } from './threads.ts';

/** What is to be read; with a seed, rows draw for the splits that are to be made. */
export interface ReadOrder {
  readonly files: readonly ReadableFile[];
  readonly seed: number | undefined;
}

const { files, seed } = workerData as ReadOrder;
void serveParent((parent) => readFiles(files, seed, parent));
