// Prompts: the candidates of a task, stored ones among them, and the ranking that chooses a winner.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../../shared/errors.ts';
import type { ChoiceExample } from '../../shared/examples.ts';
import type { WorkOptions } from '../../shared/progress.ts';
import { choiceLabels } from '../../shared/prompt/choice-labels.ts';
import { planHarnessShots, type HarnessDraw } from '../../shared/prompt/few-shot.ts';
import { placeTokens } from '../../shared/prompt/place-tokens.ts';
import { promptHash, promptSpec, type PromptSpec } from '../../shared/prompt/prompt-spec.ts';
import { compilePrompt, renderExample } from '../../shared/prompt/render-example.ts';
import type { PromptWarning } from '../../shared/prompt/warnings.ts';
import type { ChoiceOutcome } from '../../shared/results.ts';
import { mcnemarExact } from '../../shared/statistics/compare-outcomes.ts';
import { isRight, pickOf, type ChoiceMetric } from '../../shared/statistics/proportions.ts';
import { rankCandidates, type RankedCandidate } from '../../shared/statistics/rank-candidates.ts';
import { BENCHMARK_TASKS } from '../../shared/tasks/benchmarks.ts';
import type { Item, Task } from '../../shared/tasks/item.ts';
import type { App } from '../app.ts';
import { countSplits, listDatasets, listRows, type Dataset } from '../db/datasets.ts';
import { listChoiceOutcomes, listEvaluations } from '../db/evaluations.ts';
import { getModel, listModels, type Model } from '../db/models.ts';
import {
  deletePrompt,
  findPromptWinner,
  getPromptVersion,
  isPromptUsed,
  keepPromptVersion,
  keepPromptWinner,
  listPrompts,
  listPromptVersions,
  type PromptVersion,
} from '../db/prompts.ts';
import { getRun, listRunInputs, listRunMoves, listRuns, type Run } from '../db/runs.ts';
import { taskOf } from './datasets.ts';
import { planEvaluation, type MachineInput } from './plan-runs.ts';
import { carryOut, submitRun } from './runs.ts';

/** The task's candidates from the library, and the newest version of every prompt stored for it; one of a name. */
export function listCandidates(app: App, task: Task): PromptSpec[] {
  const stored = listPrompts(app.db, task.name).flatMap((prompt) => listPromptVersions(app.db, prompt.id).slice(0, 1));
  const candidates = new Map(task.prompts.map((prompt) => [prompt.name, prompt]));
  for (const version of stored) candidates.set(version.name, promptSpec.parse(version.definition));
  return [...candidates.values()];
}

/** The candidate of this name. `winner` means the one that won the last ranking. Throws AppError `not-found`, naming those there are. */
export function findPrompt(app: App, task: Task, name: string): PromptSpec {
  if (name === 'winner') {
    const winner = findPromptWinner(app.db, task.name);
    if (winner) return promptSpec.parse(winner.version.definition);
    throw new AppError('not-found', `No prompt of ${task.name} has won yet. Run "tailor prompts rank" first.`);
  }
  const candidates = listCandidates(app, task);
  const found = candidates.find((prompt) => prompt.name === name || prompt.name === `${task.name}/${name}`);
  if (found) return found;
  throw new AppError('not-found', `${task.name} has no prompt “${name}”; it has ${candidates.map((prompt) => prompt.name).join(', ')}.`);
}

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
export function startRanking(app: App, request: RankRequest): Run {
  const run = submitRun(app, planRanking(app, request).plan);
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
  const examples = ranked.map(({ name }) => readSetExamples(run, name));
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

function readSetExamples(run: Run, name: string): Map<string, ChoiceExample> {
  const set = run.recipe.kind === 'evaluate' ? run.recipe.sets.find((one) => one.name === name) : undefined;
  const path = set && join(run.folderPath, set.file);
  if (path === undefined || !existsSync(path)) return new Map();
  const lines = readFileSync(path, 'utf8').split('\n');
  return new Map(
    lines
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as ChoiceExample)
      .map((example) => [example.id, example]),
  );
}

/** A task and the datasets that can be asked with it. */
export interface AskedTask {
  readonly task: Task;
  readonly isBenchmark: boolean;
  readonly datasets: readonly Dataset[];
}

/** The seven benchmarks and each dataset's own task. A dataset's task that bears a benchmark's name is told under the dataset's columns only there. */
export function listTasks(app: App): AskedTask[] {
  const datasets = listDatasets(app.db).toReversed();
  const benchmarks = Object.values(BENCHMARK_TASKS).map((task) => ({
    task,
    isBenchmark: true,
    datasets: datasets.filter(({ mapping }) => mapping?.kind === 'benchmark' && mapping.name === task.name),
  }));
  const free = new Map<string, Dataset[]>();
  for (const dataset of datasets) {
    const { mapping } = dataset;
    if (!mapping || mapping.kind === 'benchmark' || mapping.kind === 'text' || mapping.kind === 'chat') continue;
    if (mapping.name in BENCHMARK_TASKS) continue;
    free.set(mapping.name, [...(free.get(mapping.name) ?? []), dataset]);
  }
  return [...benchmarks, ...[...free.values()].map((own) => ({ task: taskOf(own[0]!), isBenchmark: false, datasets: own }))];
}

/** The task of this name. Throws AppError `not-found`. */
export function resolveTask(app: App, name: string): Task {
  const found = listTasks(app).find(({ task }) => task.name === name);
  if (found) return found.task;
  throw new AppError('not-found', `There is no task “${name}”. Import a dataset whose columns say how it is asked.`, { name });
}

/** A candidate with where it comes from. */
export interface Candidate {
  readonly name: string;
  readonly spec: PromptSpec;
  /** library: as it ships; edited: a stored wording in a library prompt's place; own: written here. */
  readonly source: 'library' | 'edited' | 'own';
  readonly versions: readonly { readonly id: string; readonly number: number; readonly savedAt: number; readonly spec: PromptSpec }[];
  /** The wording that ships with the program. */
  readonly shipped: PromptSpec | undefined;
  readonly promptId: string | undefined;
  /** Why it cannot be deleted; undefined when it can be. */
  readonly keptBecause: string | undefined;
}

/** The task's candidates with all their versions, the newest first. */
export function describeCandidates(app: App, task: Task): Candidate[] {
  const library = new Map(task.prompts.map((prompt) => [prompt.name, prompt]));
  const stored = new Map(listPrompts(app.db, task.name).map((prompt) => [prompt.name, prompt.id]));
  return listCandidates(app, task).map((spec): Candidate => {
    const promptId = stored.get(spec.name);
    const shipped = library.get(spec.name);
    const versions = promptId === undefined ? [] : listPromptVersions(app.db, promptId);
    return {
      name: spec.name,
      spec,
      shipped,
      source: shipped === undefined ? 'own' : promptHash(shipped) === promptHash(spec) ? 'library' : 'edited',
      versions: versions.map(({ id, number, createdAt, definition }) => ({
        id,
        number,
        savedAt: createdAt,
        spec: promptSpec.parse(definition),
      })),
      promptId,
      keptBecause:
        promptId === undefined
          ? 'It ships with Tailor.'
          : isPromptUsed(app.db, promptId)
            ? 'A run has read it or it is the winner of its task.'
            : undefined,
    };
  });
}

/** Saves a wording as the newest version of its name. Throws AppError `bad-prompt` where a template cannot be read. */
export function savePrompt(app: App, task: Task, spec: PromptSpec): PromptVersion {
  compilePrompt(spec);
  const version = keepPromptVersion(app.db, { task: task.name, name: spec.name, hash: promptHash(spec), definition: { ...spec } });
  app.events.tell({ kind: 'changed', table: 'prompts', id: version.promptId });
  return version;
}

/** Deletes a stored prompt with its versions. Throws AppError `bad-input` while a run reads it or it is its task's winner. */
export function forgetPrompt(app: App, promptId: string): void {
  deletePrompt(app.db, promptId);
  app.events.tell({ kind: 'changed', table: 'prompts', id: promptId });
}

/** One row of a split as templates see it, with the worked examples that stand before it. */
export interface ShownExample {
  readonly index: number;
  readonly total: number;
  readonly where: string;
  readonly item: Item;
  readonly shots: readonly Item[] | undefined;
}

/** The draw of worked examples visits every document, so only so many are thought of; beyond them the shown draw is one of several. */
const MAX_DRAWN_FROM = 20_000;

/** The `index`-th row of a split with its drawn examples. Throws AppError `bad-dataset` naming the line of a row that does not fit. */
export function showExample(
  app: App,
  dataset: Dataset,
  task: Task,
  { split, index, draw }: { split: string; index: number; draw?: HarnessDraw },
): ShownExample {
  const splits = countSplits(app.db, dataset.id);
  const total = splits[split] ?? 0;
  const at = Math.min(index, total - 1);
  const read = (from: string, offset: number): { item: Item; where: string } => {
    const row = listRows(app.db, dataset.id, { split: from, offset, limit: 1 })[0];
    if (!row) throw new AppError('bad-dataset', `${dataset.name} has no rows in its split ${from}.`);
    const where = `${dataset.name}, line ${row.line}`;
    return { item: task.rowToItem(row.values, where), where };
  };
  const { item, where } = read(split, at);
  let shots: Item[] | undefined;
  if (draw) {
    // Which rows are drawn depends on how many there are alone, so their places are drawn and only those rows are read.
    const places = (count: number): number[] => Array.from({ length: Math.min(count, MAX_DRAWN_FROM) }, (_, place) => place);
    const pool = split === 'train' ? undefined : places(splits['train'] ?? 0);
    const plan = planHarnessShots(places(total), pool, draw).find((one) => one.index === at);
    shots = (plan?.shots ?? []).map((place) => read(pool ? 'train' : split, place).item);
  }
  return { index: at, total, where, item, shots };
}

/** A token of a rendered example. */
export interface ShownToken {
  readonly id: number;
  readonly text: string;
  readonly counts: boolean;
  readonly isSpecial: boolean;
}

/** How a special token is spelled in the tokenizers that we serve. */
const SPECIAL = /^(<s>|<\/s>|<unk>|<pad>|<bos>|<eos>|<\|.*\|>)$/;

/**
 * The tokens of a context and its answer as a model reads them in tuning and scoring; those after the context's own count in the loss.
 * `limit` is how many the model reads. Throws as the worker's `tokenize`.
 */
export async function tokenizeExample(
  app: App,
  model: Model,
  { context, continuation }: { context: string; continuation: string },
): Promise<{ tokens: ShownToken[]; limit: number }> {
  const checkpoint = checkpointOf(app, model);
  const { tokenize } = app.worker().calls;
  const folder = checkpoint.folderPath;
  // White space that ends the context belongs to the answer's first token, as the examples are encoded (evaluation.md 5.5).
  const kept = context.replace(/\p{White_Space}+$/u, '');
  const text = context + continuation;
  const [[before, whole], [plain]] = await Promise.all([
    tokenize({ folder, texts: [kept, text] }),
    tokenize({ folder, texts: [text], bos: false }),
  ]);
  const added = whole!.ids.length - plain!.ids.length;
  const shown = [...whole!.pieces.slice(0, added), ...placeTokens(text, plain!.pieces)];
  const tokens = shown.map((piece, index): ShownToken => ({
    id: whole!.ids[index]!,
    text: piece,
    counts: continuation !== '' && index >= Math.max(before!.ids.length, added),
    isSpecial: index < added || SPECIAL.test(piece),
  }));
  return { tokens, limit: positionsOf(checkpoint) };
}

/** What is worth knowing of a prompt on the first rows of a split. */
export interface Survey {
  readonly examples: number;
  /** Each kind of warning with how many examples have it. */
  readonly warnings: readonly { readonly code: PromptWarning['code']; readonly count: number }[];
  /** Rows that cannot be asked with the prompt, and why the first cannot. */
  readonly refused: number;
  readonly refusedBecause: string | undefined;
  /** Tokens of the longest, how many are longer than the model reads, and how much it reads; undefined without a model. */
  readonly tokens: { readonly longest: number; readonly tooLong: number; readonly limit: number } | undefined;
}

/** Renders the first `count` rows of a split with a prompt and counts what is probably not meant. Throws as the worker's `tokenize`. */
export async function surveyPrompt(
  app: App,
  spec: PromptSpec,
  { dataset, task, split, count, model }: { dataset: Dataset; task: Task; split: string; count: number; model: Model | undefined },
): Promise<Survey> {
  let refusedBecause: string | undefined;
  const attempt = <T>(work: () => T): T[] => {
    try {
      return [work()];
    } catch (thrown) {
      if (!(thrown instanceof AppError)) throw thrown;
      refusedBecause ??= thrown.message;
      return [];
    }
  };
  const itemsOf = (from: string, limit: number): Item[] =>
    listRows(app.db, dataset.id, { split: from, limit }).flatMap((row) =>
      attempt(() => task.rowToItem(row.values, `${dataset.name}, line ${row.line}`)),
    );
  const rows = Math.min(count, countSplits(app.db, dataset.id)[split] ?? 0);
  const items = itemsOf(split, count);
  const pool = spec.shots.kind === 'drawn' && split !== 'train' ? itemsOf('train', MAX_DRAWN_FROM) : undefined;
  const { shots } = spec;
  const plans = shots.kind === 'drawn' ? attempt(() => planHarnessShots(items, pool, shots)).flat() : items.map((_, index) => ({ index }));
  const rendered = plans.flatMap((plan) =>
    attempt(() => renderExample(spec, items[plan.index]!, 'shots' in plan ? { shots: plan.shots } : {})),
  );
  const counts = new Map<PromptWarning['code'], number>();
  for (const { warnings } of rendered) {
    for (const code of new Set(warnings.map((warning) => warning.code))) counts.set(code, (counts.get(code) ?? 0) + 1);
  }
  return {
    examples: rows,
    warnings: [...counts].map(([code, found]) => ({ code, count: found })),
    refused: rows - rendered.length,
    refusedBecause,
    tokens: model && rendered.length > 0 ? await measureTokens(app, model, rendered) : undefined,
  };
}

async function measureTokens(app: App, model: Model, rendered: readonly { readonly text: string }[]): Promise<Survey['tokens']> {
  const checkpoint = checkpointOf(app, model);
  const tokenized = await app.worker().calls.tokenize({ folder: checkpoint.folderPath, texts: rendered.map(({ text }) => text) });
  const lengths = tokenized.map(({ ids }) => ids.length);
  const limit = positionsOf(checkpoint);
  // The last token is predicted, never read.
  return { longest: Math.max(...lengths), tooLong: lengths.filter((length) => length - 1 > limit).length, limit };
}

/** The checkpoint whose tokenizer a model reads with: its own, or the one beneath an adapter. */
function checkpointOf(app: App, model: Model): Model {
  return model.form === 'checkpoint' ? model : getModel(app.db, model.parentId!);
}

/** How many tokens a checkpoint reads at most; 2048 where its config does not say, as in parse-config. */
function positionsOf({ config }: Model): number {
  const positions = Number(config['max_position_embeddings']);
  return Number.isInteger(positions) && positions > 0 ? positions : 2048;
}
