// Two models on the same examples: what flipped, and whether the difference could be chance.
import { AppError } from '../errors.ts';
import { RandomStream } from '../random.ts';
import type { ChoiceOutcome } from '../results.ts';
import { isRight, mean, type ChoiceMetric, type Interval } from './proportions.ts';

/** Ids of the examples in each cell; the first word is the first model, the second the second. */
export interface Flips {
  readonly rightRight: readonly string[];
  readonly rightWrong: readonly string[];
  readonly wrongRight: readonly string[];
  readonly wrongWrong: readonly string[];
}

/** A paired comparison; `difference` is accuracy of the second minus the first, `interval` its 95% bootstrap interval. */
export interface Comparison {
  readonly items: number;
  /** Examples that only one of the two has, left out. */
  readonly unmatched: number;
  readonly before: number;
  readonly after: number;
  readonly difference: number;
  readonly interval: Interval;
  readonly flips: Flips;
  /** Two-sided p of McNemar's exact test. */
  readonly p: number;
}

/** Compares two evaluations of one set, example by example (matched by id). Throws AppError 'bad-input' when they share none. */
export function compareOutcomes(
  before: readonly ChoiceOutcome[],
  after: readonly ChoiceOutcome[],
  metric: ChoiceMetric,
  { seed = 42 }: { readonly seed?: number } = {},
): Comparison {
  const others = new Map(after.map((outcome) => [keyOf(outcome), outcome]));
  const pairs = before.flatMap((outcome) => {
    const other = others.get(keyOf(outcome));
    return other ? [{ id: outcome.id, first: isRight(outcome, metric), second: isRight(other, metric) }] : [];
  });
  if (pairs.length === 0) {
    throw new AppError('bad-input', 'The two evaluations have no example in common; compare runs over the same test set.', {
      before: before.length,
      after: after.length,
    });
  }
  const idsOf = (first: boolean, second: boolean): string[] =>
    pairs.filter((pair) => pair.first === first && pair.second === second).map((pair) => pair.id);
  const flips = {
    rightRight: idsOf(true, true),
    rightWrong: idsOf(true, false),
    wrongRight: idsOf(false, true),
    wrongWrong: idsOf(false, false),
  };
  const first = pairs.map((pair) => Number(pair.first));
  const second = pairs.map((pair) => Number(pair.second));
  return {
    items: pairs.length,
    unmatched: before.length + after.length - 2 * pairs.length,
    before: mean(first),
    after: mean(second),
    difference: mean(second) - mean(first),
    interval: pairedBootstrap(first, second, { seed }),
    flips,
    p: mcnemarExact(flips.rightWrong.length, flips.wrongRight.length),
  };
}

function keyOf({ set, id }: ChoiceOutcome): string {
  return JSON.stringify([set, id]);
}

/**
 * Two-sided p of McNemar's exact test on the two counts of discordant pairs: twice the smaller binomial tail at 1/2, at most 1.
 * McNemar 1947; exact form as in R's binom.test(b, b + c).
 */
export function mcnemarExact(rightWrong: number, wrongRight: number): number {
  const n = rightWrong + wrongRight;
  let logTerm = -n * Math.LN2; // log of C(n, i) / 2^n
  let tail = 0;
  for (let i = 0; i <= Math.min(rightWrong, wrongRight); i++) {
    tail += Math.exp(logTerm);
    logTerm += Math.log((n - i) / (i + 1));
  }
  return Math.min(1, 2 * tail);
}

/** Enough resamples that the interval's ends are steady in the third digit. */
const RESAMPLES = 2000;

/**
 * 95% percentile interval of mean(second) - mean(first) over resampled pairs. Both of one length, matched by position.
 * The same seed gives the same interval. Efron 1979.
 */
export function pairedBootstrap(
  first: readonly number[],
  second: readonly number[],
  { seed = 42, resamples = RESAMPLES }: { readonly seed?: number; readonly resamples?: number } = {},
): Interval {
  const differences = Float64Array.from(second, (value, i) => value - first[i]!);
  return stratifiedBootstrap([differences], { seed, resamples });
}

/**
 * 95% percentile interval of the mean over several sets of each set's mean difference: every set is resampled on its own with as many
 * pairs as it has, and all sets weigh the same, as in the table's mean. evaluation.md defines no interval for a mean over tasks; this
 * one takes the tasks as given and only their examples as drawn by chance. `differences` by set, second minus first. Efron 1979.
 */
export function stratifiedBootstrap(
  differences: readonly Float64Array[],
  { seed = 42, resamples = RESAMPLES }: { readonly seed?: number; readonly resamples?: number } = {},
): Interval {
  const random = new RandomStream(seed, 'paired bootstrap');
  const means = new Float64Array(resamples);
  for (let r = 0; r < resamples; r++) {
    let total = 0;
    for (const set of differences) {
      let sum = 0;
      for (let i = 0; i < set.length; i++) sum += set[Math.floor((random.next() / 2 ** 32) * set.length)]!;
      total += sum / set.length;
    }
    means[r] = total / differences.length;
  }
  means.sort();
  return { low: quantile(means, 0.025), high: quantile(means, 0.975) };
}

/** Quantile of sorted values, linear between neighbours. */
function quantile(sorted: Float64Array, share: number): number {
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  const low = sorted[below]!;
  return low + (at - below) * ((sorted[below + 1] ?? low) - low);
}
