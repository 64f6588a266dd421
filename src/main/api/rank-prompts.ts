// Ranking: the candidates of a task measured on a held-out slice, the winner kept, and what they disagree on.
import { AppError } from '../../shared/errors.ts';
import type { WorkOptions } from '../../shared/progress.ts';
import { choiceLabels } from '../../shared/prompt/choice-labels.ts';
import { promptHash, promptSpec, type PromptSpec } from '../../shared/prompt/prompt-spec.ts';
import type { ChoiceOutcome } from '../../shared/results.ts';
import { mcnemarExact } from '../../shared/statistics/compare-outcomes.ts';
import { isRight, pickOf, type ChoiceMetric } from '../../shared/statistics/proportions.ts';
import { rankCandidates, type RankedCandidate } from '../../shared/statistics/rank-candidates.ts';
import type { Task } from '../../shared/tasks/item.ts';
import type { App } from '../app.ts';
import { listDatasets, type Dataset } from '../db/datasets.ts';
import { listChoiceOutcomes, listEvaluations } from '../db/evaluations.ts';
import { listModels, type Model } from '../db/models.ts';
import { findPromptWinner, getPromptVersion, keepPromptVersion, keepPromptWinner } from '../db/prompts.ts';
import { getRun, listRunInputs, listRunMoves, listRuns, type Run } from '../db/runs.ts';
import { planEvaluation, type MachineInput } from './plan-runs.ts';
import { carryOut, submitRun } from './runs.ts';
import { listCandidates, resolveTask } from './prompts.ts';
import { readSetExamples } from './set-examples.ts';

/** What to rank: the candidates of a task on some rows of a split. Without `candidates` all of the task are taken. */
export interface RankRequest {
  readonly model: Model;
  readonly dataset: Dataset;
  readonly task: Task;
  readonly split: string;
  readonly items: number;
  readonly candidates?: readonly PromptSpec[];
  readonly machine?: MachineInput;
}

export interface Ranking {
  readonly ranked: readonly RankedCandidate[];
  readonly winner: PromptSpec;
  readonly runId: string;
}

/**
 * Measures candidates on a held-out slice (accuracy by the task's figure, mean margin, label bias) in one run and keeps the winner.
 * Throws AppError `bad-prompt` for a task without choices.
 */
export async function rankPrompts(app: App, request: RankRequest, work: WorkOptions = {}): Promise<Ranking> {
  const { plan, candidates } = planRanking(app, request);
  const run = await carryOut(app, plan, work);
  const ranked = rankRun(app, run, candidates, request.task);
  return { ranked, winner: keepWinner(app, request.task, candidates, ranked, { ...request, run }), runId: run.id };
}

/** The one run in which the candidates are measured. Throws AppError `bad-prompt` for a task without choices. */
function planRanking(app: App, request: RankRequest): { plan: ReturnType<typeof planEvaluation>; candidates: readonly PromptSpec[] } {
  const { model, dataset, task, split } = request;
  const candidates = (request.candidates ?? listCandidates(app, task)).filter((prompt) => prompt.choices !== undefined);
  if (candidates.length === 0)
    throw new AppError('bad-prompt', `${task.name} has no prompts with choices, so there is nothing to rank by accuracy.`);
  const sets = candidates.map((prompt) => ({
    kind: 'choices' as const,
    name: prompt.name,
    dataset,
    task,
    prompt,
    split,
    limit: request.items,
  }));
  const title = `rank prompts of ${task.name} on ${model.name}`;
  return { plan: planEvaluation(app, model, sets, { title, machine: request.machine }), candidates };
}

function rankRun(app: App, run: Run, candidates: readonly { readonly name: string }[], task: Task): RankedCandidate[] {
  const outcomes = outcomesOf(app, run);
  return rankCandidates(
    candidates.map(({ name }) => ({ name, outcomes: outcomes.get(name) ?? [] })),
    metricOf(task),
  );
}

function outcomesOf(app: App, run: Run): Map<string, ChoiceOutcome[]> {
  return new Map(listEvaluations(app.db, run.id).map(({ setName, id }) => [setName, listChoiceOutcomes(app.db, id)]));
}

/** The figure by which candidates are ranked. */
function metricOf(task: Task): ChoiceMetric {
  return task.metric === 'acc_norm' ? 'acc_norm' : 'acc';
}

function keepWinner(
  app: App,
  task: Task,
  candidates: readonly PromptSpec[],
  ranked: readonly RankedCandidate[],
  { model, dataset, run }: { model: Pick<Model, 'hash'>; dataset: Pick<Dataset, 'hash'>; run: Pick<Run, 'id'> },
): PromptSpec {
  const winner = candidates.find((prompt) => prompt.name === ranked[0]!.name)!;
  const version = keepPromptVersion(app.db, { task: task.name, name: winner.name, hash: promptHash(winner), definition: { ...winner } });
  keepPromptWinner(app.db, version.id, { ranked, model: model.hash, dataset: dataset.hash, run: run.id });
  app.events.tell({ kind: 'changed', table: 'prompts', id: version.promptId });
  return winner;
}

/** Starts a ranking in the background and returns its run; the winner is kept when it is done, whether or not anyone still looks. */
export async function startRanking(app: App, request: RankRequest): Promise<Run> {
  const run = await submitRun(app, planRanking(app, request).plan);
  app.events.tell({ kind: 'changed', table: 'prompts', id: request.task.name }); // the candidates are kept with the run
  if (run.state === 'done') settleRanking(app, run.id, { again: true });
  else {
    const hush = app.queue.listen((event) => {
      if (event.kind !== 'moved' || event.run.id !== run.id || !['done', 'failed', 'cancelled'].includes(event.run.state)) return;
      hush();
      // Told within the transaction that ends the run; what follows it waits for its end.
      if (event.run.state === 'done') void settleLater(app, run.id);
    });
  }
  return run;
}

/** Keeps the winner once the present transaction has ended; a task that is gone by then has none. */
async function settleLater(app: App, runId: string): Promise<void> {
  try {
    await Promise.resolve();
    settleRanking(app, runId, { again: true });
  } catch (thrown) {
    app.host.log(thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown));
  }
}

/** A candidate's pick in an example on which the candidates do not agree. */
export interface Disagreement {
  readonly id: string;
  /** The question as the first candidate puts it. */
  readonly text: string;
  readonly choices: readonly string[];
  readonly gold: number;
  /** The picked choice by candidate, in the order of the ranking. */
  readonly picks: readonly number[];
}

/** A ranking as the page shows it: the run, and once it is done its figures, best first. */
export interface RankingReport {
  readonly runId: string;
  readonly state: Run['state'];
  readonly error: string | undefined;
  readonly createdAt: number;
  readonly model: string;
  readonly dataset: string;
  readonly metric: ChoiceMetric;
  readonly candidates: readonly string[];
  readonly ranked: readonly RankedCandidate[];
  readonly disagreements: readonly Disagreement[];
  /** All examples on which they disagree; the list may be shorter. */
  readonly disagreeing: number;
  /** The first against the second: examples that only one of them got right, and McNemar's exact p. */
  readonly lead: { readonly won: number; readonly lost: number; readonly p: number } | undefined;
}

/** Disagreements told at once. */
const MAX_TOLD = 100;

/** The newest ranking of a task; undefined when there was none. */
export function findRanking(app: App, task: Task): RankingReport | undefined {
  const found = listRuns(app.db)
    .values()
    .map((run) => asRanking(app, run))
    .find((ranking) => ranking?.task === task.name);
  if (!found) return undefined;
  const { run, prompts, model, dataset } = found;
  const metric = metricOf(task);
  const about = {
    runId: run.id,
    state: run.state,
    error: run.error?.message,
    createdAt: run.createdAt,
    model: model?.name ?? 'a deleted model',
    dataset: dataset?.name ?? 'a deleted dataset',
    metric,
    candidates: prompts.map(({ name }) => name),
  };
  if (run.state !== 'done') return { ...about, ranked: [], disagreements: [], disagreeing: 0, lead: undefined };
  settleRanking(app, run.id);
  const outcomes = outcomesOf(app, run);
  const ranked = rankRun(app, run, prompts, task);
  const byRank = ranked.map(({ name }) => outcomes.get(name) ?? []);
  const disagreeing = (byRank[0] ?? []).flatMap((first, index) => {
    const row = byRank.map((list) => (list[index]?.id === first.id ? list[index] : list.find(({ id }) => id === first.id)));
    const picks = row.map((outcome) => (outcome ? pickOf(outcome, metric) : -1));
    return new Set(picks).size > 1 ? [{ id: first.id, gold: first.gold, picks }] : [];
  });
  const examples = ranked.map(({ name }) => readSetExamples(app, { runId: run.id, setName: name }));
  const disagreements = disagreeing.slice(0, MAX_TOLD).map((one): Disagreement => {
    const shown = examples.flatMap((set) => set.get(one.id) ?? []);
    const labels = shown.map(({ choices }) => choiceLabels(choices));
    const longest = labels.reduce<string[]>((best, list) => (list.join('').length > best.join('').length ? list : best), []);
    return { ...one, text: shown[0]?.choices[one.gold]?.context ?? '', choices: longest };
  });
  const lead = byRank[0] && byRank[1] && leadOf(byRank[0], byRank[1], metric);
  return { ...about, ranked, disagreements, disagreeing: disagreeing.length, lead };
}

function leadOf(first: readonly ChoiceOutcome[], second: readonly ChoiceOutcome[], metric: ChoiceMetric): RankingReport['lead'] {
  const others = new Map(second.map((outcome) => [outcome.id, isRight(outcome, metric)]));
  const count = (own: boolean): number =>
    first.filter((outcome) => isRight(outcome, metric) === own && others.get(outcome.id) === !own).length;
  const [won, lost] = [count(true), count(false)];
  return { won, lost, p: mcnemarExact(won, lost) };
}

/** Keeps the winner of a finished ranking, unless a later one has been kept; `again`: also when this very ranking was kept before. */
function settleRanking(app: App, runId: string, { again = false } = {}): void {
  const ranking = asRanking(app, getRun(app.db, runId));
  if (ranking?.run.state !== 'done' || !ranking.model || !ranking.dataset) return;
  const kept = findPromptWinner(app.db, ranking.task);
  const doneAt = listRunMoves(app.db, runId).findLast(({ state }) => state === 'done')?.at ?? 0;
  if (!again && kept && kept.chosenAt >= doneAt) return;
  const task = resolveTask(app, ranking.task);
  const ranked = rankRun(app, ranking.run, ranking.prompts, task);
  keepWinner(app, task, ranking.prompts, ranked, { model: ranking.model, dataset: ranking.dataset, run: ranking.run });
}

interface RankingRun {
  readonly run: Run;
  readonly task: string;
  readonly prompts: readonly PromptSpec[];
  readonly model: Model | undefined;
  readonly dataset: Dataset | undefined;
}

/** An evaluation whose sets are all named after the prompts that it reads is a ranking. */
function asRanking(app: App, run: Run): RankingRun | undefined {
  if (run.recipe.kind !== 'evaluate') return undefined;
  const inputs = listRunInputs(app.db, run.id);
  const versions = inputs.promptVersions.map((id) => getPromptVersion(app.db, id));
  const [first] = versions;
  const prompts = run.recipe.sets.map(({ name }) => versions.find((version) => version.name === name));
  if (!first || !prompts.every((version) => version?.task === first.task)) return undefined;
  return {
    run,
    task: first.task,
    prompts: prompts.map((version) => promptSpec.parse(version!.definition)),
    model: listModels(app.db).find(({ id }) => inputs.models.includes(id)),
    dataset: listDatasets(app.db).find(({ id }) => inputs.datasets.includes(id)),
  };
}
