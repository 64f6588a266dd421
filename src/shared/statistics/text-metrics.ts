// How well a generated text agrees with its references: exact match, word F1 and ROUGE-L, each 0..1.

/**
 * SQuAD's normal form: lower case, ASCII punctuation and the articles a, an, the taken out, white space single.
 * Rajpurkar et al. 2016, evaluation script.
 */
export function normaliseAnswer(text: string): string {
  return text
    .toLowerCase()
    .replace(/[!-/:-@[-`{-~]/g, '')
    .replace(/(?<![\p{L}\p{N}_])(?:an?|the)(?![\p{L}\p{N}_])/gu, ' ')
    .trim()
    .replace(/\s+/g, ' ');
}

/** 1 if the text equals a reference after normalisation, else 0. */
export function exactMatch(text: string, references: readonly string[]): number {
  return best(references, (reference) => Number(normaliseAnswer(text) === normaliseAnswer(reference)));
}

/** F1 over the normalised words as multisets, of the best reference; where one side has no words, 1 only if neither has (SQuAD 2.0). */
export function tokenF1(text: string, references: readonly string[]): number {
  const found = words(normaliseAnswer(text));
  return best(references, (reference) => {
    const wanted = words(normaliseAnswer(reference));
    if (found.length === 0 || wanted.length === 0) return Number(found.length === wanted.length);
    const left = new Map<string, number>();
    for (const word of wanted) left.set(word, (left.get(word) ?? 0) + 1);
    let shared = 0;
    for (const word of found) {
      const count = left.get(word) ?? 0;
      if (count > 0) shared++;
      left.set(word, count - 1);
    }
    return harmonicMean(shared / found.length, shared / wanted.length);
  });
}

/**
 * F1 over the longest common subsequence of words, of the best reference. Lin 2004; words are runs of letters and digits in lower
 * case without stemming, as in Google's rouge_score (there of ASCII only).
 */
export function rougeL(text: string, references: readonly string[]): number {
  const found = runs(text);
  return best(references, (reference) => {
    const wanted = runs(reference);
    const shared = commonLength(found, wanted);
    return shared === 0 ? 0 : harmonicMean(shared / found.length, shared / wanted.length);
  });
}

function best(references: readonly string[], score: (reference: string) => number): number {
  return Math.max(0, ...references.map(score));
}

function words(text: string): string[] {
  return text === '' ? [] : text.split(' ');
}

function runs(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
}

function harmonicMean(precision: number, recall: number): number {
  return precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall);
}

/** Length of the longest common subsequence, one row of the table at a time. */
function commonLength(a: readonly string[], b: readonly string[]): number {
  let row = new Uint32Array(b.length + 1);
  for (const word of a) {
    const next = new Uint32Array(b.length + 1);
    for (let j = 0; j < b.length; j++) next[j + 1] = word === b[j] ? row[j]! + 1 : Math.max(row[j + 1]!, next[j]!);
    row = next;
  }
  return row[b.length]!;
}
