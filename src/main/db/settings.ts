// What the person set, by name; the names and their checks are the caller's.
import type { Database } from './open.ts';
import { insertRow, selectAll } from './query.ts';

/** Everything that was ever set. */
export function listSettings(db: Database): Record<string, unknown> {
  const rows = selectAll<{ name: string; value: { is: unknown } }>(db, 'SELECT name, value_json FROM settings');
  return Object.fromEntries(rows.map(({ name, value }) => [name, value.is]));
}

export function keepSetting(db: Database, name: string, value: unknown): void {
  insertRow(db, 'settings', { name, value: { is: value } }, 'OR REPLACE');
}
