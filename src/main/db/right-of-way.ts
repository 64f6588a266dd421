// Two connections that write to one file: the one that imports gives way to the program's own, which must not be kept waiting.
import type { Database } from './open.ts';

/** Shared between threads: how many writes of the program are wanted just now. */
export type Mark = Int32Array<SharedArrayBuffer>;

const raised = new WeakMap<Database, Mark>();
/** How many others write beside a connection. */
const beside = new WeakMap<Database, number>();
const heeded = new WeakMap<Database, Mark>();
const WAIT_MS = 1000; // far longer than any write of the program takes
/** Pages of the log after which a connection moves it into the file, which takes long. */
export const LOG_PAGES = 8000;

/** The mark that the writes of this connection raise from now on; the log is left to the others, until each had its `endRightOfWay`. */
export function takeRightOfWay(db: Database): Mark {
  const mark = raised.get(db) ?? new Int32Array(new SharedArrayBuffer(4));
  raised.set(db, mark);
  beside.set(db, (beside.get(db) ?? 0) + 1);
  db.pragma('wal_autocheckpoint = 0');
  return mark;
}

/** One of the others has ended; after the last of them this connection sees to the log again. */
export function endRightOfWay(db: Database): void {
  const left = (beside.get(db) ?? 1) - 1;
  beside.set(db, left);
  if (left === 0) db.pragma(`wal_autocheckpoint = ${LOG_PAGES}`);
}

/** From now on this connection begins no write while the mark is raised. */
export function giveWay(db: Database, mark: Mark): void {
  heeded.set(db, mark);
}

/** Writes in turn with the other connections; inside a transaction that is settled already. */
export function inWriteTurn<T>(db: Database, write: () => T): T {
  if (db.inTransaction) return write();
  const other = heeded.get(db);
  const wanted = other ? Atomics.load(other, 0) : 0;
  if (other && wanted > 0) Atomics.wait(other, 0, wanted, WAIT_MS);
  const own = raised.get(db);
  if (!own) return write();
  Atomics.add(own, 0, 1);
  try {
    return write();
  } finally {
    Atomics.sub(own, 0, 1);
    Atomics.notify(own, 0);
  }
}
