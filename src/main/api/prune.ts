// Pruning as a page plays with it: what is known of a model, its scores, and the two runs that make something new.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../../shared/errors.ts';
import type { LlamaConfig } from '../../shared/llama-config.ts';
import { packUnits, type PackedUnits } from '../../shared/prune/pack-units.ts';
import type { ChooseSettings, Criterion, Reduction } from '../../shared/recipe.ts';
import type { App } from '../app.ts';
import { countSplits, getDataset, listDatasets, type Dataset } from '../db/datasets.ts';
import { getModel, listModels, listModelsOfRun, type Model } from '../db/models.ts';
import { getRun, listRunInputs, listRuns, type Run } from '../db/runs.ts';
import { listScoreSets, type ScoreSet } from '../db/scores.ts';
import { listStudies } from '../db/studies.ts';
import { importFiles, pickSplit, taskOf } from './datasets.ts';
import { configOf } from './model-facts.ts';
import { planPruning, planScores, requireCheckpoint, type CalibrationTexts } from './plan-runs.ts';
import { findPrompt, listCandidates } from './prompts.ts';
import { submitRun } from './runs.ts';
import { listRowModels, tabulateStudy } from './study-table.ts';
import { readUnitScores } from './unit-scores-file.ts';

/** The demo's calibration text, offered where a person has none of their own. */
export const DEMO_TEXT = 'demo';
/** Where a run's folder holds its calibration texts. */
const TEXTS_FILE = 'examples.jsonl';

/** A model that can be cut: a whole checkpoint. */
export type CutModel = Pick<Model, 'id' | 'name' | 'kind' | 'parameters' | 'sizeBytes'>;

/** Scores of a model that are kept, and what they were measured on. */
export interface KeptScores {
  readonly id: string;
  readonly criteria: readonly Criterion[];
  readonly hidden: boolean;
  readonly calibrationLoss: number | undefined;
  readonly createdAt: number;
  /** Names of the datasets; empty when they were deleted. */
  readonly data: readonly string[];
  readonly samples: number | undefined;
  readonly length: number | undefined;
}

/** A scoring or a cut of the model, as far as it has come. */
export interface CutRun {
  readonly id: string;
  readonly kind: 'score' | 'prune';
  readonly title: string;
  readonly state: Run['state'];
  readonly error: string | undefined;
  /** The model that a finished cut made. */
  readonly made: { readonly id: string; readonly name: string } | undefined;
}

export interface CutSubject {
  readonly model: CutModel;
  readonly config: LlamaConfig;
  /** Bytes of one stored weight. */
  readonly dtypeBytes: number;
  readonly scoreSets: readonly KeptScores[];
  /** The newest first. */
  readonly runs: readonly CutRun[];
  /** Measured when the model was last evaluated; undefined before. */
  readonly speed: { readonly tokensPerSecond: number; readonly device: string } | undefined;
}

/** Checkpoints of the records, the newest first. */
export function listCutModels(app: App): CutModel[] {
  return listModels(app.db)
    .filter(({ form }) => form === 'checkpoint')
    .map(pickCutModel)
    .reverse();
}

/** Everything a page needs to plan a cut. Throws AppError `not-found`, `bad-model`, and `bad-input` for an adapter. */
export function openCutSubject(app: App, modelId: string): CutSubject {
  const model = requireCheckpoint(getModel(app.db, modelId));
  const runs = listRuns(app.db).filter((run) => listRunInputs(app.db, run.id).models.includes(model.id));
  const measured = runs.find((run) => run.result?.kind === 'evaluate' && run.result.cost.tokensPerSecond > 0)?.result?.cost;
  return {
    model: pickCutModel(model),
    config: configOf(app, model),
    dtypeBytes: Math.max(1, Math.round(model.sizeBytes / model.parameters)),
    scoreSets: listScoreSets(app.db, model.hash).map((set) => describeScores(app, set)),
    runs: runs.filter((run) => run.kind === 'score' || run.kind === 'prune').map((run) => describeRun(app, run)),
    speed: measured && { tokensPerSecond: measured.tokensPerSecond, device: measured.device },
  };
}

/** What a study measured of a model at one size: shares 0..1 of the base's mean accuracy, as it was cut and with tuning. */
export interface MeasuredCut {
  readonly studyId: string;
  readonly study: string;
  /** The true share of parameters removed. */
  readonly removed: number;
  readonly kept: number | undefined;
  readonly tunedKept: number | undefined;
}

/** Every size at which a study measured this model, the smallest cut first. Throws AppError `not-found`. */
export function listMeasuredCuts(app: App, modelId: string): MeasuredCut[] {
  const { hash } = getModel(app.db, modelId);
  const cuts = listStudies(app.db).flatMap((study): MeasuredCut[] => {
    const base = listRowModels(app, study).find(({ nominalRatio, tuned }) => nominalRatio === 0 && !tuned);
    const table = base && getModel(app.db, base.id).hash === hash ? tabulateStudy(app, study) : undefined;
    const rows = (table?.variants ?? []).filter(({ nominalRatio }) => nominalRatio > 0);
    return rows.flatMap((row) => {
      const tuned = rows.find((other) => other.tuned && other.nominalRatio === row.nominalRatio);
      if (row.tuned || (row.kept ?? tuned?.kept) === undefined) return [];
      return [{ studyId: study.id, study: study.name, removed: row.trueReduction, kept: row.kept, tunedKept: tuned?.kept }];
    });
  });
  return cuts.sort((a, b) => a.removed - b.removed);
}

/** What can be measured on: texts, questions with answers, and the demo's text. */
export function listCalibrations(app: App): { id: string; name: string; kind: 'text' | 'questions' | 'demo'; rows: number }[] {
  const own = listDatasets(app.db).flatMap((dataset) => {
    const { mapping } = dataset;
    if (mapping === undefined || mapping.kind === 'chat') return [];
    return [
      {
        id: dataset.id,
        name: dataset.name,
        kind: mapping.kind === 'text' ? ('text' as const) : ('questions' as const),
        rows: dataset.rowCount,
      },
    ];
  });
  return [...own, { id: DEMO_TEXT, name: 'text of the demo', kind: 'demo', rows: 0 }];
}

/** Queues the scoring of a model. Throws AppError `bad-dataset` when the dataset cannot be measured on. */
export async function startScoring(
  app: App,
  request: {
    readonly modelId: string;
    readonly calibrationId: string;
    readonly criteria: readonly Criterion[];
    readonly hidden: boolean;
    readonly samples: number;
    readonly length: number;
    readonly seed: number;
  },
): Promise<Run> {
  const model = requireCheckpoint(getModel(app.db, request.modelId));
  const { criteria, hidden, samples, length, seed } = request;
  const texts = await findTexts(app, request.calibrationId);
  const plan = planScores(app, model, texts, { criteria, calibration: { samples, length, seed }, seed });
  return await submitRun(app, { ...plan, recipe: { ...plan.recipe, hidden } });
}

/** Units as they were packed last: stored scores never change, and a page asks for the same again at each visit. */
const packed = new WeakMap<App, Map<string, PackedUnits>>();
/** One of a 7B model takes 4 MB. */
const PACKED_KEPT = 4;

/** Importance of every unit by one criterion of a score set. Throws AppError `not-found`. */
export async function readUnits(
  app: App,
  request: { readonly modelId: string; readonly scoreSetId: string; readonly criterion: Criterion; readonly reduction: Reduction },
): Promise<PackedUnits> {
  const key = [request.modelId, request.scoreSetId, request.criterion, request.reduction].join('/');
  const known = packed.get(app) ?? new Map<string, PackedUnits>();
  packed.set(app, known);
  const units = known.get(key) ?? (await packUnitsOf(app, request));
  known.delete(key); // the newest stands last
  known.set(key, units);
  if (known.size > PACKED_KEPT) known.delete(known.keys().next().value!);
  return units;
}

async function packUnitsOf(app: App, request: Parameters<typeof readUnits>[1]): Promise<PackedUnits> {
  const model = requireCheckpoint(getModel(app.db, request.modelId));
  const { filePath: path } = findScores(app, model, request.scoreSetId);
  const { criterion, reduction } = request;
  const units = await readUnitScores(configOf(app, model), { path, modelHash: model.hash, criterion, reduction });
  return packUnits(units, (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64'));
}

/**
 * Queues a cut by stored scores, or by chance. A cut in several steps scores anew before each of them, on the text of these scores.
 * Throws AppError `not-found`.
 */
export async function startCut(
  app: App,
  request: {
    readonly modelId: string;
    readonly name: string;
    readonly choose: ChooseSettings;
    readonly steps: number;
    readonly seed: number;
  } & ({ readonly criterion: Criterion; readonly scoreSetId: string } | { readonly criterion: 'random'; readonly scoreSetId?: undefined }),
): Promise<Run> {
  const model = requireCheckpoint(getModel(app.db, request.modelId));
  const { name, choose, criterion, seed } = request;
  if (request.scoreSetId === undefined) return await submitRun(app, planPruning(app, model, undefined, { name, choose, criterion, seed }));
  const { filePath, runId } = findScores(app, model, request.scoreSetId);
  const scored = runId === undefined ? undefined : getRun(app.db, runId);
  const calibration = scored?.recipe.kind === 'score' ? scored.recipe.calibration : undefined;
  const { steps } = request;
  const scores = steps === 1 ? filePath : undefined;
  const plan = planPruning(app, model, undefined, { name, choose, criterion, scores, calibration, steps, seed });
  const datasets = scored ? listRunInputs(app.db, scored.id).datasets : [];
  const files = steps === 1 ? [] : [{ name: TEXTS_FILE, lines: readScoredTexts(scored) }];
  return await submitRun(app, { ...plan, files, inputs: { ...plan.inputs, datasets } });
}

/** The texts that a scoring read, as its folder keeps them. Throws AppError `not-found`. */
function readScoredTexts(scored: Run | undefined): object[] {
  const path = scored && join(scored.folderPath, TEXTS_FILE);
  if (path === undefined || !existsSync(path))
    throw new AppError('not-found', 'The text behind these scores is not kept any more. Score the model again, or cut in one step.');
  const lines = readFileSync(path, 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line) as object);
}

function findScores(app: App, model: Model, id: string): ScoreSet {
  const set = listScoreSets(app.db, model.hash).find((one) => one.id === id);
  if (set) return set;
  throw new AppError('not-found', `These scores of ${model.name} are not kept any more. Score the model again.`, { id });
}

/** Plain text as it stands, or a task's questions with their answers as its best prompt words them. */
async function findTexts(app: App, id: string): Promise<CalibrationTexts> {
  const dataset =
    id === DEMO_TEXT ? await importFiles(app, [join(app.host.resourcesFolder, 'demo/text/calibration.jsonl')]) : getDataset(app.db, id);
  if (id === DEMO_TEXT) app.events.tell({ kind: 'changed', table: 'datasets', id: dataset.id });
  if (dataset.mapping?.kind === 'text')
    return { dataset, split: pickSplit(app, dataset, ['train', 'validation', ...splitsOf(app, dataset)]) };
  const task = taskOf(dataset);
  const [first] = listCandidates(app, task);
  if (first === undefined)
    throw new AppError('bad-dataset', `${task.name} has no prompt to word its questions. Write one on the Prompts page.`);
  return { dataset, task, prompt: findWinner(app, task) ?? first, split: pickSplit(app, dataset, ['train', 'validation']) };
}

function splitsOf(app: App, dataset: Dataset): string[] {
  return Object.keys(countSplits(app.db, dataset.id));
}

/** The prompt that won the last ranking; undefined when none was ranked. */
function findWinner(app: App, task: Parameters<typeof findPrompt>[1]): ReturnType<typeof findPrompt> | undefined {
  try {
    return findPrompt(app, task, 'winner');
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.code === 'not-found') return undefined;
    throw thrown;
  }
}

function describeScores(app: App, { id, criteria, calibrationLoss, createdAt, runId }: ScoreSet): KeptScores {
  const run = runId === undefined ? undefined : listRuns(app.db).find((one) => one.id === runId);
  const recipe = run?.recipe.kind === 'score' ? run.recipe : undefined;
  const data = run ? listRunInputs(app.db, run.id).datasets.map((dataset) => getDataset(app.db, dataset).name) : [];
  const { samples, length } = recipe?.calibration ?? {};
  return { id, criteria, calibrationLoss, createdAt, data, samples, length, hidden: recipe?.hidden ?? false };
}

function describeRun(app: App, { id, kind, title, state, error }: Run): CutRun {
  const [made] = kind === 'prune' && state === 'done' ? listModelsOfRun(app.db, id) : [];
  return { id, kind: kind as 'score' | 'prune', title, state, error: error?.message, made: made && { id: made.id, name: made.name } };
}

function pickCutModel({ id, name, kind, parameters, sizeBytes }: Model): CutModel {
  return { id, name, kind, parameters, sizeBytes };
}
