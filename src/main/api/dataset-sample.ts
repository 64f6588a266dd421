// What is worked out about a dataset from some rows of it, drawn from all over, and kept while the program runs.
import type { App } from '../app.ts';
import { listRowsFrom, type Dataset, type DatasetRow } from '../db/datasets.ts';

const SAMPLE_ROWS = 200;
const ROWS_A_TURN = 20; // drawn from all over a file, some have to be fetched from a slow disk

/** What was once worked out about a dataset whose rows never change, by dataset and question. */
const remembered = new WeakMap<App, Map<string, unknown>>();

/** The answer to a question about a dataset, whose id and a space begin the key: worked out the first time. */
export function remember<T>(app: App, key: string, work: () => T): T {
  let known = remembered.get(app);
  if (!known) remembered.set(app, (known = new Map()));
  if (!known.has(key)) {
    const value = work();
    known.set(key, value);
    if (value instanceof Promise) value.catch(() => known.delete(key));
  }
  return known.get(key) as T;
}

/** Forgets what was worked out about a dataset. */
export function forgetViews(app: App, id: string): void {
  const known = remembered.get(app);
  for (const key of [...(known?.keys() ?? [])]) if (key.startsWith(`${id} `)) known!.delete(key);
}

/** Lets in whoever waits for the program. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Rows drawn evenly from all of a dataset. */
export async function sampleRows(app: App, dataset: Dataset): Promise<DatasetRow[]> {
  const positions = samplePositions(dataset, SAMPLE_ROWS);
  const rows: DatasetRow[] = [];
  for (let at = 0; at < positions.length; at += ROWS_A_TURN) {
    rows.push(...readRowsAt(app, dataset.id, positions.slice(at, at + ROWS_A_TURN)));
    await nextTurn();
  }
  return rows;
}

/** Where so many rows stand that are drawn evenly from all. */
export function samplePositions({ rowCount }: Dataset, wanted: number): number[] {
  const count = Math.min(wanted, rowCount);
  return Array.from({ length: count }, (_, i) => Math.floor((i * rowCount) / count));
}

/** The rows at these positions. */
export function readRowsAt(app: App, id: string, positions: readonly number[]): DatasetRow[] {
  return positions.flatMap((position) => listRowsFrom(app.db, id, { position, limit: 1 }));
}

/** A value as text: itself, or as JSON. */
export function toText(value: unknown, indent?: number): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value, undefined, indent);
}
