// Finds held-out strings in text: the proof that no test item was spelled out in the pretraining corpus.

/** Length of the ends of the needles that are compared by a rolling hash. */
const MAX_WINDOW = 24;
const BASE = 257;

/**
 * Prepares a search for many strings at once. The result counts how often any of them occurs in a text, overlaps included.
 * Rabin & Karp 1987, on the last characters of each string; every hit is compared in full. Throws RangeError on an empty string.
 */
export function makeFinder(needles: readonly string[]): (text: string) => number {
  const window = needles.reduce((least, needle) => Math.min(least, needle.length), MAX_WINDOW);
  if (window === 0) throw new RangeError('an empty string occurs everywhere; leave it out');
  let power = 1;
  for (let i = 1; i < window; i++) power = Math.imul(power, BASE);
  const byEnd = new Map<number, string[]>();
  for (const needle of new Set(needles)) {
    let hash = 0;
    for (let i = needle.length - window; i < needle.length; i++) hash = (Math.imul(hash, BASE) + needle.charCodeAt(i)) | 0;
    const bucket = byEnd.get(hash);
    if (bucket === undefined) byEnd.set(hash, [needle]);
    else bucket.push(needle);
  }
  return (text) => {
    let found = 0;
    let hash = 0;
    for (let i = 0; i < text.length; i++) {
      if (i >= window) hash = (hash - Math.imul(text.charCodeAt(i - window), power)) | 0;
      hash = (Math.imul(hash, BASE) + text.charCodeAt(i)) | 0;
      if (i + 1 < window) continue;
      for (const needle of byEnd.get(hash) ?? []) if (text.endsWith(needle, i + 1)) found++;
    }
    return found;
  };
}

/** How often the corpus spells out a held-out item: its context with its right answer, character for character. */
export function auditOverlap(corpus: Iterable<string>, heldOut: readonly string[]): number {
  if (heldOut.length === 0) return 0;
  const count = makeFinder(heldOut);
  let found = 0;
  for (const text of corpus) found += count(text);
  return found;
}
