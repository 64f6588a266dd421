// What changed between two texts, word by word.

/** A stretch that both texts have, or only the earlier or the later one. */
export interface DiffPart {
  readonly kind: 'same' | 'removed' | 'added';
  readonly text: string;
}

/** The table of the longest common subsequence has at most this many cells (some 10 ms); beyond it the middle counts as replaced. */
const MAX_CELLS = 4_000_000;

/** Words, stretches of white space within a line, line ends, and other signs one by one. */
const WORDS = /\n|[^\S\n]+|[\p{L}\p{N}_]+|[^\p{L}\p{N}_\s]/gu;

/** The parts in reading order; without the added ones they spell `before`, without the removed ones `after`. */
export function diffWords(before: string, after: string): DiffPart[] {
  const [old, fresh] = [before.match(WORDS) ?? [], after.match(WORDS) ?? []];
  let start = 0;
  while (start < old.length && start < fresh.length && old[start] === fresh[start]) start++;
  let end = 0;
  while (end < old.length - start && end < fresh.length - start && old.at(-1 - end) === fresh.at(-1 - end)) end++;
  return join([
    ...old.slice(0, start).map((text) => ({ kind: 'same' as const, text })),
    ...diffMiddle(old.slice(start, old.length - end), fresh.slice(start, fresh.length - end)),
    ...old.slice(old.length - end).map((text) => ({ kind: 'same' as const, text })),
  ]);
}

function diffMiddle(old: readonly string[], fresh: readonly string[]): DiffPart[] {
  const removed = (text: string): DiffPart => ({ kind: 'removed', text });
  const added = (text: string): DiffPart => ({ kind: 'added', text });
  if (old.length * fresh.length > MAX_CELLS) return [...old.map(removed), ...fresh.map(added)];

  // common[i, j]: length of the longest common subsequence of old from i on and fresh from j on.
  const width = fresh.length + 1;
  const common = new Uint32Array((old.length + 1) * width);
  for (let i = old.length - 1; i >= 0; i--) {
    for (let j = fresh.length - 1; j >= 0; j--) {
      const at = i * width + j;
      common[at] = old[i] === fresh[j] ? common[at + width + 1]! + 1 : Math.max(common[at + width]!, common[at + 1]!);
    }
  }
  const parts: DiffPart[] = [];
  let [i, j] = [0, 0];
  while (i < old.length && j < fresh.length) {
    const at = i * width + j;
    if (old[i] === fresh[j]) {
      parts.push({ kind: 'same', text: old[i]! });
      i++;
      j++;
    } else if (common[at + width]! >= common[at + 1]!) parts.push(removed(old[i++]!));
    else parts.push(added(fresh[j++]!));
  }
  return [...parts, ...old.slice(i).map(removed), ...fresh.slice(j).map(added)];
}

function join(parts: readonly DiffPart[]): DiffPart[] {
  const joined: DiffPart[] = [];
  for (const { kind, text } of parts) {
    const last = joined.at(-1);
    if (last?.kind === kind) joined[joined.length - 1] = { kind, text: last.text + text };
    else joined.push({ kind, text });
  }
  return joined;
}
