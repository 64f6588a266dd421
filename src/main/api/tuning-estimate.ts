// What a tuning will take before it starts: time from earlier runs, memory from its shapes with what would take less, and warnings.
import { freemem, totalmem } from 'node:os';
import { parseLlamaConfig } from '../../shared/parse-config.ts';
import { renderItems, toCompletionExample } from '../../shared/prompt/make-examples.ts';
import type { TuneRecipe } from '../../shared/recipe.ts';
import { countAdapter, estimateSpeed, estimateTuneMemory } from '../../shared/tune-estimate.ts';
import type { TuningRequest } from '../../shared/tuning-request.ts';
import { findTuningWarnings, type LearntSample, type TuningChange, type TuningWarning } from '../../shared/tuning-warnings.ts';
import type { App } from '../app.ts';
import { countSplits } from '../db/datasets.ts';
import { getModel, type Model } from '../db/models.ts';
import { listRunInputs, listRuns } from '../db/runs.ts';
import { readSettings } from './settings.ts';
import { readItems } from './datasets.ts';
import { leastMemory } from './memory-limit.ts';
import type { Questions } from './plan-runs.ts';
import { readTokenizerFacts } from './tokenizer-facts.ts';
import { findQuestions } from './tunings.ts';

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
  /** The model alone, held as small as can be, is larger than the memory: it will be refused. */
  readonly isImpossible: boolean;
  /** What takes less memory, the most telling first; none where there is plenty. */
  readonly levers: readonly Lever[];
  readonly warnings: readonly TuningWarning[];
  /** The model was made for dialogues; its template is not applied. */
  readonly hasChatTemplate: boolean;
}

/** A change by which a tuning takes less memory, and how much it takes then. */
export interface Lever {
  readonly label: string;
  readonly memoryBytes: number;
  readonly change: TuningChange;
}

/** Examples whose length is looked at, and characters of a token where none can be counted. */
const SAMPLE = 40;
const CHARS_PER_TOKEN = 4;
/** Runs that are remembered for their speed. */
const REMEMBERED = 5;
/** Above this share of what is free, ways to take less are offered; each must save at least a tenth. */
const TIGHT_SHARE = 0.8;
const WORTHWHILE_SHARE = 0.9;
const LEAST_MICRO_TOKENS = 64;
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
  const sample = await readSample(app, base, questions);
  const tokens = sample.meanTokens;
  const teacherParameters = request.distill ? getModel(app.db, request.distill.teacherId).parameters : 0;
  const countTrainable = (method: TuningRequest['method']): number =>
    method === 'lora' ? countAdapter(config, request.lora) : base.parameters;
  const trainable = countTrainable(request.method);
  const longest = Math.min(request.rowTokens, config.maxPositions, Math.max(...(sample.lengths ?? [tokens])));
  const memoryOf = ({ method = request.method, microTokens = request.microTokens, distill }: TuningChange): number =>
    estimateTuneMemory({
      ...{ config, parameters: base.parameters, trainable: countTrainable(method) },
      microTokens: Math.max(microTokens, longest),
      teacherParameters: distill === null ? 0 : teacherParameters,
    });

  const earlier = rememberTunings(app, request.method);
  const speed = estimateSpeed(base.parameters, request.method, earlier);
  const tokensPerStep = Math.round(request.batch * tokens);
  // The teacher only reads: a third of what the student does.
  const slower = 1 + teacherParameters / (3 * base.parameters);
  const trained = request.steps * tokensPerStep * slower;
  const { validation } = request;
  const measured = validation ? Math.ceil(request.steps / validation.every) * validation.items * tokens * 0.5 : 0;
  const machineBytes = readSettings(app).memoryLimitBytes ?? totalmem();
  const same = earlier.find((run) => run.modelId === base.id && run.microTokens === request.microTokens);
  const memoryBytes = same?.peakMemoryBytes ?? memoryOf({});
  const freeBytes = freemem();
  const keep = Math.max(1, readSettings(app).keepSnapshots);
  return {
    examples,
    epochs: (request.steps * request.batch) / Math.max(1, examples),
    trainable,
    tokensPerStep,
    elapsedMs: (1000 * (trained + measured)) / speed.tokensPerSecond,
    memoryBytes,
    machineBytes,
    freeBytes,
    isImpossible: leastMemory(app, planOf(request)) > machineBytes,
    levers: memoryBytes > TIGHT_SHARE * Math.min(machineBytes, freeBytes) ? findLevers(request, memoryBytes, memoryOf) : [],
    warnings: findTuningWarnings({
      ...sample,
      ...readTokenizerFacts(base.folderPath),
      ...{ appendEos: request.appendEos, rowTokens: request.rowTokens, maxPositions: config.maxPositions },
      isWritten: questions.prompt.choices === undefined,
    }),
    hasChatTemplate: readTokenizerFacts(base.folderPath).hasChatTemplate,
    diskBytes: 4 * trainable * (1 + keep * SAVED_PER_VALUE) + (request.merge ? base.sizeBytes : 0),
    isMeasured: speed.isMeasured,
    basis: speed.isMeasured
      ? `from ${earlier.length === 1 ? 'the tuning' : `${earlier.length} tunings`} that this machine did before`
      : 'a guess: nothing of this kind was tuned on this machine yet',
  };
}

/** What the least memory of a request is reckoned from. */
function planOf({ method, modelId, distill }: TuningRequest): Parameters<typeof leastMemory>[1] {
  return {
    recipe: { kind: 'tune', method, model: { checkpoint: '' }, steps: 1 },
    inputs: { models: [modelId, ...(distill ? [distill.teacherId] : [])] },
  };
}

function findLevers(request: TuningRequest, now: number, memoryOf: (change: TuningChange) => number): Lever[] {
  const fewer = Math.max(LEAST_MICRO_TOKENS, request.microTokens / 4);
  const changes: { label: string; change: TuningChange }[] = [
    ...(request.method === 'full' ? [{ label: 'An adapter instead of every weight', change: { method: 'lora' as const } }] : []),
    ...(request.distill ? [{ label: 'No teacher', change: { distill: null } }] : []),
    ...(fewer < request.microTokens ? [{ label: `${fewer} tokens at once`, change: { microTokens: fewer } }] : []),
  ];
  return changes
    .map((one) => ({ ...one, memoryBytes: memoryOf(one.change) }))
    .filter(({ memoryBytes }) => memoryBytes < now * WORTHWHILE_SHARE)
    .sort((a, b) => a.memoryBytes - b.memoryBytes);
}

interface Sample extends Pick<LearntSample, 'examples' | 'lengths'> {
  readonly meanTokens: number;
}

/** The first examples as they will be learnt: their lengths by the model's tokenizer while the worker is free, else by characters. */
async function readSample(app: App, base: Model, { dataset, task, prompt, split }: Questions): Promise<Sample> {
  const items = readItems(app, dataset, task, split, SAMPLE);
  const rendered = [...renderItems({ ...prompt, shots: { kind: 'none' } }, items)];
  const learnt = rendered.map(toCompletionExample);
  const examples = learnt.map(({ continuation }, index) => ({ continuation, warnings: rendered[index]!.rendered.warnings }));
  const texts = learnt.map(({ context, continuation }) => context + continuation);
  const mean = (sizes: readonly number[]): number => Math.max(1, sizes.reduce((sum, size) => sum + size, 0) / sizes.length);
  if (app.queue.runningId === undefined) {
    const counted = await app
      .worker()
      .calls.tokenize({ folder: base.folderPath, texts })
      .catch(() => undefined);
    const lengths = counted?.map(({ ids }) => ids.length);
    if (lengths) return { examples, lengths, meanTokens: mean(lengths) };
  }
  return { examples, lengths: undefined, meanTokens: mean(texts.map((text) => text.length / CHARS_PER_TOKEN)) };
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
