// Watches growing text for stop strings, also across the borders of its pieces.

/** Takes text piece by piece and gives back what can no longer belong to a stop string. */
export interface StopScanner {
  /** Text that is settled by this piece; after a stop string nothing more comes, and the string itself is left out. */
  push(piece: string): { readonly text: string; readonly stopped: boolean };
  /** What was held back when no more pieces come. */
  flush(): string;
}

/**
 * A scanner for the stop string that is complete first, as text grows; of two that end at one place, the longer. Empty strings never stop.
 */
export function scanForStops(stops: readonly string[]): StopScanner {
  const wanted = stops.filter((stop) => stop !== '');
  let held = '';
  return {
    push(piece) {
      const text = held + piece;
      const found = wanted.map((stop) => ({ at: text.indexOf(stop), length: stop.length })).filter(({ at }) => at >= 0);
      const [first] = found.sort((a, b) => a.at + a.length - (b.at + b.length) || a.at - b.at);
      if (first) {
        held = '';
        return { text: text.slice(0, first.at), stopped: true };
      }
      const settled = text.length - Math.max(0, ...wanted.map((stop) => overlap(text, stop)));
      held = text.slice(settled);
      return { text: text.slice(0, settled), stopped: false };
    },
    flush() {
      const rest = held;
      held = '';
      return rest;
    },
  };
}

/** Length of the longest end of `text` that begins `stop`. */
function overlap(text: string, stop: string): number {
  let length = Math.min(text.length, stop.length - 1);
  while (!text.endsWith(stop.slice(0, length))) length--;
  return length;
}
