// The examples behind a figure: each question of an evaluation with its choices, how likely the model found them, and which it took.
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
  readonly id: string;
  readonly context: string;
  readonly choices: readonly { readonly text: string; readonly logLikelihood: number; readonly perCharacter: number }[];
  readonly gold: number;
  readonly picked: number;
  readonly isRight: boolean;
}

export interface ExamplePage {
  readonly metric: ChoiceMetric;
  readonly right: number;
  readonly wrong: number;
  /** How many there are under the filter. */
  readonly total: number;
  readonly examples: readonly AnsweredExample[];
}

/** A page of the examples of one evaluation, in their order. Throws AppError `not-found`. */
export function pageExamples(
  app: App,
  evaluationId: string,
  { show, offset, limit }: { show: 'all' | 'right' | 'wrong'; offset: number; limit: number },
): ExamplePage {
  const evaluation = getEvaluation(app.db, evaluationId);
  const metric = metricOf(app, evaluation);
  const outcomes = listChoiceOutcomes(app.db, evaluationId);
  const right = outcomes.filter((outcome) => isRight(outcome, metric)).length;
  const shown = outcomes.filter((outcome) => show === 'all' || isRight(outcome, metric) === (show === 'right'));
  const texts = readSetExamples(app, evaluation);
  const examples = shown.slice(offset, offset + limit).map((outcome): AnsweredExample => {
    const asked = texts.get(outcome.id);
    const shared = sharedStart(asked?.choices.map(({ context }) => context) ?? ['']);
    return {
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
  return { metric, right, wrong: outcomes.length - right, total: shown.length, examples };
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
