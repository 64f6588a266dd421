// What the person set, by name; the names and their checks are the caller's.
import Sqlite from 'better-sqlite3';
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

/** One setting of a database that is not opened for it; undefined where it is not set or cannot be read. */
export function peekSetting(file: string, name: string): unknown {
  try {
    const db = new Sqlite(file, { readonly: true });
    try {
      const row = db.prepare('SELECT value_json FROM settings WHERE name = ?').pluck().get(name) as string | undefined;
      return row === undefined ? undefined : (JSON.parse(row) as { is: unknown }).is;
    } finally {
      db.close();
    }
  } catch {
    return undefined; // it is opened properly later, and says then what is the matter
  }
}
