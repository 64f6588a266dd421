// Two connections that write to one file: the one that imports gives way to the program's own, which must not be kept waiting.
import type { Database } from './open.ts';

/** Shared between threads: how many writes of the program are wanted just now. */
export type Mark = Int32Array<SharedArrayBuffer>;

const raised = new WeakMap<Database, Mark>();
const heeded = new WeakMap<Database, Mark>();
const WAIT_MS = 1000; // far longer than any write of the program takes
/** Pages of the log after which a connection moves it into the file, which takes long. */
export const LOG_PAGES = 8000;

/** The mark that the writes of this connection raise from now on; the log is left to the others, until `endRightOfWay`. */
export function takeRightOfWay(db: Database): Mark {
  const mark = raised.get(db) ?? new Int32Array(new SharedArrayBuffer(4));
  raised.set(db, mark);
  db.pragma('wal_autocheckpoint = 0');
  return mark;
}

/** The others have ended: this connection sees to the log again. */
export function endRightOfWay(db: Database): void {
  db.pragma(`wal_autocheckpoint = ${LOG_PAGES}`);
}

/** From now on this connection begins no write while the mark is raised. */
export function giveWay(db: Database, mark: Mark): void {
  heeded.set(db, mark);
}

/** Writes in turn with the other connections; inside a transaction that is settled already. */
export function inWriteTurn<T>(db: Database, write: () => T): T {
  if (db.inTransaction) return write();
  const other = heeded.get(db);
  if (other && Atomics.load(other, 0) > 0) Atomics.wait(other, 0, Atomics.load(other, 0), WAIT_MS);
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
