// Datasets and their rows as they are read, corrected and deleted.
import { mappedColumns, type RoleMapping } from '../../shared/dataset-roles.ts';
import { AppError } from '../../shared/errors.ts';
import { countValuesInSteps } from './dataset-balance.ts';
import type { Database } from './open.ts';
import { execute, selectAll, selectOne, updateRow } from './query.ts';
import { drain } from './turns.ts';

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

/** Throws AppError `not-found`. */
export function getDataset(db: Database, id: string): Dataset {
  const dataset = selectOne<Dataset>(db, `${READY} AND id = ?`, [id]);
  if (!dataset) throw new AppError('not-found', `There is no dataset ${id} in these records. It may have been deleted.`, { id });
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

/** Removes what cut-off imports and deletions left behind, but nothing that a run names; called when no import can be going on. */
export function deleteUnfinishedDatasets(db: Database): void {
  execute(db, `DELETE FROM datasets WHERE state = 'importing' AND NOT EXISTS (SELECT 1 FROM run_inputs WHERE dataset_id = datasets.id)`);
}
