// One example in full: its text and what every variant made of its choices.
import { AppError } from '../../shared/errors.ts';
import type { ChoiceExample } from '../../shared/examples.ts';
import type { ChoiceOutcome } from '../../shared/results.ts';
import { isRight, pickOf, type ChoiceMetric } from '../../shared/statistics/proportions.ts';
import type { App } from '../app.ts';
import { measuredSets, metricOf, outcomesById, textsOf, titleOf, type VariantIds } from './compare-sets.ts';

/** An example as a page shows it. */
export interface ExampleView {
  readonly id: string;
  readonly setName: string;
  readonly metric: ChoiceMetric;
  /** What every choice follows. */
  readonly context: string;
  readonly choices: readonly string[];
  readonly gold: number;
  /** The prompt up to the answer, for the playground. */
  readonly prompt: string;
  readonly variants: readonly (VariantAnswer | undefined)[];
}

/** What one variant made of an example; log-likelihoods are natural logs, by choice. */
export interface VariantAnswer {
  readonly logLikelihoods: readonly number[];
  /** Log-likelihood per code point, where acc_norm counts. */
  readonly perCharacter: readonly number[] | undefined;
  readonly picked: number;
  readonly right: boolean;
  /** How far the right choice leads the best other one; negative where it trails. */
  readonly margin: number;
}

/** One example with its full text and what every variant made of it. Throws AppError `not-found`. */
export function openExample(app: App, ids: readonly VariantIds[], setKey: string, id: string): ExampleView {
  const set = measuredSets(app, ids).find(({ key }) => key === setKey);
  const outcomes = set?.evaluations.map((evaluation) => evaluation && outcomesById(app, evaluation).get(id));
  const known = outcomes?.find((outcome) => outcome !== undefined);
  if (!set || !outcomes || !known) throw new AppError('not-found', `No variant was asked the example ${id} of this set.`);
  const metric = metricOf(set);
  const example = textsOf(app, set).get(id);
  const { context, choices } = example
    ? partsOf(example)
    : { context: '', choices: known.logLikelihoods.map((_, index) => `choice ${index + 1}`) };
  return {
    id,
    setName: titleOf(set.name),
    metric,
    context,
    choices,
    gold: known.gold,
    prompt: example?.choices[known.gold]?.context ?? '',
    variants: outcomes.map((outcome): VariantAnswer | undefined => {
      if (!outcome) return undefined;
      const scores = scoresOf(outcome, metric, example);
      return {
        logLikelihoods: outcome.logLikelihoods,
        perCharacter: metric === 'acc_norm' && example ? scores : undefined,
        picked: pickOf(outcome, metric),
        right: isRight(outcome, metric),
        margin: marginOf(outcome, scores),
      };
    }),
  };
}

/** By choice what the metric compares: log-likelihoods, or those per code point. */
export function scoresOf({ logLikelihoods }: ChoiceOutcome, metric: ChoiceMetric, example: ChoiceExample | undefined): readonly number[] {
  if (metric === 'acc' || !example) return logLikelihoods;
  return logLikelihoods.map((value, index) => value / Math.max(1, example.lengths[index] ?? 1));
}

/** How far the right choice leads the best other one; negative where it trails. */
export function marginOf({ gold }: ChoiceOutcome, scores: readonly number[]): number {
  return scores[gold]! - Math.max(...scores.filter((_, index) => index !== gold));
}

/** What all choices follow, and what follows for each; contexts that differ (WinoGrande) are parted where they do. */
export function partsOf({ choices }: ChoiceExample): { context: string; choices: string[] } {
  const contexts = choices.map(({ context }) => context);
  const [first = ''] = contexts;
  if (contexts.every((context) => context === first))
    return { context: first, choices: choices.map(({ continuation }) => continuation.trim()) };
  let shared = 0;
  while (shared < first.length && contexts.every((context) => context[shared] === first[shared])) shared += 1;
  shared = first.lastIndexOf(' ', shared) + 1; // whole words
  return {
    context: `${first.slice(0, shared).trimEnd()} …`,
    choices: choices.map(({ context, continuation }) => `${context.slice(shared)}${continuation}`.trim()),
  };
}

/** The line of a context that asks: the last one that is more than a label such as "Answer:". */
export function questionOf(example: ChoiceExample): string {
  const { context } = partsOf(example);
  const lines = context.split('\n').map((line) => line.trim());
  const line = lines.findLast((text) => text !== '' && !/^[\p{L} ]{0,24}:$/u.test(text)) ?? context;
  return line.replace(/^(Question|Q|Goal):\s*/i, '');
}
