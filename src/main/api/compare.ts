// Comparing two models on what both were measured on: flips, whether chance explains them, and the examples behind them.
import { AppError } from '../../shared/errors.ts';
import type { ChoiceOutcome } from '../../shared/results.ts';
import { BENCHMARK_TASKS } from '../../shared/tasks/benchmarks.ts';
import type { Benchmark } from '../../shared/tasks/prompt-library.ts';
import { compareOutcomes, type Comparison } from '../../shared/statistics/compare-outcomes.ts';
import type { ChoiceMetric } from '../../shared/statistics/proportions.ts';
import type { App } from '../app.ts';
import { findEvaluations, firstExampleId, listChoiceOutcomes, type Evaluation } from '../db/evaluations.ts';
import type { Model } from '../db/models.ts';
import { hashOfSubject } from '../jobs/take-results.ts';
import type { ChoiceExample } from '../../shared/examples.ts';
import { readSetExamples } from './set-examples.ts';

/** One example that flipped, with its text and what both models made of it. */
export interface FlippedExample {
  readonly id: string;
  readonly flip: 'right→wrong' | 'wrong→right';
  readonly context: string;
  readonly choices: readonly string[];
  readonly gold: number;
  readonly before: number;
  readonly after: number;
}

/** The comparison on one set that both models were measured on with the same data and prompt. */
export interface SetComparison {
  readonly set: string;
  readonly metric: ChoiceMetric;
  readonly comparison: Comparison;
  readonly examples: readonly FlippedExample[];
}

/**
 * Compares the newest evaluations of two models set by set. `examples` bounds how many flipped examples of each set are told.
 * Throws AppError `not-found` when they share no set with the same data and prompt.
 */
export function compareModels(app: App, before: Model, after: Model, options: { examples: number; seed?: number }): SetComparison[] {
  const [first, second] = [before, after].map((model) =>
    findEvaluations(app.db, hashOfSubject(app.db, model)).filter(({ kind }) => kind === 'choices'),
  );
  // A ranking of prompts asks the same data and prompt on another split: the first example tells them apart.
  const questionsOf = ({ id, datasetHash, promptHash }: Evaluation): string =>
    JSON.stringify([datasetHash, promptHash, firstExampleId(app.db, id)]);
  const newest = (evaluations: readonly Evaluation[]): Map<string, Evaluation> =>
    new Map(evaluations.toReversed().map((evaluation) => [questionsOf(evaluation), evaluation]));
  const others = newest(second!);
  const pairs = [...newest(first!)].flatMap(([questions, one]) => {
    const other = others.get(questions);
    return other ? [{ one, other }] : [];
  });
  if (pairs.length === 0) {
    throw new AppError(
      'not-found',
      `${before.name} and ${after.name} were not measured on the same data with the same prompt. Run "tailor evaluate" for both first.`,
    );
  }
  return pairs.map(({ one, other }) => compareSet(app, one, other, options));
}

function compareSet(app: App, one: Evaluation, other: Evaluation, { examples, seed }: { examples: number; seed?: number }): SetComparison {
  const metric: ChoiceMetric = BENCHMARK_TASKS[one.setName as Benchmark]?.metric === 'acc_norm' ? 'acc_norm' : 'acc';
  const [before, after] = [listChoiceOutcomes(app.db, one.id), listChoiceOutcomes(app.db, other.id)];
  const comparison = compareOutcomes(before, after, metric, { seed });
  const texts = readSetExamples(app, one);
  const tell = (ids: readonly string[], flip: FlippedExample['flip']): FlippedExample[] =>
    ids.slice(0, examples).map((id) => describeFlip(id, flip, texts.get(id), find(before, id), find(after, id), metric));
  return {
    set: one.setName,
    metric,
    comparison,
    examples: [...tell(comparison.flips.rightWrong, 'right→wrong'), ...tell(comparison.flips.wrongRight, 'wrong→right')],
  };
}

function describeFlip(
  id: string,
  flip: FlippedExample['flip'],
  example: ChoiceExample | undefined,
  before: ChoiceOutcome,
  after: ChoiceOutcome,
  metric: ChoiceMetric,
): FlippedExample {
  const pick = metric === 'acc' ? 'picked' : 'pickedNorm';
  return {
    id,
    flip,
    context: example?.choices[0]?.context ?? '',
    choices: example?.choices.map(({ continuation }) => continuation) ?? [],
    gold: before.gold,
    before: before[pick],
    after: after[pick],
  };
}

function find(outcomes: readonly ChoiceOutcome[], id: string): ChoiceOutcome {
  return outcomes.find((outcome) => outcome.id === id)!;
}
