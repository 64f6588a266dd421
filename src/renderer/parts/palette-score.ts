// How well what was typed finds an entry of the palette: word by word, in any order, in its name and in the words for what it is.

/** How good it is when a typed word is a word of the entry, begins one, stands within one, or has its letters in this order in one. */
const [WHOLE, BEGINS, WITHIN, LETTERS] = [1, 0.9, 0.6, 0.1];
/** Earlier words of an entry count a little more: its name stands before what it is. */
const LATER = 0.01;

/** From 0, not found, to 1. Every typed word must be found. */
export function scoreEntry(entry: string, typed: string): number {
  const words = wordsOf(entry);
  const scores = wordsOf(typed).map((wanted) => Math.max(0, ...words.map((word, index) => gradeOf(word, wanted) * (1 - LATER * index))));
  return scores.includes(0) ? 0 : scores.reduce((sum, score) => sum + score, 0) / Math.max(1, scores.length);
}

function wordsOf(text: string): string[] {
  return text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
}

function gradeOf(word: string, wanted: string): number {
  if (word === wanted) return WHOLE;
  if (word.startsWith(wanted)) return BEGINS;
  if (word.includes(wanted)) return WITHIN;
  let at = -1;
  return [...wanted].every((letter) => (at = word.indexOf(letter, at + 1)) >= 0) ? LETTERS : 0;
}
