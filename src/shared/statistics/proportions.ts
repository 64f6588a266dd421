// Means of per-example figures and how far they can be trusted.
import type { ChoiceOutcome } from '../results.ts';

/** The normal quantile of a two-sided 95% interval. */
const Z95 = 1.959963984540054;

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Arithmetic mean; NaN of nothing. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Sample standard deviation, divided by n - 1; NaN of fewer than two. */
export function standardDeviation(values: readonly number[]): number {
  const centre = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1));
}

/** Standard error of the mean: sample standard deviation over √n, as the harness reports it (evaluation.md 5.2). NaN of fewer than two. */
export function standardError(values: readonly number[]): number {
  return standardDeviation(values) / Math.sqrt(values.length);
}

/** 95% interval of a share `successes / n`, good also near 0 and 1. Wilson 1927. */
export function wilsonInterval(successes: number, n: number): Interval {
  const share = successes / n;
  const spread = Z95 ** 2 / n;
  const centre = share + spread / 2;
  const half = Z95 * Math.sqrt((share * (1 - share)) / n + spread / (4 * n));
  return { low: Math.max(0, (centre - half) / (1 + spread)), high: Math.min(1, (centre + half) / (1 + spread)) };
}

/** 95% interval of an estimate that is about normal: estimate ± 1.96 standard errors. */
export function normalInterval(estimate: number, stderr: number): Interval {
  return { low: estimate - Z95 * stderr, high: estimate + Z95 * stderr };
}

/** Which of the two picks is judged. */
export type ChoiceMetric = 'acc' | 'acc_norm';

/** The choice that the metric takes: the likeliest, or the likeliest per code point. */
export function pickOf(outcome: ChoiceOutcome, metric: ChoiceMetric): number {
  return metric === 'acc' ? outcome.picked : outcome.pickedNorm;
}

/** Whether the metric's pick is the right one. */
export function isRight(outcome: ChoiceOutcome, metric: ChoiceMetric): boolean {
  return pickOf(outcome, metric) === outcome.gold;
}

/** Share of the base that is kept, over shot draws: mean, sample deviation (undefined for one draw), worst and best draw. */
export interface KeptShare {
  readonly kept: number;
  readonly spread: number | undefined;
  readonly worst: number;
  readonly best: number;
}

/** `draws` are mean accuracies, one per shot draw; `base` that of the unpruned model. All 0..1, the shares may exceed 1. */
export function keptShare(draws: readonly number[], base: number): KeptShare {
  const shares = draws.map((draw) => draw / base);
  const spread = shares.length > 1 ? standardDeviation(shares) : undefined;
  return { kept: mean(shares), spread, worst: Math.min(...shares), best: Math.max(...shares) };
}
