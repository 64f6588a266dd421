// Deleting a model: what goes with it, what stands in the way, how many bytes come free, and the deletion itself.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../shared/errors.ts';
import type { App } from '../app.ts';
import { deleteModel, getModel, listModels, listModelsOfRun, type Model } from '../db/models.ts';
import { deleteRun, getRun, listRunsReading, type Run } from '../db/runs.ts';
import { deleteScoreSetsOfRun } from '../db/scores.ts';
import { listStudiesOfRun } from '../db/studies.ts';
import { inTransaction } from '../db/query.ts';
import { folderBytes, isInside } from './folder-files.ts';

/** What a deletion comes to. */
export interface Deletion {
  /** Models that were made from it and go too. */
  readonly models: readonly { readonly id: string; readonly name: string }[];
  /** Runs that read or made them and go too, with their measurements. */
  readonly runs: number;
  /** Bytes that come free on this disk. */
  readonly freedBytes: number;
  /** A folder that stays, because it is the person's own. */
  readonly kept: string | undefined;
  /** Why it cannot be deleted now, and what to do; undefined when it can. */
  readonly blocked: string | undefined;
}

interface Plan {
  /** Parents before children. */
  readonly models: readonly Model[];
  readonly runs: readonly Run[];
  readonly folders: readonly string[];
}

/** Says what deleting a model would do. Throws AppError `not-found`. */
export async function describeDeletion(app: App, id: string): Promise<Deletion> {
  const { models, runs, folders } = planDeletion(app, id);
  const sizes = await Promise.all(folders.map(folderBytes));
  const { folderPath } = models[0]!;
  return {
    models: models.slice(1).map((model) => ({ id: model.id, name: model.name })),
    runs: runs.length,
    freedBytes: sizes.reduce((total, bytes) => total + bytes, 0),
    kept: folders.some((folder) => isInside(folder, folderPath)) ? undefined : folderPath,
    blocked: findObstacle(app, models, runs),
  };
}

/**
 * Deletes a model with all that was made from it and measured on it: records first, then files, and of these only what lies in the data
 * folder. Throws AppError `not-found`, or `bad-input` while a run or a study needs any of it.
 */
export async function deleteModelWithFiles(app: App, id: string): Promise<void> {
  const { models, runs, folders } = planDeletion(app, id);
  const obstacle = findObstacle(app, models, runs);
  if (obstacle !== undefined) throw new AppError('bad-input', obstacle, { id });
  inTransaction(app.db, () => {
    for (const run of runs) deleteScoreSetsOfRun(app.db, run.id);
    for (const run of runs) if (listModelsOfRun(app.db, run.id).length === 0) deleteRun(app.db, run.id);
    const makers = new Set(runs.map((run) => run.id));
    for (const { id: modelId, runId } of models.toReversed()) {
      deleteModel(app.db, modelId);
      if (runId !== undefined && makers.has(runId) && listModelsOfRun(app.db, runId).length === 0) deleteRun(app.db, runId);
    }
  });
  for (const model of models) app.events.tell({ kind: 'changed', table: 'models', id: model.id });
  for (const run of runs) app.events.tell({ kind: 'changed', table: 'runs', id: run.id });
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
}

function planDeletion(app: App, id: string): Plan {
  const all = listModels(app.db);
  const models = [getModel(app.db, id)];
  for (const { id: parentId } of models) models.push(...all.filter((model) => model.parentId === parentId)); // grows while it is walked
  const going = new Set(models.map((model) => model.id));
  const runs = new Map(models.flatMap((model) => listRunsReading(app.db, model.id)).map((run) => [run.id, run]));
  for (const { runId } of models) {
    if (runId !== undefined && listModelsOfRun(app.db, runId).every((model) => going.has(model.id))) runs.set(runId, getRun(app.db, runId));
  }
  const runFolders = [...runs.values()].map((run) => run.folderPath).filter((folder) => isInside(app.runsFolder, folder));
  const own = models.map((model) => model.folderPath).filter((folder) => !runFolders.some((outer) => isInside(outer, folder)));
  const stays = all.filter((model) => !going.has(model.id)).map((model) => model.folderPath);
  const uploads = join(app.host.dataFolder, 'uploads');
  const loose = own.filter((folder) => {
    const model = models.find(({ folderPath }) => folderPath === folder)!;
    // A base is the person's own folder, unless a browser sent it here.
    const isOurs = model.kind === 'base' ? isInside(uploads, folder) && folder !== uploads : isInside(app.runsFolder, folder);
    return isOurs && !stays.some((other) => isInside(folder, other));
  });
  return { models, runs: [...runs.values()], folders: [...runFolders, ...loose] };
}

function findObstacle(app: App, models: readonly Model[], runs: readonly Run[]): string | undefined {
  const going = new Set(models.map(({ id }) => id));
  const taught = runs.flatMap((run) => listModelsOfRun(app.db, run.id)).find(({ id }) => !going.has(id));
  if (taught) return `“${taught.name}” learnt from it as its teacher. Delete “${taught.name}” first, and this model can go.`;
  const atWork = runs.find((run) => run.state === 'running' || run.state === 'queued');
  if (atWork)
    return `“${atWork.title}” is ${atWork.state === 'running' ? 'at work' : 'waiting'} and needs it. Stop that run on Runs first.`;
  const study = runs.flatMap((run) => listStudiesOfRun(app.db, run.id))[0];
  return study && `The study “${study.name}” shows what was measured on it. Delete that study first, and the model can go.`;
}
