// The one way between rows and records: snake_case columns to camelCase members, JSON parsed, paths made whole.
import type { Statement } from 'better-sqlite3';
import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import type { Database } from './open.ts';
import { inWriteTurn } from './right-of-way.ts';

type Values = Readonly<Record<string, unknown>>;
type Parameters = readonly unknown[] | Values;

const statements = new WeakMap<Database, Map<string, Statement>>();

/** Rows as records: `config_json` becomes `config`, parsed; `folder_path` becomes `folderPath`, absolute; NULL becomes undefined. */
export function selectAll<T>(db: Database, sql: string, parameters: Parameters = []): T[] {
  return prepare(db, sql)
    .all(parameters)
    .map((row) => toRecord<T>(db, row as Values));
}

/** The first row as a record, or undefined. */
export function selectOne<T>(db: Database, sql: string, parameters: Parameters = []): T | undefined {
  const row = prepare(db, sql).get(parameters);
  return row === undefined ? undefined : toRecord<T>(db, row as Values);
}

/** Runs a statement that changes rows; returns how many it changed. */
export function execute(db: Database, sql: string, parameters: Parameters = []): number {
  return inWriteTurn(db, () => prepare(db, sql).run(parameters).changes);
}

/** Writes a record as a row, the inverse of `selectAll`; members that are undefined take the column's default. */
export function insertRow(db: Database, table: string, record: object, conflict: '' | 'OR REPLACE' = ''): void {
  const entries = Object.entries(record).filter(([, value]) => value !== undefined);
  const columns = entries.map(([key, value]) => toColumn(key, value));
  const sql = `INSERT ${conflict} INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`;
  execute(
    db,
    sql,
    entries.map(([key, value]) => toSql(db, key, value)),
  );
}

/** Changes the given members of the row whose `id` is given. */
export function updateRow(db: Database, table: string, id: string, record: object): void {
  const entries = Object.entries(record).filter(([, value]) => value !== undefined);
  const assignments = entries.map(([key, value]) => `${toColumn(key, value)} = ?`);
  const values = entries.map(([key, value]) => toSql(db, key, value));
  execute(db, `UPDATE ${table} SET ${assignments.join(', ')} WHERE id = ?`, [...values, id]);
}

/** Runs `work` in one transaction; whatever it throws undoes all of it. May be nested. */
export function inTransaction<T>(db: Database, work: () => T): T {
  return inWriteTurn(db, () => db.transaction(work).immediate());
}

function prepare(db: Database, sql: string): Statement {
  let known = statements.get(db);
  if (!known) statements.set(db, (known = new Map()));
  let statement = known.get(sql);
  if (!statement) known.set(sql, (statement = db.prepare(sql)));
  return statement;
}

function toRecord<T>(db: Database, row: Values): T {
  const record: Record<string, unknown> = {};
  for (const [column, value] of Object.entries(row)) {
    if (column.endsWith('_json')) record[toKey(column.slice(0, -5))] = value === null ? undefined : JSON.parse(value as string);
    else if (column.endsWith('_path')) record[toKey(column)] = value === null ? undefined : fromStoredPath(db, value as string);
    else record[toKey(column)] = value ?? undefined;
  }
  return record as T;
}

const keys = new Map<string, string>();

function toKey(column: string): string {
  let key = keys.get(column);
  if (key === undefined) keys.set(column, (key = column.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())));
  return key;
}

function toColumn(key: string, value: unknown): string {
  const column = key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return isJson(value) ? `${column}_json` : column;
}

function toSql(db: Database, key: string, value: unknown): unknown {
  if (isJson(value)) return JSON.stringify(value);
  return key.endsWith('Path') ? toStoredPath(db, value as string) : value;
}

function isJson(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Buffer.isBuffer(value);
}

/** A path inside the data folder is stored relative to it, with forward slashes, so that the folder can be moved. */
export function toStoredPath(db: Database, path: string): string {
  const inside = relative(dirname(db.name), path);
  return db.memory || inside.startsWith('..') || isAbsolute(inside) ? path : inside.split(sep).join('/');
}

/** The inverse: a path as programs need it. */
export function fromStoredPath(db: Database, path: string): string {
  return db.memory || isAbsolute(path) ? path : join(dirname(db.name), path);
}
