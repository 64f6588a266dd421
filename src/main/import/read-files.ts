// Reads the files of a dataset to the end: rows made ready for the records, rejected rows, and a sample of each split. Needs no records.
import { basename } from 'node:path';
import type { ProgressFrame } from '../../shared/progress.ts';
import { RandomStream } from '../../shared/random.ts';
import { RowBatch, type PreparedRows } from '../db/dataset-batch.ts';
import type { RejectedRow, RowValues } from '../db/datasets.ts';
import type { DetectedFormat } from './detect-format.ts';
import { MAX_LISTED_REJECTS } from './limits.ts';
import { readRows } from './read-rows.ts';
import type { Parent } from './threads.ts';

export interface ReadableFile extends Pick<DetectedFormat, 'format' | 'labelsPath'> {
  readonly path: string;
  readonly split: string;
}

/** Some rows of a file. */
export interface Piece {
  /** Its place among the files. */
  readonly file: number;
  readonly rows: PreparedRows;
  /** The first rows that were left out, up to a limit over all files; all of them are counted. */
  readonly rejected: readonly RejectedRow[];
  readonly rejectedCount: number;
  /** How far the file is read. */
  readonly frame: ProgressFrame | undefined;
}

/** Columns and some rows of one split, drawn evenly from all of it. */
export interface SplitSample {
  readonly split: string;
  readonly columns: ReadonlySet<string>;
  readonly rows: readonly RowValues[];
}

const PIECE_ROWS = 1000;
const PIECE_CHARACTERS = 2 ** 18; // written in a few milliseconds
const SAMPLE_ROWS = 400; // rows of each split that roles are inferred from
const SAMPLE_SEED = 42;

/** Tells the files' rows piece by piece, ready to draw with a seed, and returns a sample of each split. Throws as `readRows`. */
export async function readFiles(
  files: readonly ReadableFile[],
  seed: number | undefined,
  { signal, tell, room }: Parent<Piece>,
): Promise<SplitSample[]> {
  const samples = new Map<string, Sampling>();
  const draws = new RandomStream(SAMPLE_SEED, 'import sample');
  let listed = 0;
  for (const [index, file] of files.entries()) {
    const { split } = file;
    const sample = samples.get(split) ?? new Sampling(draws);
    samples.set(split, sample);
    let batch = new RowBatch(split, seed);
    let rejected: RejectedRow[] = [];
    let rejectedCount = 0;
    let frame: ProgressFrame | undefined;
    const flush = (): void => {
      tell({ file: index, rows: batch.prepared(), rejected, rejectedCount, frame });
      batch = new RowBatch(split, seed);
      rejected = [];
      rejectedCount = 0;
      frame = undefined;
    };
    for await (const row of readRows(file.path, file, { signal, progress: (next) => (frame = next) })) {
      if ('reason' in row) {
        rejectedCount++;
        if (listed++ < MAX_LISTED_REJECTS) rejected.push({ file: basename(file.path), line: row.line, reason: row.reason });
      } else {
        sample.see(row.values);
        batch.add(row.line, row.values);
      }
      if (batch.length + rejectedCount < PIECE_ROWS && batch.characters < PIECE_CHARACTERS) continue;
      flush();
      await room();
    }
    flush();
  }
  return [...samples].map(([split, { columns, rows }]) => ({ split, columns, rows }));
}

/** Reservoir sampling (Vitter 1985, algorithm R): every row of the split is as likely to stay. */
class Sampling {
  readonly columns = new Set<string>();
  readonly rows: RowValues[] = [];
  readonly #draws: RandomStream;
  #seen = 0;

  constructor(draws: RandomStream) {
    this.#draws = draws;
  }

  see(values: RowValues): void {
    for (const column in values) this.columns.add(column);
    const place = this.#seen < SAMPLE_ROWS ? this.#seen : this.#draws.integer(this.#seen + 1);
    if (place < SAMPLE_ROWS) this.rows[place] = values;
    this.#seen++;
  }
}
