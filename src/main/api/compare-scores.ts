// What two to four variants scored on every set, how a pair of them differs, and what is missing to compare more.
import { compareOutcomes, stratifiedBootstrap, type Comparison } from '../../shared/statistics/compare-outcomes.ts';
import { mean, wilsonInterval, type ChoiceMetric, type Interval } from '../../shared/statistics/proportions.ts';
import type { App } from '../app.ts';
import type { Evaluation } from '../db/evaluations.ts';
import { listRunInputs, listRuns } from '../db/runs.ts';
import {
  gapsOf,
  isCandidate,
  measuredSets,
  metricOf,
  outcomesOf,
  remember,
  titleOf,
  type MeasuredSet,
  type VariantIds,
} from './compare-sets.ts';
import { describeVariants, type Variant } from './compare-variants.ts';

/** What one variant scored on a set. */
export interface Figure {
  readonly value: number;
  readonly interval: Interval;
  readonly items: number;
}

/** How the second of two variants differs from the first on a set. */
export interface PairFigures {
  readonly items: number;
  /** Examples that only one of the two was asked. */
  readonly unmatched: number;
  readonly difference: number;
  readonly interval: Interval;
  readonly p: number;
  readonly lost: number;
  readonly won: number;
}

/** What all variants scored on one set. */
export interface SetScores {
  readonly key: string;
  readonly name: string;
  readonly metric: ChoiceMetric;
  /** By variant; undefined where it was not measured. */
  readonly figures: readonly (Figure | undefined)[];
  readonly pair: PairFigures | undefined;
}

/** A figure that has no examples to pair: perplexity, or exact matches of generated text. */
export interface OtherScores {
  readonly key: string;
  readonly name: string;
  readonly measure: 'perplexity' | 'exact match';
  readonly values: readonly (number | undefined)[];
}

/** Sets that other variants were measured on and this one was not. */
export interface Gap {
  readonly variant: number;
  readonly sets: readonly string[];
}

/** How the mean of the pair's second over the sets that all variants were measured on differs from the first's. */
export interface MeanPair {
  readonly sets: number;
  readonly difference: number;
  /** 95 % over the examples of each set; the sets are taken as given. */
  readonly interval: Interval;
}

/** A whole comparison. */
export interface Scores {
  readonly variants: readonly Variant[];
  readonly sets: readonly SetScores[];
  /** Undefined for fewer than two common sets. */
  readonly mean: MeanPair | undefined;
  readonly others: readonly OtherScores[];
  readonly gaps: readonly Gap[];
  /** Evaluations of these variants that wait or are at work. */
  readonly measuring: readonly { readonly id: string; readonly title: string; readonly state: string }[];
}

/** Everything that the variants scored, the pair `before` and `after` compared, and what is missing to compare more. */
export function scoreVariants(app: App, ids: readonly VariantIds[], pair: { before: number; after: number }): Scores {
  const variants = describeVariants(app, ids);
  const measured = measuredSets(app, ids).filter((set) => !isCandidate(set) || set.evaluations.filter(Boolean).length > 1);
  const sets = measured
    .filter(({ kind }) => kind === 'choices')
    .map((set): SetScores => {
      const metric = metricOf(set);
      const comparison = comparisonOf(app, set, pair);
      return {
        key: set.key,
        name: titleOf(set.name),
        metric,
        figures: set.evaluations.map((evaluation) => evaluation && figureOf(evaluation, metric)),
        pair: comparison && {
          items: comparison.items,
          unmatched: comparison.unmatched,
          difference: comparison.difference,
          interval: comparison.interval,
          p: comparison.p,
          lost: comparison.flips.rightWrong.length,
          won: comparison.flips.wrongRight.length,
        },
      };
    });
  const others = measured
    .filter(({ kind }) => kind !== 'choices')
    .map(({ key, name, kind, evaluations }): OtherScores => ({
      key,
      name,
      measure: kind === 'perplexity' ? 'perplexity' : 'exact match',
      values: evaluations.map((evaluation) => {
        const summary = evaluation?.summary;
        if (summary?.kind === 'perplexity') return summary.tokenPerplexity;
        return summary?.kind === 'generation' ? summary.exactMatch : undefined;
      }),
    }));
  const gaps = ids.flatMap((_, variant): Gap[] => {
    const missing = gapsOf(measured, ids, variant).map(({ name }) => titleOf(name));
    return missing.length > 0 ? [{ variant, sets: missing }] : [];
  });
  return { variants, sets, mean: meanOf(app, measured, pair), others, gaps, measuring: listMeasuring(app, ids.flat()) };
}

function listMeasuring(app: App, modelIds: readonly string[]): Scores['measuring'] {
  return [...listRuns(app.db, 'running'), ...listRuns(app.db, 'queued')]
    .filter((run) => run.kind === 'evaluate' && listRunInputs(app.db, run.id).models.some((id) => modelIds.includes(id)))
    .map(({ id, title, state }) => ({ id, title, state }));
}

function figureOf({ summary }: Evaluation, metric: ChoiceMetric): Figure | undefined {
  if (summary.kind !== 'choices') return undefined;
  const value = metric === 'acc' ? summary.acc : summary.accNorm;
  return { value, items: summary.items, interval: wilsonInterval(value * summary.items, summary.items) };
}

function meanOf(app: App, measured: readonly MeasuredSet[], pair: { before: number; after: number }): MeanPair | undefined {
  const common = measured.filter(({ kind, evaluations }) => kind === 'choices' && evaluations.every((one) => one !== undefined));
  const comparisons = common.flatMap((set) => comparisonOf(app, set, pair) ?? []);
  if (comparisons.length < 2) return undefined;
  const key = common.map(({ evaluations }) => `${evaluations[pair.before]!.id} ${evaluations[pair.after]!.id}`).join(' ');
  return remember(app, `mean ${key}`, () => ({
    sets: comparisons.length,
    difference: mean(comparisons.map(({ difference }) => difference)),
    interval: stratifiedBootstrap(comparisons.map(differencesOf)),
  }));
}

/** By example +1, -1 or 0: what the second gains on the first; the order is of no matter. */
function differencesOf({ items, flips }: Comparison): Float64Array {
  const lost = flips.rightWrong.length;
  return new Float64Array(items).fill(-1, 0, lost).fill(1, lost, lost + flips.wrongRight.length);
}

function comparisonOf(app: App, set: MeasuredSet, { before, after }: { before: number; after: number }): Comparison | undefined {
  const [first, second] = [set.evaluations[before], set.evaluations[after]];
  if (!first || !second || before === after) return undefined;
  return remember(app, `compare ${first.id} ${second.id}`, () =>
    compareOutcomes(outcomesOf(app, first), outcomesOf(app, second), metricOf(set)),
  );
}
