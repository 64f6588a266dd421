// The examples behind a figure: each question of an evaluation with its choices, how likely the model found them, and which it took.
import type { ChoiceOutcome } from '../../shared/results.ts';
import { isRight, pickOf, type ChoiceMetric } from '../../shared/statistics/proportions.ts';
import { BENCHMARK_TASKS } from '../../shared/tasks/benchmarks.ts';
import type { Task } from '../../shared/tasks/item.ts';
import type { Benchmark } from '../../shared/tasks/prompt-library.ts';
import type { App } from '../app.ts';
import { getDataset } from '../db/datasets.ts';
import { getEvaluation, listChoiceOutcomes, type Evaluation } from '../db/evaluations.ts';
import { listRunInputs } from '../db/runs.ts';
import { taskOf } from './datasets.ts';
import { readSetExamples } from './set-examples.ts';

/** One question as it was asked and answered. */
export interface AnsweredExample {
  readonly task: string;
  /** The figure that is judged. */
  readonly metric: ChoiceMetric;
  readonly id: string;
  readonly context: string;
  readonly choices: readonly { readonly text: string; readonly logLikelihood: number; readonly perCharacter: number }[];
  readonly gold: number;
  readonly picked: number;
  readonly isRight: boolean;
}

export interface ExamplePage {
  readonly right: number;
  readonly wrong: number;
  /** How many there are under the filter. */
  readonly total: number;
  readonly examples: readonly AnsweredExample[];
}

/** A page of the examples of these evaluations, one evaluation after the other, in their order. Throws AppError `not-found`. */
export function pageExamples(
  app: App,
  evaluationIds: readonly string[],
  { show, offset, limit }: { show: 'all' | 'right' | 'wrong'; offset: number; limit: number },
): ExamplePage {
  const counts = { right: 0, wrong: 0, total: 0 };
  const examples: AnsweredExample[] = [];
  for (const id of evaluationIds) {
    const evaluation = getEvaluation(app.db, id);
    const metric = metricOf(app, evaluation);
    const outcomes = listChoiceOutcomes(app.db, id);
    const right = outcomes.filter((outcome) => isRight(outcome, metric)).length;
    const shown = outcomes.filter((outcome) => show === 'all' || isRight(outcome, metric) === (show === 'right'));
    const from = Math.max(0, offset - counts.total);
    const wanted = shown.slice(from, from + limit - examples.length);
    if (wanted.length > 0) examples.push(...answer(app, evaluation, metric, wanted));
    counts.right += right;
    counts.wrong += outcomes.length - right;
    counts.total += shown.length;
  }
  return { ...counts, examples };
}

/** Outcomes with what was asked. */
function answer(app: App, evaluation: Evaluation, metric: ChoiceMetric, outcomes: readonly ChoiceOutcome[]): AnsweredExample[] {
  const texts = readSetExamples(app, evaluation);
  return outcomes.map((outcome): AnsweredExample => {
    const asked = texts.get(outcome.id);
    const shared = sharedStart(asked?.choices.map(({ context }) => context) ?? ['']);
    return {
      task: evaluation.setName,
      metric,
      id: outcome.id,
      context: shared,
      choices: outcome.logLikelihoods.map((logLikelihood, index) => {
        const { context, continuation } = asked?.choices[index] ?? { context: shared, continuation: `choice ${index + 1}` };
        const text = (context.slice(shared.length) + continuation).trim();
        return { text, logLikelihood, perCharacter: logLikelihood / Math.max(1, asked?.lengths[index] ?? 1) };
      }),
      gold: outcome.gold,
      picked: pickOf(outcome, metric),
      isRight: isRight(outcome, metric),
    };
  });
}

/** The figure that stands for the evaluation's task. */
function metricOf(app: App, evaluation: Evaluation): ChoiceMetric {
  const known = BENCHMARK_TASKS[evaluation.setName as Benchmark] as Task | undefined;
  const datasets = listRunInputs(app.db, evaluation.runId).datasets.map((id) => getDataset(app.db, id));
  const dataset = datasets.find(({ hash }) => hash === evaluation.datasetHash);
  const task = known ?? (dataset && taskOf(dataset));
  return task?.metric === 'acc_norm' ? 'acc_norm' : 'acc';
}

/** What all contexts begin with, up to a whole word: WinoGrande's choices stand in the middle of theirs. */
export function sharedStart(contexts: readonly string[]): string {
  const [first = '', ...others] = contexts;
  let end = first.length;
  for (const other of others) {
    let at = 0;
    while (at < end && first[at] === other[at]) at++;
    end = at;
  }
  const isWhole = contexts.every((context) => context.length === end);
  return isWhole ? first : first.slice(0, first.lastIndexOf(' ', end - 1) + 1);
}
