// Verdicts name the count and never claim that there is no difference.
import { describe, expect, it } from 'vitest';
import { formatP, tellApart } from '../../../src/shared/statistics/tell-apart.ts';

describe('tellApart', () => {
  it.each([
    { p: 0.77, lost: 7, won: 5, items: 500, sentence: 'not told apart: 12 examples of 500 differ, 7 lost and 5 won' },
    { p: 1, lost: 1, won: 0, items: 24, sentence: 'not told apart: 1 example of 24 differs, 1 lost and 0 won' },
    { p: 0.006, lost: 127, won: 86, items: 1172, sentence: 'lower: 213 examples of 1,172 differ, 127 lost and 86 won' },
    { p: 0.001, lost: 2, won: 20, items: 100, sentence: 'higher: 22 examples of 100 differ, 2 lost and 20 won' },
  ])('$sentence', ({ sentence, ...counts }) => expect(tellApart(counts).sentence).toBe(sentence));
});

describe('formatP', () => {
  it.each([
    [0.0004, '< 0.001'],
    [0.0064, '0.006'],
    [0.16, '0.16'],
    [1, '1.00'],
  ])('%d is %s', (p, text) => expect(formatP(p)).toBe(text));
});
