// Datasets and their rows: streamed in batches into an unfinished dataset, which nobody sees until it is finished.
import { createHash, hash } from 'node:crypto';
import { canonicalJson } from '../../shared/canonical-json.ts';
import { mappedColumns, type RoleMapping } from '../../shared/dataset-roles.ts';
import { AppError } from '../../shared/errors.ts';
import { countValuesInSteps } from './dataset-balance.ts';
import { newId } from './ids.ts';
import type { Database } from './open.ts';
import { execute, inTransaction, insertRow, selectAll, selectOne, updateRow } from './query.ts';

/** Columns by name, in the form of JSON. */
export type RowValues = Readonly<Record<string, unknown>>;

/** A file that a dataset was read from. `formatReason` says how the format was told. */
export interface DatasetSource {
  readonly path: string;
  readonly format: string;
  readonly formatReason: string;
  readonly sizeBytes: number;
}

export interface Dataset {
  readonly id: string;
  readonly name: string;
  readonly sources: readonly DatasetSource[];
  /** Names of the columns in the order in which they first occur. */
  readonly columns: readonly string[];
  /** Which column plays which role; undefined while nobody knows. */
  readonly mapping: RoleMapping | undefined;
  readonly mappingReason: string;
  /** How many rows each split has, in the order in which they first occur. */
  readonly splits: Readonly<Record<string, number>>;
  /** Where the splits come from. */
  readonly splitReason: string;
  /** SHA-256 over splits and rows in canonical JSON: the same data in another file format of the same types has the same hash. */
  readonly hash: string;
  readonly rowCount: number;
  /** Rows that repeat an earlier one. */
  readonly duplicateCount: number;
  readonly rejectedCount: number;
  readonly createdAt: number;
}

export interface DatasetRow {
  /** From 0 on through the whole dataset; a split has some of them, ascending. */
  readonly position: number;
  readonly split: string;
  /** Line in its file, or number of the record where a file has no lines; from 1 on. */
  readonly line: number;
  readonly values: RowValues;
}

/** A row that was left out, and why. */
export interface RejectedRow {
  readonly file: string;
  readonly line: number;
  readonly reason: string;
}

/** Share of the rows in each split; they sum to 1. */
export type SplitShares = Readonly<Record<string, number>>;

const READY = `SELECT * FROM datasets WHERE state = 'ready'`;
const PAGE_ROWS = 256; // rows held at once while a split is walked through
const STEP_ROWS = 1000; // rows handled at once by work that lets others in between
const STEP_PAGES = 500;
const SPLIT_FUNCTION = 'split_of';

/** Begins a dataset that stays hidden until `finishDataset`; returns its id. */
export function beginDataset(db: Database, dataset: { name: string; sources: readonly DatasetSource[] }): string {
  const id = newId();
  insertRow(db, 'datasets', { ...dataset, id, state: 'importing', createdAt: Date.now() });
  return id;
}

/** Adds a batch of rows, which must go on from the positions before. */
export function addRows(db: Database, datasetId: string, rows: readonly DatasetRow[]): void {
  inTransaction(db, () => {
    for (const { position, split, line, values } of rows) {
      const digest = hash('sha256', canonicalJson(values), 'buffer').subarray(0, 16);
      const parameters = [datasetId, position, split, line, digest, JSON.stringify(values)];
      execute(db, 'INSERT INTO dataset_rows (dataset_id, position, split, line, hash, values_json) VALUES (?, ?, ?, ?, ?, ?)', parameters);
    }
  });
}

export function addRejectedRows(db: Database, datasetId: string, rejected: readonly RejectedRow[]): void {
  inTransaction(db, () => rejected.forEach((row) => insertRow(db, 'dataset_rejects', { datasetId, ...row })));
}

/** Parts all rows into splits by the seed and their content alone, so that equal rows never stand in two splits. */
export function splitRows(db: Database, datasetId: string, shares: SplitShares, seed: number): void {
  drain(splitRowsInSteps(db, datasetId, shares, seed));
}

/** As `splitRows`, in steps of a few milliseconds between which others may work; yields how many rows are done of twice their number. */
export function* splitRowsInSteps(db: Database, datasetId: string, shares: SplitShares, seed: number): Generator<number, void> {
  // Six bytes of a hash tell the rows of any dataset apart well enough to draw by, and are exact in a double.
  const drawOf = (hash: unknown): number =>
    createHash('sha256')
      .update(`${seed}:`)
      .update(hash as Buffer)
      .digest()
      .readUIntBE(0, 6);
  const { count } = selectOne<{ count: number }>(db, 'SELECT count(*) AS count FROM dataset_rows WHERE dataset_id = ?', [datasetId])!;
  const draws = new Float64Array(count);
  let drawn = 0;
  for (let after = -1; drawn < count;) {
    const rows = selectAll<{ position: number; hash: Buffer }>(
      db,
      `SELECT position, hash FROM dataset_rows WHERE dataset_id = ? AND position > ? ORDER BY position LIMIT ${STEP_ROWS}`,
      [datasetId, after],
    );
    for (const { hash } of rows) draws[drawn++] = drawOf(hash);
    after = rows.at(-1)!.position;
    yield drawn;
  }
  let end = 0;
  // The first so many of the drawn order, with whatever equals the last of them.
  const bounds = Object.entries(shares).map(([split, share]) => ({
    split,
    last: nthSmallest(draws, Math.round((end += share) * count) - 1),
  }));
  db.function(SPLIT_FUNCTION, (hash: unknown) => {
    const draw = drawOf(hash);
    return bounds.find(({ last }) => draw <= last)?.split ?? bounds.at(-1)!.split;
  });
  const { first, last } = selectOne<{ first: number; last: number }>(
    db,
    'SELECT min(position) AS first, max(position) AS last FROM dataset_rows WHERE dataset_id = ?',
    [datasetId],
  )!;
  for (let position = first; position <= last; position += STEP_ROWS) {
    execute(db, 'UPDATE dataset_rows SET split = split_of(hash) WHERE dataset_id = ? AND position >= ? AND position < ?', [
      datasetId,
      position,
      position + STEP_ROWS,
    ]);
    yield count + Math.min(count, position - first + STEP_ROWS);
  }
}

type Finish = Pick<Dataset, 'columns' | 'mappingReason' | 'splitReason' | 'rejectedCount'> & { readonly mapping: RoleMapping | undefined };

/** Shows the dataset to everyone, with its counts and its hash. */
export function finishDataset(db: Database, id: string, facts: Finish): Dataset {
  return drain(finishDatasetInSteps(db, id, facts));
}

/** As `finishDataset`, in steps between which others may work; yields how many rows are done of twice their number. */
export function* finishDatasetInSteps(db: Database, id: string, facts: Finish): Generator<number, Dataset> {
  const hash = createHash('sha256');
  const splits = new Map<string, number>();
  let done = 0;
  for (const { split, values } of eachRow(db, id)) {
    splits.set(split, (splits.get(split) ?? 0) + 1);
    hash.update(canonicalJson([split, values])).update('\n');
    if (++done % STEP_ROWS === 0) yield done;
  }
  const { rowCount } = selectOne<{ rowCount: number }>(db, 'SELECT count(*) AS row_count FROM dataset_rows WHERE dataset_id = ?', [id])!;
  yield done;
  const different = yield* countDifferentInSteps(db, id, rowCount);
  updateRow(db, 'datasets', id, {
    ...facts,
    splits: Object.fromEntries(splits),
    rowCount,
    duplicateCount: rowCount - different,
    hash: hash.digest('hex'),
    state: 'ready',
  });
  return getDataset(db, id);
}

/**
 * How many rows repeat no earlier one; yields that all are hashed and how many were compared. Eight bytes of a hash tell rows apart: among
 * a hundred million, a false repeat has a chance of one in three thousand. Holds about 16 bytes a row in memory.
 */
function* countDifferentInSteps(db: Database, id: string, count: number): Generator<number, number> {
  // A hash set with open addressing in two lanes; (0, 0) is an empty place.
  const places = 2 ** Math.ceil(Math.log2(count * 1.4 + 2));
  const [high, low] = [new Uint32Array(places), new Uint32Array(places)];
  let different = 0;
  for (let after = -1, done = 0; done < count;) {
    const rows = selectAll<{ position: number; hash: Buffer }>(
      db,
      `SELECT position, hash FROM dataset_rows WHERE dataset_id = ? AND position > ? ORDER BY position LIMIT ${STEP_ROWS}`,
      [id, after],
    );
    for (const { hash } of rows) {
      const [a, b] = [hash.readUInt32LE(0), hash.readUInt32LE(4) || 1];
      let place = a & (places - 1);
      while ((high[place] !== a || low[place] !== b) && low[place] !== 0) place = (place + 1) & (places - 1);
      if (low[place] !== 0) continue;
      high[place] = a;
      low[place] = b;
      different++;
    }
    after = rows.at(-1)!.position;
    done += rows.length;
    yield count + done;
  }
  return different;
}

/** What would stand at an index if draws of 48 bits were sorted, found without sorting them all; -1 before the first. */
function nthSmallest(draws: Float64Array, index: number): number {
  if (index < 0) return -1;
  const counts = new Float64Array(2 ** 16);
  const bucketOf = (draw: number): number => Math.floor(draw / 2 ** 32);
  for (const draw of draws) counts[bucketOf(draw)]! += 1;
  let bucket = 0;
  let before = 0;
  while (before + counts[bucket]! <= index) before += counts[bucket++]!;
  return draws.filter((draw) => bucketOf(draw) === bucket).sort()[index - before]!;
}

/** Throws AppError `not-found`. */
export function getDataset(db: Database, id: string): Dataset {
  const dataset = selectOne<Dataset>(db, `${READY} AND id = ?`, [id]);
  if (!dataset)
    throw new AppError('not-found', `There is no dataset ${id} in these records. "tailor list datasets" shows those there are.`, { id });
  return dataset;
}

/** All datasets, the oldest first. */
export function listDatasets(db: Database): Dataset[] {
  return selectAll<Dataset>(db, `${READY} ORDER BY id`);
}

/** The newest dataset of this name. */
export function findDatasetByName(db: Database, name: string): Dataset | undefined {
  return selectOne<Dataset>(db, `${READY} AND name = ? ORDER BY id DESC LIMIT 1`, [name]);
}

/** How many rows each split has: kept since the import, and counted where that is still going on. */
export function countSplits(db: Database, datasetId: string): Readonly<Record<string, number>> {
  const kept = selectOne<Pick<Dataset, 'splits'>>(db, 'SELECT splits_json FROM datasets WHERE id = ?', [datasetId])?.splits;
  if (kept) return kept;
  const rows = selectAll<{ split: string; count: number }>(
    db,
    'SELECT split, count(*) AS count FROM dataset_rows WHERE dataset_id = ? GROUP BY split ORDER BY min(position)',
    [datasetId],
  );
  return Object.fromEntries(rows.map(({ split, count }) => [split, count]));
}

/** A page of rows: `limit` of them from the `offset`-th on, of one split or, without it, of all. */
export function listRows(db: Database, datasetId: string, page: { split?: string; offset?: number; limit: number }): DatasetRow[] {
  const split = page.split === undefined ? '' : 'AND split = :split';
  return selectAll<DatasetRow>(
    db,
    `SELECT position, split, line, values_json FROM dataset_rows WHERE dataset_id = :datasetId ${split} ORDER BY position LIMIT :limit OFFSET :offset`,
    { datasetId, offset: page.offset ?? 0, limit: page.limit, ...(page.split === undefined ? {} : { split: page.split }) },
  );
}

/** Rows from a position on, of one split or of all: as fast at the millionth row as at the first. */
export function listRowsFrom(db: Database, datasetId: string, page: { split?: string; position: number; limit: number }): DatasetRow[] {
  const split = page.split === undefined ? '' : 'AND split = :split';
  return selectAll<DatasetRow>(
    db,
    `SELECT position, split, line, values_json FROM dataset_rows WHERE dataset_id = :datasetId ${split} AND position >= :position ORDER BY position LIMIT :limit`,
    { datasetId, position: page.position, limit: page.limit, ...(page.split === undefined ? {} : { split: page.split }) },
  );
}

/** Position of the row of a split that stands `skip` rows after a position; undefined past its end. Read from an index alone. */
export function skipInSplit(db: Database, datasetId: string, split: string, position: number, skip: number): number | undefined {
  return selectOne<{ position: number }>(
    db,
    'SELECT position FROM dataset_rows WHERE dataset_id = ? AND split = ? AND position >= ? ORDER BY position LIMIT 1 OFFSET ?',
    [datasetId, split, position, skip],
  )?.position;
}

/** Walks through the rows of a split, or of all, a page at a time; other queries may be made in between. */
export function* eachRow(db: Database, datasetId: string, split?: string): Generator<DatasetRow> {
  const condition = split === undefined ? '' : 'AND split = :split';
  for (let after = -1; ;) {
    const rows = selectAll<DatasetRow>(
      db,
      `SELECT position, split, line, values_json FROM dataset_rows WHERE dataset_id = :datasetId ${condition} AND position > :after ORDER BY position LIMIT ${PAGE_ROWS}`,
      { datasetId, after, ...(split === undefined ? {} : { split }) },
    );
    yield* rows;
    if (rows.length < PAGE_ROWS) return;
    after = rows.at(-1)!.position;
  }
}

/** Different values of a top-level column as text, in code-unit order; at most `limit` of them. */
export function listValues(db: Database, datasetId: string, column: string, limit: number): string[] {
  return drain(listValuesInSteps(db, datasetId, column, limit));
}

/** As `listValues`, in steps between which others may work; yields how many rows were looked at. */
export function* listValuesInSteps(db: Database, datasetId: string, column: string, limit: number): Generator<number, string[]> {
  let values: string[] = [];
  for (const { done, counts } of countValuesInSteps(db, datasetId, column)) {
    // Spelled as tasks read them: a label true is "true", as from a CSV file, and not the 1 that SQLite makes of it.
    const found = counts.filter(({ value }) => value !== undefined && value !== null).map(({ value }) => spell(value));
    const all = new Set([...values, ...found]);
    if (all.size > values.length) values = [...all].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))).slice(0, limit);
    yield done;
  }
  return values;
}

function spell(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** Rows that were left out, in the order of their files and lines. */
export function listRejectedRows(db: Database, datasetId: string): RejectedRow[] {
  return selectAll<RejectedRow>(db, 'SELECT file, line, reason FROM dataset_rejects WHERE dataset_id = ? ORDER BY id', [datasetId]);
}

/** Corrects which column plays which role. Throws AppError `bad-input` for a column that the dataset does not have. */
export function setMapping(db: Database, id: string, mapping: RoleMapping, reason: string): Dataset {
  const { columns } = getDataset(db, id);
  const unknown = mappedColumns(mapping).find((column) => !columns.includes(column));
  if (unknown !== undefined) {
    const found = columns.map((column) => `"${column}"`).join(', ');
    throw new AppError('bad-input', `There is no column "${unknown}" in the dataset; its columns are ${found}.`, { column: unknown });
  }
  updateRow(db, 'datasets', id, { mapping, mappingReason: reason });
  return getDataset(db, id);
}

/** Gives a dataset another name; its content and its hash stay. */
export function renameDataset(db: Database, id: string, name: string): Dataset {
  updateRow(db, 'datasets', getDataset(db, id).id, { name });
  return getDataset(db, id);
}

/** Runs that read a dataset, the newest first. */
export function listReaders(db: Database, datasetId: string): { readonly id: string; readonly title: string }[] {
  return selectAll(
    db,
    'SELECT DISTINCT runs.id AS id, runs.title AS title FROM run_inputs JOIN runs ON runs.id = run_id WHERE dataset_id = ? ORDER BY runs.id DESC',
    [datasetId],
  );
}

/** Forgets a dataset and its rows. Throws AppError `bad-input` while a run reads it. */
export function deleteDataset(db: Database, id: string): void {
  drain(deleteDatasetInSteps(db, id));
}

/** As `deleteDataset`, in steps between which others may work; the dataset is hidden at once. Yields how many rows are gone. */
export function* deleteDatasetInSteps(db: Database, id: string): Generator<number, void> {
  const readers = listReaders(db, id);
  if (readers.length > 0) {
    const [named, more] = [readers.slice(0, 3), readers.length - 3];
    const runs = named.map((run) => `“${run.title}” (${run.id})`).join(', ') + (more > 0 ? ` and ${more} more` : '');
    throw new AppError(
      'bad-input',
      `This dataset is read by ${readers.length === 1 ? 'the run' : 'the runs'} ${runs}. Delete them first.`,
      {
        id,
        runs: readers.length,
      },
    );
  }
  // Should the program end in between, the next start removes the rest.
  execute(db, `UPDATE datasets SET state = 'importing' WHERE id = ?`, [id]);
  for (let gone = 0, last = STEP_ROWS; last === STEP_ROWS; yield (gone += last)) {
    last = execute(db, `DELETE FROM dataset_rows WHERE id IN (SELECT id FROM dataset_rows WHERE dataset_id = ? LIMIT ${STEP_ROWS})`, [id]);
  }
  execute(db, 'DELETE FROM datasets WHERE id = ?', [id]);
  yield* giveBackSpace(db);
}

/** Shrinks the file by what came free, where it was made with that in mind. */
function* giveBackSpace(db: Database): Generator<number, void> {
  for (let free = countFreePages(db), before = Infinity; free > 0 && free < before; free = countFreePages(db)) {
    db.pragma(`incremental_vacuum(${STEP_PAGES})`);
    before = free;
    yield 0;
  }
}

function countFreePages(db: Database): number {
  return db.pragma('freelist_count', { simple: true }) as number;
}

/** Removes what cut-off imports left behind; called when no import can be going on. */
export function deleteUnfinishedDatasets(db: Database): void {
  execute(db, `DELETE FROM datasets WHERE state = 'importing'`);
}

function drain<T>(steps: Generator<unknown, T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}
