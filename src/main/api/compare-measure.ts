// Measuring what a comparison lacks: the sets that one variant was asked and another was not, or a first measurement of all.
import { readFileSync } from 'node:fs';
import { AppError } from '../../shared/errors.ts';
import { promptSpec } from '../../shared/prompt/prompt-spec.ts';
import type { RecipeInput } from '../../shared/recipe.ts';
import type { App } from '../app.ts';
import { getDataset, listDatasets, type Dataset } from '../db/datasets.ts';
import type { Evaluation } from '../db/evaluations.ts';
import { getModel, type Model } from '../db/models.ts';
import { findPromptWinner, getPromptVersion } from '../db/prompts.ts';
import { getRun, listRunInputs, type Run } from '../db/runs.ts';
import { gapsOf, measuredSets, type VariantIds } from './compare-sets.ts';
import { pathOfSet } from './set-examples.ts';
import { pickSplit, taskOf } from './datasets.ts';
import { identitiesOf, referTo } from './models.ts';
import { planEvaluation, type MachineInput, type SetPlan } from './plan-runs.ts';
import { submitRun, type RunPlan } from './runs.ts';

type EvaluateInput = Extract<RecipeInput, { kind: 'evaluate' }>;

/** Queues an evaluation of every variant on the sets that another was measured on and it was not, with the very same examples. */
export async function measureGaps(app: App, variants: readonly VariantIds[]): Promise<Run[]> {
  const measured = measuredSets(app, variants);
  const plans = variants.flatMap((ids, index) => {
    const sources = gapsOf(measured, variants, index).map(({ evaluations }) => evaluations.find((one) => one !== undefined)!);
    return batchesOf(sources).map((batch) => planAlike(app, getModel(app.db, ids[0]!), batch));
  });
  return await submitAll(app, plans);
}

async function submitAll(app: App, plans: readonly RunPlan[]): Promise<Run[]> {
  const runs: Run[] = [];
  for (const plan of plans) runs.push(await submitRun(app, plan));
  return runs;
}

/** A run takes each set's name once, so sets of one name go to runs of their own. */
function batchesOf(sources: readonly Evaluation[]): Evaluation[][] {
  const batches: Evaluation[][] = [];
  for (const source of sources) {
    const batch = batches.find((sets) => sets.every(({ setName }) => setName !== source.setName));
    if (batch) batch.push(source);
    else batches.push([source]);
  }
  return batches;
}

/** An evaluation of the model on what others were asked, from the folders of their runs: rendered anew it might differ. */
function planAlike(app: App, model: Model, sources: readonly Evaluation[]): RunPlan {
  const parts = sources.map((source, index) => {
    const run = getRun(app.db, source.runId);
    const path = pathOfSet(app, source);
    const set = run.recipe.kind === 'evaluate' ? run.recipe.sets.find(({ name }) => name === source.setName) : undefined;
    if (!set || path === undefined)
      throw new AppError(
        'not-found',
        `The examples of ${source.setName} are gone with the run that asked them. Measure both variants anew.`,
      );
    const inputs = listRunInputs(app.db, run.id);
    return {
      set: { ...set, file: `set-${index}.jsonl` },
      file: { name: `set-${index}.jsonl`, lines: linesOf(path) },
      origin: [
        source.setName,
        { datasetHash: source.datasetHash, ...(source.promptHash === undefined ? {} : { promptHash: source.promptHash }) },
      ] as const,
      datasets: inputs.datasets.filter((id) => getDataset(app.db, id).hash === source.datasetHash),
      promptVersions: inputs.promptVersions.filter((id) => getPromptVersion(app.db, id).hash === source.promptHash),
      machine: run.recipe.machine,
    };
  });
  const recipe: EvaluateInput = {
    kind: 'evaluate',
    model: referTo(app, model),
    sets: parts.map(({ set }) => set),
    machine: parts[0]!.machine,
  };
  return {
    title: `evaluate ${model.name}`,
    recipe,
    files: parts.map(({ file }) => file),
    origin: { sets: Object.fromEntries(parts.map(({ origin }) => origin)) },
    inputs: {
      models: [model.id],
      datasets: [...new Set(parts.flatMap(({ datasets }) => datasets))],
      promptVersions: [...new Set(parts.flatMap(({ promptVersions }) => promptVersions))],
    },
    identities: identitiesOf(app, model),
  };
}

function* linesOf(path: string): Generator<object> {
  for (const line of readFileSync(path, 'utf8').split('\n')) if (line !== '') yield JSON.parse(line) as object;
}

/** A dataset that can be asked as multiple choice. */
export interface Measurable {
  readonly id: string;
  readonly name: string;
  readonly task: string;
}

/** Datasets that any model can be measured on by accuracy, the newest first. */
export function listMeasurable(app: App): Measurable[] {
  return listDatasets(app.db).flatMap((dataset) => {
    const set = planSet(app, dataset, 1);
    return set ? [{ id: dataset.id, name: dataset.name, task: set.name }] : [];
  });
}

/** Queues an evaluation of every single-model variant on the first so many test items of the datasets. Throws AppError `bad-dataset`. */
export async function measureAll(
  app: App,
  variants: readonly VariantIds[],
  datasetIds: readonly string[],
  { items, machine }: { readonly items: number | undefined; readonly machine?: MachineInput },
): Promise<Run[]> {
  const sets = datasetIds.map((id) => {
    const dataset = getDataset(app.db, id);
    const set = planSet(app, dataset, items);
    if (set) return set;
    throw new AppError('bad-dataset', `${dataset.name} has no questions with choices. ${dataset.mappingReason}`);
  });
  const plans = variants.flat().map((id) => planEvaluation(app, getModel(app.db, id), sets, { machine }));
  return await submitAll(app, plans);
}

/** The dataset's test questions with the task's winning prompt, or its standard one; undefined when it has none with choices. */
function planSet(app: App, dataset: Dataset, limit: number | undefined): Extract<SetPlan, { kind: 'choices' }> | undefined {
  try {
    const task = taskOf(dataset);
    const winner = findPromptWinner(app.db, task.name);
    const prompt = winner ? promptSpec.parse(winner.version.definition) : task.prompts[0]!;
    if (prompt.choices === undefined) return undefined;
    return {
      kind: 'choices',
      name: task.name,
      dataset,
      task,
      prompt,
      split: pickSplit(app, dataset, ['test', 'validation', 'train']),
      limit,
    };
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.code === 'bad-dataset') return undefined; // plain text, or no rows
    throw thrown;
  }
}
