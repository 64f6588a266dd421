// What the page shows of models: the lineage with what is planned, and everything about one of them.
import type { TuningPlace } from '../../shared/lineage.ts';
import { parseLlamaConfig } from '../../shared/parse-config.ts';
import type { LlamaConfig } from '../../shared/llama-config.ts';
import type { Recipe } from '../../shared/recipe.ts';
import type { SetSummary } from '../../shared/results.ts';
import type { RunState } from '../../shared/run-states.ts';
import type { App } from '../app.ts';
import { getModel, listLineage, listModels, type Model, type ModelKind } from '../db/models.ts';
import { findEvaluations } from '../db/evaluations.ts';
import { getRun, listRunInputs, listRuns, type Run } from '../db/runs.ts';
import { listStudies, listStudyRuns } from '../db/studies.ts';
import { readOrigin } from '../jobs/run-folder.ts';
import { hashOfSubject } from '../jobs/take-results.ts';
import { readWording, type Wording } from './wordings.ts';

/** A model of the lineage, made or planned. A planned one has its run's id. */
export interface LineageNode {
  readonly id: string;
  readonly name: string;
  readonly kind: ModelKind;
  readonly form: Model['form'];
  readonly parentId: string | undefined;
  /** The run that made it, or will. */
  readonly runId: string | undefined;
  /** Absent: made. */
  readonly planned: RunState | undefined;
  /** All parameters it computes with, an adapter's base included; undefined while it is planned. */
  readonly parameters: number | undefined;
  /** Share of the first ancestor's parameters that is left. */
  readonly left: number | undefined;
  readonly sizeBytes: number;
  readonly createdAt: number;
  /** What a study tuned it for. */
  readonly tuning: TuningPlace | undefined;
  /** The colour and shape that a cut was given when it was made. */
  readonly markSlot: Model['markSlot'];
}

/** From the least of the layers to the most, and their sum. */
export interface LayerSpan {
  readonly least: number;
  readonly most: number;
  readonly sum: number;
}

/** How a run made the model, in the recipe's words. */
export interface Making {
  /** The wordings that a tuning learnt by. */
  readonly learnt: readonly Wording[];
  /** The model whose predictions it followed. */
  readonly teacher: string | undefined;
  readonly runId: string;
  readonly title: string;
  readonly state: RunState;
  readonly recipeHash: string;
  readonly recipe: Recipe;
}

export interface ModelFacts {
  readonly id: string;
  readonly name: string;
  readonly kind: ModelKind;
  readonly form: Model['form'];
  readonly folderPath: string;
  readonly hash: string;
  readonly createdAt: number;
  readonly parameters: number;
  /** An adapter's own. */
  readonly adapterParameters: number | undefined;
  readonly left: number;
  readonly sizeBytes: number;
  readonly dtype: string | undefined;
  readonly modelType: string;
  readonly hiddenSize: number;
  readonly headSize: number;
  readonly vocabSize: number;
  readonly maxPositions: number;
  readonly tieWordEmbeddings: boolean;
  readonly layers: number;
  readonly queryHeads: LayerSpan;
  readonly kvHeads: LayerSpan;
  readonly ffn: LayerSpan;
  /** Base first, the model itself last. */
  readonly line: readonly { readonly id: string; readonly name: string }[];
  readonly making: Making | undefined;
  readonly measured: readonly SetSummary[];
}

/** The checkpoint that a model computes with: its own, or the one its adapter lies on. */
export function checkpointOf(app: App, model: Model): Model {
  return model.form === 'checkpoint' ? model : getModel(app.db, model.parentId!);
}

/** The architecture that a model computes with. */
export function configOf(app: App, model: Model): LlamaConfig {
  return parseLlamaConfig(checkpointOf(app, model).config, `${model.name}/config.json`);
}

function totalParameters(app: App, model: Model): number {
  return model.form === 'checkpoint' ? model.parameters : model.parameters + checkpointOf(app, model).parameters;
}

/** Share of the base's parameters that is left; an adapter comes on top and is not counted. */
function leftOf(app: App, model: Model): number {
  const base = listLineage(app.db, model.id)[0] ?? model;
  return checkpointOf(app, model).parameters / base.parameters;
}

/** All models and what runs that wait or work will make of them, parents before children. */
export function readLineage(app: App): LineageNode[] {
  const places = listTuningPlaces(app);
  const made = listModels(app.db).map((model): LineageNode => ({
    id: model.id,
    name: model.name,
    kind: model.kind,
    form: model.form,
    parentId: model.parentId,
    runId: model.runId,
    planned: undefined,
    parameters: totalParameters(app, model),
    left: leftOf(app, model),
    sizeBytes: model.sizeBytes,
    createdAt: model.createdAt,
    markSlot: model.markSlot,
    tuning: model.runId === undefined ? undefined : places.get(model.runId),
  }));
  const coming = (['running', 'queued'] as const).flatMap((state) => listRuns(app.db, state)).filter(makesModel);
  return [...made, ...coming.map((run) => planned(app, run, places.get(run.id)))];
}

/** Task and draw of each tuning run of a study; of the oldest, where it stands in several. */
function listTuningPlaces(app: App): Map<string, TuningPlace> {
  return new Map(
    listStudies(app.db).flatMap(({ id }) =>
      listStudyRuns(app.db, id).flatMap(({ role, runId }): [string, TuningPlace][] => {
        const [, task, draw] = /^tune\/[^/]+\/(.+)\/draw-(\d+)$/.exec(role) ?? [];
        return task === undefined ? [] : [[runId, { task, draw: Number(draw) }]];
      }),
    ),
  );
}

function makesModel(run: Run): boolean {
  return run.kind === 'prune' || run.kind === 'tune';
}

function planned(app: App, run: Run, tuning: TuningPlace | undefined): LineageNode {
  return {
    id: run.id,
    name: readOrigin(run.folderPath).modelName ?? run.title,
    kind: run.kind === 'prune' ? 'pruned' : 'tuned',
    form: run.recipe.kind === 'tune' && run.recipe.method === 'lora' ? 'adapter' : 'checkpoint',
    parentId: listRunInputs(app.db, run.id).models[0],
    runId: run.id,
    planned: run.state,
    parameters: undefined,
    left: undefined,
    sizeBytes: 0,
    createdAt: run.createdAt,
    tuning,
    markSlot: undefined,
  };
}

/** Everything about one model. Throws AppError `not-found`, or `bad-model` when its configuration cannot be read. */
export function describeModel(app: App, id: string): ModelFacts {
  const model = getModel(app.db, id);
  const config = configOf(app, model);
  const { name, kind, form, folderPath, hash, createdAt, sizeBytes } = model;
  const spanOf = (pick: (layer: LlamaConfig['layers'][number]) => number): LayerSpan => {
    const widths = config.layers.map(pick);
    return { least: Math.min(...widths), most: Math.max(...widths), sum: widths.reduce((a, b) => a + b, 0) };
  };
  const run = model.runId === undefined ? undefined : getRun(app.db, model.runId);
  const dtype = checkpointOf(app, model).config['dtype'] ?? checkpointOf(app, model).config['torch_dtype'];
  return {
    ...{ id, name, kind, form, folderPath, hash, createdAt, sizeBytes },
    parameters: totalParameters(app, model),
    adapterParameters: form === 'adapter' ? model.parameters : undefined,
    left: leftOf(app, model),
    dtype: typeof dtype === 'string' ? dtype : undefined,
    modelType: config.modelType,
    hiddenSize: config.hiddenSize,
    headSize: config.headSize,
    vocabSize: config.vocabSize,
    maxPositions: config.maxPositions,
    tieWordEmbeddings: config.tieWordEmbeddings,
    layers: config.layers.length,
    queryHeads: spanOf((layer) => layer.queryHeads),
    kvHeads: spanOf((layer) => layer.kvHeads),
    ffn: spanOf((layer) => layer.ffn),
    line: listLineage(app.db, id).map((ancestor) => ({ id: ancestor.id, name: ancestor.name })),
    making: run && {
      learnt: run.kind === 'tune' ? listRunInputs(app.db, run.id).promptVersions.map((version) => readWording(app, version)) : [],
      teacher: listRunInputs(app.db, run.id)
        .models.slice(1)
        .map((teacher) => getModel(app.db, teacher).name)[0],
      runId: run.id,
      title: run.title,
      state: run.state,
      recipeHash: run.recipeHash,
      recipe: run.recipe,
    },
    measured: measurementsOf(app, model),
  };
}

/** The newest measurement of each set. */
function measurementsOf(app: App, model: Model): SetSummary[] {
  const bySet = new Map<string, SetSummary>();
  for (const { setName, summary } of findEvaluations(app.db, hashOfSubject(app.db, model))) {
    if (!bySet.has(setName)) bySet.set(setName, summary);
  }
  return [...bySet.values()];
}
