// Whether two models can be told apart, in words that name the count.
import { formatCount, formatFixed, formatWhole } from '../figures.ts';

/** A difference is called one when chance alone would make it in fewer than one of twenty cases. */
export const SIGNIFICANCE = 0.05;

export interface Verdict {
  readonly kind: 'lower' | 'higher' | 'not-told-apart';
  /** "lower", "higher" or "not told apart". */
  readonly word: string;
  /** The word with the examples that decide: "not told apart: 12 examples of 500 differ, 7 lost and 5 won". */
  readonly sentence: string;
}

/** The verdict of McNemar's exact test on the examples that the second model lost and won against the first. */
export function tellApart({ p, lost, won, items }: { p: number; lost: number; won: number; items: number }): Verdict {
  const kind = p >= SIGNIFICANCE ? 'not-told-apart' : won > lost ? 'higher' : 'lower';
  const word = kind === 'not-told-apart' ? 'not told apart' : kind;
  const differ = lost + won;
  const count = `${plural(differ, 'example')} of ${grouped(items)} ${differ === 1 ? 'differs' : 'differ'}, ${grouped(lost)} lost and ${grouped(won)} won`;
  return { kind, word, sentence: `${word}: ${count}` };
}

/** A p-value as it is read: "0.16", "0.004" or "< 0.001". */
export function formatP(p: number): string {
  if (p < 0.001) return '< 0.001';
  return formatFixed(Math.min(1, p), p < 0.1 ? 3 : 2);
}

/** A count with its noun: "1 example", "1,172 examples". */
export function plural(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** A whole number with its thousands apart; beyond a million in three digits. */
export function grouped(count: number): string {
  return count >= 1e6 ? formatCount(count) : formatWhole(count);
}
