// Tunings and evaluations as a person asks for them: what can be chosen, the plan of a request, its cost beforehand, and the way back.
import { readFileSync } from 'node:fs';
import { freemem, totalmem } from 'node:os';
import { join } from 'node:path';
import { AppError } from '../../shared/errors.ts';
import { parseLlamaConfig } from '../../shared/parse-config.ts';
import { renderItems, toCompletionExample } from '../../shared/prompt/make-examples.ts';
import type { PromptSpec } from '../../shared/prompt/prompt-spec.ts';
import type { TuneRecipe } from '../../shared/recipe.ts';
import { BENCHMARK_TASKS } from '../../shared/tasks/benchmarks.ts';
import type { Task } from '../../shared/tasks/item.ts';
import { countAdapter, estimateSpeed, estimateTuneMemory } from '../../shared/tune-estimate.ts';
import { tuningRequest, type EvaluationRequest, type TuningRequest } from '../../shared/tuning-request.ts';
import type { App } from '../app.ts';
import { countSplits, getDataset, listDatasets, type Dataset } from '../db/datasets.ts';
import { getModel, listModels, type Model } from '../db/models.ts';
import { findPromptWinner, getPromptVersion } from '../db/prompts.ts';
import { getRun, listRunInputs, listRuns, type Run } from '../db/runs.ts';
import { readOrigin } from '../jobs/run-folder.ts';
import { readSettings } from './calls/settings.ts';
import { pickSplit, readItems, taskOf } from './datasets.ts';
import { planEvaluation, planTuning, type Questions, type SetPlan } from './plan-runs.ts';
import { findPrompt, listCandidates } from './prompts.ts';
import type { RunPlan } from './runs.ts';

/** A task that can be learnt or measured, with the prompts to ask it by. */
export interface TaskChoice {
  readonly name: string;
  readonly title: string;
  readonly prompts: readonly string[];
  /** The prompt that won the last ranking. */
  readonly winner: string | undefined;
  readonly hasChoices: boolean;
}

/** What the form offers: models, datasets with their own task (none: why not), and the benchmarks as which any may be asked. */
export function listTuningChoices(app: App) {
  return {
    models: listModels(app.db).map(({ id, name, kind, form, parameters, parentId }) => ({ id, name, kind, form, parameters, parentId })),
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
  return {
    name: task.name,
    title: task.title,
    prompts: listCandidates(app, task).map((prompt) => prompt.name),
    winner: findPromptWinner(app.db, task.name)?.version.name,
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

function findQuestions(app: App, request: Pick<TuningRequest, 'datasetId' | 'task' | 'prompt' | 'split'>): Questions {
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

/** What a tuning will take before it is started. `basis` says on what the time rests. */
export interface TuningEstimate {
  readonly examples: number;
  readonly epochs: number;
  readonly trainable: number;
  readonly tokensPerStep: number;
  readonly elapsedMs: number;
  readonly memoryBytes: number;
  readonly machineBytes: number;
  readonly freeBytes: number;
  readonly diskBytes: number;
  readonly isMeasured: boolean;
  readonly basis: string;
}

/** Examples whose length is looked at, and characters of a token where none can be counted. */
const SAMPLE = 40;
const CHARS_PER_TOKEN = 4;
/** Runs that are remembered for their speed. */
const REMEMBERED = 5;
/** A value that is trained is saved with its two moments. */
const SAVED_PER_VALUE = 3;

/** Estimates time and memory of a request from its shapes and from earlier runs on this machine. Throws what planning would. */
export async function estimateTuning(app: App, request: TuningRequest): Promise<TuningEstimate> {
  const model = getModel(app.db, request.modelId);
  const base = model.form === 'adapter' ? getModel(app.db, model.parentId!) : model;
  const config = parseLlamaConfig(base.config, `${base.folderPath}/config.json`);
  const questions = findQuestions(app, request);
  const available = countSplits(app.db, questions.dataset.id)[questions.split] ?? 0;
  const examples = Math.min(request.shots ?? available, available);
  const tokens = await sampleTokens(app, base, questions);
  const trainable = request.method === 'lora' ? countAdapter(config, request.lora) : base.parameters;
  const teacherParameters = request.distill ? getModel(app.db, request.distill.teacherId).parameters : 0;

  const earlier = rememberTunings(app, request.method);
  const speed = estimateSpeed(base.parameters, request.method, earlier);
  const tokensPerStep = Math.round(request.batch * tokens);
  // The teacher only reads: a third of what the student does.
  const slower = 1 + teacherParameters / (3 * base.parameters);
  const trained = request.steps * tokensPerStep * slower;
  const { validation } = request;
  const measured = validation ? Math.ceil(request.steps / validation.every) * validation.items * tokens * 0.5 : 0;
  const same = earlier.find((run) => run.modelId === base.id && run.microTokens === request.microTokens);
  const keep = Math.max(1, readSettings(app).keepSnapshots);
  return {
    examples,
    epochs: (request.steps * request.batch) / Math.max(1, examples),
    trainable,
    tokensPerStep,
    elapsedMs: (1000 * (trained + measured)) / speed.tokensPerSecond,
    memoryBytes:
      same?.peakMemoryBytes ??
      estimateTuneMemory({ config, parameters: base.parameters, trainable, microTokens: request.microTokens, teacherParameters }),
    machineBytes: readSettings(app).memoryLimitBytes ?? totalmem(),
    freeBytes: freemem(),
    diskBytes: 4 * trainable * (1 + keep * SAVED_PER_VALUE) + (request.merge ? base.sizeBytes : 0),
    isMeasured: speed.isMeasured,
    basis: speed.isMeasured
      ? `from ${earlier.length === 1 ? 'the tuning' : `${earlier.length} tunings`} that this machine did before`
      : 'a guess: nothing of this kind was tuned on this machine yet',
  };
}

/** Mean length of the training examples in tokens: counted by the model's tokenizer while the worker is free, else by characters. */
async function sampleTokens(app: App, base: Model, { dataset, task, prompt, split }: Questions): Promise<number> {
  const items = readItems(app, dataset, task, split, SAMPLE);
  const examples = [...renderItems({ ...prompt, shots: { kind: 'none' } }, items)].map(toCompletionExample);
  const texts = examples.map(({ context, continuation }) => context + continuation);
  const characters = texts.reduce((sum, text) => sum + text.length, 0);
  if (app.queue.runningId === undefined) {
    const counted = await app
      .worker()
      .calls.tokenize({ folder: base.folderPath, texts })
      .catch(() => undefined);
    if (counted) return Math.max(1, counted.reduce((sum, { ids }) => sum + ids.length, 0) / texts.length);
  }
  return Math.max(1, characters / CHARS_PER_TOKEN / texts.length);
}

function rememberTunings(app: App, method: TuneRecipe['method']) {
  return listRuns(app.db, 'done')
    .flatMap((run) => {
      if (run.recipe.kind !== 'tune' || run.recipe.method !== method || run.result?.kind !== 'tune') return [];
      const modelId = listRunInputs(app.db, run.id).models[0];
      const { tokensPerSecond, peakMemoryBytes } = run.result.cost;
      if (modelId === undefined || tokensPerSecond <= 0) return [];
      const { parameters } = getModel(app.db, modelId);
      return [{ tokensPerSecond, parameters, peakMemoryBytes, modelId, microTokens: run.recipe.microTokens }];
    })
    .slice(0, REMEMBERED);
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
