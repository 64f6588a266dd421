// Tunings and evaluations as a person asks for them: what can be chosen, the plan of a request, and the way back.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../../shared/errors.ts';
import { promptSpec, wordingHash, type PromptSpec } from '../../shared/prompt/prompt-spec.ts';
import type { TuneRecipe } from '../../shared/recipe.ts';
import { BENCHMARK_TASKS } from '../../shared/tasks/benchmarks.ts';
import type { Task } from '../../shared/tasks/item.ts';
import { tuningRequest, type EvaluationRequest, type TuningRequest } from '../../shared/tuning-request.ts';
import type { App } from '../app.ts';
import { countSplits, getDataset, listDatasets, type Dataset } from '../db/datasets.ts';
import { getModel, listModels } from '../db/models.ts';
import { findPromptWinner, getPromptVersion } from '../db/prompts.ts';
import { getRun, listRunInputs, type Run } from '../db/runs.ts';
import { readOrigin } from '../jobs/run-folder.ts';
import { readSettings } from './settings.ts';
import { pickSplit, taskOf } from './datasets.ts';
import { planEvaluation, planTuning, type Questions, type SetPlan } from './plan-runs.ts';
import { findPrompt, listCandidates } from './prompts.ts';
import type { RunPlan } from './runs.ts';
import { listLearnt } from './wordings.ts';

/** A task that can be learnt or measured, with the prompts to ask it by. */
export interface TaskChoice {
  readonly name: string;
  readonly title: string;
  readonly prompts: readonly string[];
  /** The hash of each prompt's wording by its name, and of the standard one and the winner by these words. */
  readonly wordings: Readonly<Record<string, string>>;
  /** The prompt that won the last ranking. */
  readonly winner: string | undefined;
  readonly hasChoices: boolean;
}

/** What the form offers: models, datasets with their own task (none: why not), and the benchmarks as which any may be asked. */
export function listTuningChoices(app: App) {
  return {
    models: listModels(app.db).map(({ id, name, kind, form, parameters, parentId }) => ({
      ...{ id, name, kind, form, parameters, parentId },
      learnt: listLearnt(app, id),
    })),
    datasets: listDatasets(app.db).map((dataset) => ({
      id: dataset.id,
      name: dataset.name,
      splits: countSplits(app.db, dataset.id),
      isText: dataset.mapping?.kind === 'text',
      ...ownTask(app, dataset),
    })),
    benchmarks: Object.values(BENCHMARK_TASKS).map((task) => describeTask(app, task)),
    keepSnapshots: readSettings(app).keepSnapshots,
  };
}

function ownTask(app: App, dataset: Dataset): { task: TaskChoice | undefined; reason: string } {
  try {
    return { task: describeTask(app, taskOf(dataset)), reason: dataset.mappingReason };
  } catch {
    return { task: undefined, reason: dataset.mappingReason };
  }
}

function describeTask(app: App, task: Task): TaskChoice {
  const candidates = listCandidates(app, task);
  const wordings = Object.fromEntries(candidates.map((prompt) => [prompt.name, wordingHash(prompt)]));
  const winner = findPromptWinner(app.db, task.name)?.version;
  return {
    name: task.name,
    title: task.title,
    prompts: candidates.map((prompt) => prompt.name),
    wordings: {
      ...wordings,
      standard: wordingHash(task.prompts[0]!),
      ...(winner && { winner: wordingHash(promptSpec.parse(winner.definition)) }),
    },
    winner: winner?.name,
    hasChoices: task.prompts[0]?.choices !== undefined,
  };
}

/** The run that a request means. Throws AppErrors that name what does not fit. */
export function planTuningRequest(app: App, request: TuningRequest): RunPlan {
  const model = getModel(app.db, request.modelId);
  const questions = findQuestions(app, request);
  const { distill, validation, lora } = request;
  const { device, threads, keepSnapshots } = readSettings(app);
  const plan = planTuning(app, model, questions, {
    name: request.name,
    shots: request.shots,
    shotSeed: request.seed,
    balanced: request.balanced,
    validation: validation && {
      split: pickSplit(app, questions.dataset, [validation.split, 'validation', 'test']),
      limit: validation.items,
    },
    distill: distill && { teacher: getModel(app.db, distill.teacherId), weight: distill.weight, temperature: distill.temperature },
    tune: {
      method: request.method,
      lora,
      loss: request.loss,
      appendEos: request.appendEos,
      optimizer: { learningRate: request.learningRate, weightDecay: request.weightDecay, clipNorm: request.clipNorm },
      schedule: { kind: request.schedule, warmupSteps: request.warmupSteps },
      steps: request.steps,
      batch: request.batch,
      rowTokens: request.rowTokens,
      microTokens: request.microTokens,
      evaluateEvery: validation?.every,
      keepBest: request.keepBest,
      patience: request.patience,
      snapshotEvery: request.snapshotEvery,
      // While it runs there is always one to go on from; the limit holds once it is done.
      keepSnapshots: Math.max(1, keepSnapshots),
      merge: request.merge,
      seed: request.seed,
      machine: { device, threads },
    },
  });
  return { ...plan, origin: { ...plan.origin, asked: request } };
}

/** The questions that a request means. Throws AppErrors that name what does not fit. */
export function findQuestions(app: App, request: Pick<TuningRequest, 'datasetId' | 'task' | 'prompt' | 'split'>): Questions {
  const dataset = getDataset(app.db, request.datasetId);
  const task = taskOf(dataset, request.task);
  return { dataset, task, prompt: choosePrompt(app, task, request.prompt), split: pickSplit(app, dataset, [request.split]) };
}

function choosePrompt(app: App, task: Task, name: string): PromptSpec {
  if (name === 'standard') return task.prompts[0]!;
  if (name === 'winner' && !findPromptWinner(app.db, task.name))
    throw new AppError(
      'bad-input',
      `No prompt of ${task.title} has won a ranking yet. Rank them on the page Prompts, or take the standard one.`,
    );
  return findPrompt(app, task, name);
}

/** An evaluation of a model on every set of the request. */
export function planEvaluationRequest(app: App, request: EvaluationRequest): RunPlan {
  const model = getModel(app.db, request.modelId);
  const { device, threads } = readSettings(app);
  const used = new Set<string>();
  const sets = request.sets.map((set): SetPlan => {
    const dataset = getDataset(app.db, set.datasetId);
    const name = (wanted: string): string => {
      const free = used.has(wanted) ? `${wanted} (${dataset.name})` : wanted;
      used.add(free);
      return free;
    };
    if (dataset.mapping?.kind === 'text' && set.task === undefined)
      return { kind: 'perplexity', name: name(dataset.name), dataset, split: pickSplit(app, dataset, [set.split]) };
    const questions = { ...findQuestions(app, set), limit: set.items };
    return questions.prompt.choices === undefined
      ? { kind: 'generation', name: name(questions.task.name), ...questions, settings: { stop: ['\n'] } }
      : { kind: 'choices', name: name(questions.task.name), ...questions };
  });
  return planEvaluation(app, model, sets, { machine: { device, threads } });
}

/** What was asked for a tuning, to be asked again with a change; put together from its recipe where no form made it. Throws AppError `bad-input` for other runs. */
export function requestOfRun(app: App, id: string): TuningRequest {
  const run = getRun(app.db, id);
  if (run.recipe.kind !== 'tune') throw new AppError('bad-input', `Run ${id} is no tuning; only a tuning can be duplicated with a change.`);
  const origin = readOrigin(run.folderPath);
  const asked = tuningRequest.safeParse(origin.asked);
  return asked.success ? asked.data : guessRequest(app, run, run.recipe, origin.modelName);
}

function guessRequest(app: App, run: Run, recipe: TuneRecipe, name: string | undefined): TuningRequest {
  const inputs = listRunInputs(app.db, run.id);
  const version = inputs.promptVersions[0];
  const { optimizer, distill, evaluateEvery } = recipe;
  const teacher = distill && listModels(app.db).find((model) => model.folderPath === distill.teacher.checkpoint);
  return {
    name: name ?? run.title,
    modelId: inputs.models[0] ?? '',
    datasetId: inputs.datasets[0] ?? '',
    prompt: version === undefined ? 'standard' : getPromptVersion(app.db, version).name,
    split: 'train',
    shots: countLines(join(run.folderPath, recipe.trainFile)),
    balanced: false,
    seed: recipe.seed,
    method: recipe.method === 'full' ? 'full' : 'lora',
    lora: recipe.lora,
    loss: recipe.loss,
    appendEos: recipe.appendEos,
    learningRate: optimizer.learningRate,
    weightDecay: optimizer.weightDecay,
    clipNorm: optimizer.clipNorm ?? 1e6,
    schedule: recipe.schedule.kind,
    warmupSteps: recipe.schedule.warmupSteps,
    steps: recipe.steps,
    batch: recipe.batch,
    rowTokens: recipe.rowTokens,
    microTokens: recipe.microTokens,
    distill: teacher && { teacherId: teacher.id, weight: distill.weight, temperature: distill.temperature },
    validation:
      (recipe.validationChoices ?? recipe.validationFile) === undefined
        ? undefined
        : { split: 'validation', items: 200, every: evaluateEvery ?? recipe.steps },
    keepBest: recipe.keepBest,
    patience: recipe.patience,
    snapshotEvery: recipe.snapshotEvery,
    merge: recipe.merge,
  };
}

function countLines(path: string): number | undefined {
  try {
    return readFileSync(path, 'utf8').split('\n').length - 1;
  } catch {
    return undefined; // the folder is gone
  }
}
