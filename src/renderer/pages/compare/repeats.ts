// Whether an answer has fallen into a loop, the usual end of a model that was cut too far.

/** The least that must repeat, in characters: shorter runs are dots, dashes and laughter. */
const LEAST = 24;
/** How often a stretch must stand at the end, one after another. */
const TIMES = 3;
/** A loop longer than a third of this is not looked for. */
const TAIL = 1800;

/** True when the text ends in one stretch three times over or more, the last of them cut anywhere. */
export function repeatsItself(text: string): boolean {
  const tail = text.slice(-TAIL);
  for (let period = 1; period * TIMES <= tail.length; period++) {
    const length = Math.max(period * TIMES, LEAST);
    if (length > tail.length) continue;
    let at = tail.length - 1;
    while (at >= tail.length - length + period && tail[at] === tail[at - period]) at -= 1;
    if (at < tail.length - length + period) return true;
  }
  return false;
}
