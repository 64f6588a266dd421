// How often each value of a column occurs: counted once in short steps, then kept, because rows of a finished dataset never change.
import { performance } from 'node:perf_hooks';
import type { Database } from './open.ts';
import { insertRow, selectAll, selectOne } from './query.ts';

/** How often right answers occur in the splits of a dataset. */
export interface Balance {
  readonly column: string;
  /** The commonest first. */
  readonly labels: readonly { readonly value: string; readonly bySplit: Readonly<Record<string, number>>; readonly rows: number }[];
  /** Rows whose answer is hidden. */
  readonly hidden: number;
  /** Rows with other answers than these. */
  readonly others: number;
}

/** Rows that have a value of a column in a split; `value` is undefined where the column is absent. */
export interface ValueCount {
  readonly split: string;
  readonly value: unknown;
  readonly rows: number;
}

const [LEAST_ROWS, MOST_ROWS] = [16, 4000];
/** A step that took longer is followed by a shorter one, so that others wait no longer than about twice this. */
const STEP_MS = 6;

/** The balance of a column that was kept, if it was counted before. */
export function findBalance(db: Database, datasetId: string, column: string): Balance | undefined {
  const sql = 'SELECT balance_json FROM dataset_balances WHERE dataset_id = ? AND column_name = ?';
  return selectOne<{ balance: Balance }>(db, sql, [datasetId, column])?.balance;
}

/** Keeps a balance with its dataset. */
export function keepBalance(db: Database, datasetId: string, balance: Balance): void {
  insertRow(db, 'dataset_balances', { datasetId, columnName: balance.column, balance }, 'OR REPLACE');
}

/** Counts the values of a column in steps of a few milliseconds; yields the counts of each step, with how many rows are done. */
export function* countValuesInSteps(
  db: Database,
  datasetId: string,
  column: string,
): Generator<{ readonly done: number; readonly counts: readonly ValueCount[] }, void> {
  const { end } = selectOne<{ end: number | undefined }>(db, 'SELECT max(position) + 1 AS end FROM dataset_rows WHERE dataset_id = ?', [
    datasetId,
  ])!;
  // A path in quotes cannot name a column that has quotes itself; such a one is looked for among all.
  const [field, key] = /^[^"\\\p{Cc}]+$/u.test(column)
    ? ['values_json -> ?', `$."${column}"`]
    : [`(SELECT iif(type IN ('true', 'false'), type, json_quote(value)) FROM json_each(values_json) WHERE key = ?)`, column];
  // Without the index by position the split's would be walked through from its beginning in each step.
  const sql = `SELECT split, ${field} AS value_json, count(*) AS rows FROM dataset_rows INDEXED BY dataset_rows_position
    WHERE dataset_id = ? AND position >= ? AND position < ? GROUP BY 1, 2`;
  let step = LEAST_ROWS;
  for (let position = 0; position < (end ?? 0);) {
    const began = performance.now();
    const counts = selectAll<ValueCount>(db, sql, [key, datasetId, position, position + step]);
    position = Math.min(end!, position + step);
    yield { done: position, counts };
    step = performance.now() - began > STEP_MS ? Math.max(LEAST_ROWS, step >> 1) : Math.min(MOST_ROWS, step << 1);
  }
}
