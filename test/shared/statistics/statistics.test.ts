// Statistics against figures from Python's fractions and statistics modules, and against the metrics' own published scripts.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/shared/errors.ts';
import type { ChoiceOutcome } from '../../../src/shared/results.ts';
import { compareOutcomes, mcnemarExact, pairedBootstrap, stratifiedBootstrap } from '../../../src/shared/statistics/compare-outcomes.ts';
import { keptShare, mean, normalInterval, standardError, wilsonInterval } from '../../../src/shared/statistics/proportions.ts';
import { answerMargin, labelBias, rankCandidates } from '../../../src/shared/statistics/rank-candidates.ts';
import { exactMatch, normaliseAnswer, rougeL, tokenF1 } from '../../../src/shared/statistics/text-metrics.ts';

const outcome = (id: string, logLikelihoods: number[], gold: number): ChoiceOutcome => {
  const picked = logLikelihoods.indexOf(Math.max(...logLikelihoods));
  return { set: 's', id, logLikelihoods, gold, picked, pickedNorm: picked };
};
/** Outcomes of yes/no questions, right where the letter is r. */
const outcomes = (letters: string): ChoiceOutcome[] =>
  [...letters].map((letter, i) => outcome(String(i), letter === 'r' ? [-1, -2] : [-2, -1], 0));

describe('means', () => {
  it('come with the standard error of n - 1', () => {
    const values = [1, 0, 1, 1, 0, 1, 0, 1];
    expect(mean(values)).toBe(0.625);
    expect(standardError(values)).toBeCloseTo(0.18298126367784995, 15);
    expect(normalInterval(0.5, 0.1).low).toBeCloseTo(0.5 - 0.1959963984540054, 15);
  });

  it.each([
    [8, 10, 0.49016247153664183, 0.9433178485456247],
    [0, 20, 0, 0.16112515805281938],
    [20, 20, 0.8388748419471806, 1],
    [171, 300, 0.513441160762328, 0.6247888232662354],
  ])('Wilson interval of %i in %i', (successes, n, low, high) => {
    expect(wilsonInterval(successes, n).low).toBeCloseTo(low, 12);
    expect(wilsonInterval(successes, n).high).toBeCloseTo(high, 12);
  });

  it('give the kept share with its spread over draws', () => {
    const { kept, spread, worst, best } = keptShare([0.72, 0.76, 0.74], 0.8);
    expect([kept, spread, worst, best].map((value) => value?.toFixed(12))).toEqual([
      '0.925000000000',
      '0.025000000000',
      '0.900000000000',
      '0.950000000000',
    ]);
    expect(keptShare([0.4], 0.8).spread).toBeUndefined();
  });
});

describe('paired comparison', () => {
  it.each([
    [0, 0, 1],
    [1, 0, 1],
    [5, 15, 0.04138946533203125],
    [10, 12, 0.8318119049072266],
    [121, 59, 4.434449263755176e-6],
    [3000, 3100, 0.20494954465156165],
  ])('McNemar of %i against %i', (b, c, p) => {
    expect(mcnemarExact(b, c) / p).toBeCloseTo(1, 9);
    expect(mcnemarExact(c, b)).toBe(mcnemarExact(b, c));
  });

  it('counts flips both ways and leaves out what only one side has', () => {
    const before = outcomes('rrrrwwwr');
    const after = outcomes('rwwrrwr').toReversed();
    const { flips, ...figures } = compareOutcomes(before, after, 'acc');
    expect(flips).toEqual({ rightRight: ['0', '3'], rightWrong: ['1', '2'], wrongRight: ['4', '6'], wrongWrong: ['5'] });
    expect(figures).toMatchObject({ items: 7, unmatched: 1, before: 4 / 7, after: 4 / 7, difference: 0, p: 1 });
    expect(() => compareOutcomes(before, [], 'acc')).toThrow(AppError);
  });

  it('has a bootstrap interval as wide as theory says, the same at the same seed', () => {
    const n = 2000;
    const first = Array.from({ length: n }, (_, i) => Number(i % 10 < 7));
    const second = Array.from({ length: n }, (_, i) => Number(i % 20 < 12));
    const differences = first.map((value, i) => second[i]! - value);
    const expected = normalInterval(mean(differences), standardError(differences));
    const found = pairedBootstrap(first, second);
    // The ends of 2000 resamples wander by about a twentieth of the interval.
    const slack = 0.05 * (expected.high - expected.low);
    expect(Math.abs(found.low - expected.low)).toBeLessThan(slack);
    expect(Math.abs(found.high - expected.high)).toBeLessThan(slack);
    expect(pairedBootstrap(first, second)).toEqual(found);
    expect(pairedBootstrap(first, second, { seed: 7 })).not.toEqual(found);
  });

  it('has a bootstrap interval of a mean over sets, each resampled on its own and weighing the same', () => {
    const sets = [400, 1600].map((n) => Float64Array.from({ length: n }, (_, i) => (i % 4 === 0 ? -1 : i % 10 === 1 ? 1 : 0)));
    const centre = mean(sets.map((set) => mean([...set])));
    const stderr = Math.hypot(...sets.map((set) => standardError([...set]))) / sets.length;
    const expected = normalInterval(centre, stderr);
    const found = stratifiedBootstrap(sets);
    const slack = 0.05 * (expected.high - expected.low);
    expect(Math.abs(found.low - expected.low)).toBeLessThan(slack);
    expect(Math.abs(found.high - expected.high)).toBeLessThan(slack);
    // One set alone is the paired bootstrap.
    expect(stratifiedBootstrap([Float64Array.of(-1, 0, 1, 1)])).toEqual(pairedBootstrap([1, 0, 0, 0], [0, 0, 1, 1]));
  });

  it('has an interval of no width where every pair differs alike', () => {
    expect(pairedBootstrap([0, 0, 0], [1, 1, 1])).toEqual({ low: 1, high: 1 });
  });
});

describe('text metrics', () => {
  it.each([
    ['The Eiffel Tower!', 'eiffel tower', 1, 1],
    ['the red, red ball', 'a red ball on the mat', 0, 0.5714285714285715],
    ['theatre', 'theatre of an era', 0, 0.5],
    ['a', 'the', 1, 1],
    ['dog', 'cat', 0, 0],
    ['dont', "don't", 1, 1],
    ['quoted', '“quoted”', 0, 0],
  ])('%j against %j: exact match and F1 as in the SQuAD script', (text, reference, match, f1) => {
    expect(exactMatch(text, [reference])).toBe(match);
    expect(tokenF1(text, [reference])).toBeCloseTo(f1, 12);
  });

  it.each([
    ['police kill the gunman', 'police killed the gunman', 0.75],
    ['the gunman kill police', 'police killed the gunman', 0.5],
    ['the-cat sat', 'The cat sat.', 1],
    ['b', 'a', 0],
    ['', 'a', 0],
  ])('ROUGE-L of %j against %j', (text, reference, score) => {
    expect(rougeL(text, [reference])).toBeCloseTo(score, 12);
  });

  it('take the best reference, and give nothing without one', () => {
    expect([exactMatch, tokenF1, rougeL].map((metric) => metric('red ball', ['blue', 'The red ball.']))).toEqual([1, 1, 0.8]);
    expect([exactMatch, tokenF1, rougeL].map((metric) => metric('x', []))).toEqual([0, 0, 0]);
  });

  it('stay within 0 and 1, are 1 for the text itself, and treat both sides alike', () => {
    const text = fc.array(fc.constantFrom('red', 'ball', 'the', 'é', 'a,'), { minLength: 1, maxLength: 8 }).map((parts) => parts.join(' '));
    fc.assert(
      fc.property(text, text, (a, b) => {
        for (const metric of [tokenF1, rougeL]) {
          expect(metric(a, [a])).toBe(1);
          expect(metric(a, [b])).toBeCloseTo(metric(b, [a]), 12);
          expect(metric(a, [b])).toBeLessThanOrEqual(1);
        }
        expect(normaliseAnswer(normaliseAnswer(a))).toBe(normaliseAnswer(a));
      }),
    );
  });
});

describe('ranking prompts', () => {
  it('measures the margin to the best other choice', () => {
    expect(answerMargin(outcome('0', [-3, -1, -2], 1))).toBe(1);
    expect(answerMargin(outcome('0', [-3, -1, -2], 0))).toBe(-2);
  });

  it('sees a label that is always picked', () => {
    const always = [0, 1, 0, 1].map((gold, i) => outcome(String(i), [-1, -2], gold));
    expect(labelBias(always, 'acc')).toEqual({ distance: 0.5, entropy: 0 });
    const even = [0, 1, 0, 1].map((gold, i) => outcome(String(i), gold === 0 ? [-2, -1] : [-1, -2], gold));
    expect(labelBias(even, 'acc').distance).toBe(0);
    expect(labelBias(even, 'acc').entropy).toBeCloseTo(Math.LN2, 15);
  });

  it('puts accuracy before margin and margin before bias', () => {
    const clear = (letters: string) =>
      outcomes(letters).map((one) => ({ ...one, logLikelihoods: one.logLikelihoods.map((value) => value * 3) }));
    const ranked = rankCandidates(
      [
        { name: 'worse, clearly', outcomes: clear('rrww') },
        { name: 'better, barely', outcomes: outcomes('rrrw') },
        { name: 'better, clearly', outcomes: clear('rrrw') },
      ],
      'acc',
    );
    expect(ranked.map(({ name, accuracy, margin }) => [name, accuracy, margin])).toEqual([
      ['better, clearly', 0.75, 1.5],
      ['better, barely', 0.75, 0.5],
      ['worse, clearly', 0.5, 0],
    ]);
  });

  it('judges by the normalised pick where asked', () => {
    const normOnly = outcomes('ww').map((one) => ({ ...one, pickedNorm: one.gold }));
    expect(rankCandidates([{ name: 'a', outcomes: normOnly }], 'acc_norm')[0]!.accuracy).toBe(1);
    expect(rankCandidates([{ name: 'a', outcomes: normOnly }], 'acc')[0]!.accuracy).toBe(0);
  });
});
