// Datasets and their rows: streamed in batches into an unfinished dataset, which nobody sees until it is finished.
import { createHash } from 'node:crypto';
import { canonicalJson } from '../../shared/canonical-json.ts';
import { mappedColumns, type RoleMapping } from '../../shared/dataset-roles.ts';
import { AppError } from '../../shared/errors.ts';
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
const DRAW_FUNCTION = 'draw_of';

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
      const hash = createHash('sha256').update(canonicalJson(values)).digest().subarray(0, 16);
      const parameters = [datasetId, position, split, line, hash, JSON.stringify(values)];
      execute(db, 'INSERT INTO dataset_rows (dataset_id, position, split, line, hash, values_json) VALUES (?, ?, ?, ?, ?, ?)', parameters);
    }
  });
}

export function addRejectedRows(db: Database, datasetId: string, rejected: readonly RejectedRow[]): void {
  inTransaction(db, () => rejected.forEach((row) => insertRow(db, 'dataset_rejects', { datasetId, ...row })));
}

/** Parts all rows into splits by the seed and their content alone, so that equal rows never stand in two splits. */
export function splitRows(db: Database, datasetId: string, shares: SplitShares, seed: number): void {
  const drawOf = (hash: unknown): Buffer =>
    createHash('sha256')
      .update(`${seed}:`)
      .update(hash as Buffer)
      .digest();
  db.function(DRAW_FUNCTION, { deterministic: true }, drawOf);
  const { count } = selectOne<{ count: number }>(db, 'SELECT count(*) AS count FROM dataset_rows WHERE dataset_id = ?', [datasetId])!;
  let end = 0;
  inTransaction(db, () => {
    execute(
      db,
      'CREATE TEMP TABLE draws AS SELECT id, rank() OVER (ORDER BY draw) AS place FROM (SELECT id, draw_of(hash) AS draw FROM dataset_rows WHERE dataset_id = ?)',
      [datasetId],
    );
    for (const [split, share] of Object.entries(shares)) {
      const begin = end;
      end += share;
      execute(db, 'UPDATE dataset_rows SET split = ? WHERE id IN (SELECT id FROM draws WHERE place > ? AND place <= ?)', [
        split,
        Math.round(begin * count),
        Math.round(end * count),
      ]);
    }
    execute(db, 'DROP TABLE draws');
  });
}

/** Shows the dataset to everyone, with its counts and its hash. */
export function finishDataset(
  db: Database,
  id: string,
  facts: Pick<Dataset, 'columns' | 'mappingReason' | 'splitReason' | 'rejectedCount'> & { mapping: RoleMapping | undefined },
): Dataset {
  return inTransaction(db, () => {
    const { rowCount, duplicateCount } = selectOne<{ rowCount: number; duplicateCount: number }>(
      db,
      'SELECT count(*) AS row_count, count(*) - count(DISTINCT hash) AS duplicate_count FROM dataset_rows WHERE dataset_id = ?',
      [id],
    )!;
    updateRow(db, 'datasets', id, { ...facts, rowCount, duplicateCount, hash: hashRows(db, id), state: 'ready' });
    return getDataset(db, id);
  });
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

/** How many rows each split has. */
export function countSplits(db: Database, datasetId: string): Readonly<Record<string, number>> {
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
  return selectAll<{ value: string }>(
    db,
    `SELECT DISTINCT CAST(field.value AS TEXT) AS value FROM dataset_rows, json_each(values_json) AS field
     WHERE dataset_id = ? AND field.key = ? AND field.value IS NOT NULL ORDER BY value LIMIT ?`,
    [datasetId, column, limit],
  ).map((row) => row.value);
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

/** Forgets a dataset and its rows. Throws AppError `bad-input` while a run reads it. */
export function deleteDataset(db: Database, id: string): void {
  const users = selectAll<{ runId: string }>(db, 'SELECT DISTINCT run_id FROM run_inputs WHERE dataset_id = ?', [id]);
  if (users.length > 0) {
    const runs = users.map((user) => user.runId).join(', ');
    throw new AppError('bad-input', `This dataset is read by ${users.length} run(s): ${runs}. Delete them first.`, {
      id,
      runs: users.length,
    });
  }
  execute(db, 'DELETE FROM datasets WHERE id = ?', [id]);
}

/** Removes what cut-off imports left behind; called when no import can be going on. */
export function deleteUnfinishedDatasets(db: Database): void {
  execute(db, `DELETE FROM datasets WHERE state = 'importing'`);
}

function hashRows(db: Database, id: string): string {
  const hash = createHash('sha256');
  for (const { split, values } of eachRow(db, id)) hash.update(canonicalJson([split, values])).update('\n');
  return hash.digest('hex');
}
