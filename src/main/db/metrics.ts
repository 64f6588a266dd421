// The curves of a run: named figures by step.
import type { Database } from './open.ts';
import { execute, inTransaction, insertRow, selectAll } from './query.ts';

export interface Metric {
  readonly name: string;
  readonly step: number;
  readonly value: number;
}

/** Adds figures of a run; a figure that is there already for its name and step is replaced, as when a resumed run repeats steps. */
export function addMetrics(db: Database, runId: string, metrics: readonly Metric[]): void {
  inTransaction(db, () => {
    for (const { name, step, value } of metrics) insertRow(db, 'metrics', { runId, name, step, value }, 'OR REPLACE');
  });
}

/** Figures of a run by name and step; one curve when `name` is given. A value that was not a number comes back as NaN. */
export function listMetrics(db: Database, runId: string, name?: string): Metric[] {
  return selectAll<{ name: string; step: number; value?: number }>(
    db,
    'SELECT name, step, value FROM metrics WHERE run_id = :runId AND (:name IS NULL OR name = :name) ORDER BY name, step',
    { runId, name: name ?? null },
  ).map((row) => ({ ...row, value: row.value ?? NaN }));
}

/** Forgets the figures after a step, before a run goes on from its snapshot there. */
export function deleteMetricsAfter(db: Database, runId: string, step: number): void {
  execute(db, 'DELETE FROM metrics WHERE run_id = ? AND step > ?', [runId, step]);
}
