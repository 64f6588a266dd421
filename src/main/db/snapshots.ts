// Snapshots of a run: the folders from which it can go on.
import type { Database } from './open.ts';
import { execute, insertRow, selectAll } from './query.ts';

export interface Snapshot {
  readonly runId: string;
  readonly step: number;
  readonly folderPath: string;
  readonly sizeBytes: number;
  readonly createdAt: number;
}

/** Adds a snapshot after its folder was written; one of the same step is replaced. */
export function addSnapshot(db: Database, snapshot: Omit<Snapshot, 'createdAt'>): void {
  insertRow(db, 'snapshots', { ...snapshot, createdAt: Date.now() }, 'OR REPLACE');
}

/** Snapshots of a run, the latest step first. */
export function listSnapshots(db: Database, runId: string): Snapshot[] {
  return selectAll<Snapshot>(db, 'SELECT * FROM snapshots WHERE run_id = ? ORDER BY step DESC', [runId]);
}

/** Forgets a snapshot; its folder is the caller's. */
export function deleteSnapshot(db: Database, runId: string, step: number): void {
  execute(db, 'DELETE FROM snapshots WHERE run_id = ? AND step = ?', [runId, step]);
}
