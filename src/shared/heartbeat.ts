// The worker's sign of life on its channel to main, and how long main waits for one.

/** A message that is only a sign of life, among the RPC library's own. */
export const BEAT = 'beat';
export const BEAT_INTERVAL_MS = 1000;
/** Beats may be missed while one program computes; after this many in a row main takes the worker for dead (DESIGN 7). */
export const SILENT_BEATS_LIMIT = 20;
