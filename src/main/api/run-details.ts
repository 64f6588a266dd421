// A run as its page shows it: what it is and was made of, its curves while it goes on, its log, and what lies in its folder.
import { closeSync, existsSync, fstatSync, openSync, readdirSync, readSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { thinCurve, type Point } from '../../shared/curves.ts';
import { AppError } from '../../shared/errors.ts';
import { formatBytes, formatFigure, formatShare } from '../../shared/figures.ts';
import type { App } from '../app.ts';
import { getDataset } from '../db/datasets.ts';
import { listMetrics } from '../db/metrics.ts';
import { getModel, listModelsOfRun } from '../db/models.ts';
import { deleteRun, getRun, listRunInputs, listRunTimes, type Run } from '../db/runs.ts';
import { readRunLog, type LogLine } from '../jobs/run-log.ts';
import { findMismatches, readAsked, readWording, type Wording } from './wordings.ts';

/** A figure by step. A value that was not a number is left out. */
export interface Curve {
  readonly name: string;
  readonly points: readonly Point[];
}

/** A snapshot in a run's folder. */
export interface Checkpoint {
  readonly step: number;
  readonly sizeBytes: number;
  readonly savedAt: number;
}

const MAX_POINTS = 2000;
const METRICS_FILE = 'metrics.jsonl';
const SNAPSHOTS = 'snapshots';
const SNAPSHOT_NAME = /^step-(\d+)\.safetensors$/;
/** What the worker writes for good, by folder. */
const PRODUCTS = ['adapter', 'checkpoint'];
const MAX_LOG_LINES = 2000;

/** Everything about a run but its curves and its log. Throws AppError `not-found`. */
export function describeRun(app: App, id: string) {
  const run = getRun(app.db, id);
  const inputs = listRunInputs(app.db, id);
  const checkpoints = listCheckpoints(run);
  const asked = readAsked(app, run);
  return {
    id: run.id,
    kind: run.kind,
    title: run.title,
    state: run.state,
    error: run.error,
    createdAt: run.createdAt,
    ...timesOf(app, id),
    progress: run.progress,
    recipe: run.recipe,
    recipeHash: run.recipeHash,
    result: run.result,
    folder: run.folderPath,
    inputs: {
      models: inputs.models.map((model) => pickName(getModel(app.db, model))),
      datasets: inputs.datasets.map((dataset) => pickName(getDataset(app.db, dataset))),
      prompts: inputs.promptVersions.map((version): Wording => readWording(app, version)),
    },
    made: listModelsOfRun(app.db, id).map(({ id: model, name, form, sizeBytes }) => ({ id: model, name, form, sizeBytes })),
    checkpoints,
    savedStep: checkpoints[0]?.step,
    products: PRODUCTS.filter((name) => existsSync(join(run.folderPath, name))).map((name) => ({
      name,
      sizeBytes: folderBytes(join(run.folderPath, name)),
    })),
    whyNotResume: explainNoResume(run),
    asked,
    mismatches: findMismatches(app, run, asked),
  };
}

function pickName({ id, name }: { id: string; name: string }): { id: string; name: string } {
  return { id, name };
}

function timesOf(app: App, id: string): { startedAt: number | undefined; endedAt: number | undefined } {
  return listRunTimes(app.db).get(id) ?? { startedAt: undefined, endedAt: undefined };
}

/** Why a run that has stopped cannot go on, in words with a next step; undefined when it can, or has no need to. */
export function explainNoResume(run: Run): string | undefined {
  switch (run.state) {
    case 'failed':
      return `It failed, and would fail again: ${run.error?.message ?? 'no reason was kept.'} Duplicate it with a change instead.`;
    case 'cancelled':
      return 'It was cancelled for good. Duplicate it to start anew.';
    case 'interrupted': {
      if (!existsSync(run.folderPath)) return `Its folder ${run.folderPath} is gone. Duplicate it to start anew.`;
      const { recipe } = run;
      const refs = [recipe.model, ...(recipe.kind === 'tune' && recipe.distill ? [recipe.distill.teacher] : [])];
      const gone = refs
        .flatMap(({ checkpoint, adapter }) => [checkpoint, ...(adapter === undefined ? [] : [adapter])])
        .find((path) => !existsSync(path));
      if (gone !== undefined)
        return `${gone === recipe.model.checkpoint ? 'The model' : 'A model'} it reads is no longer at ${gone}. Put it back there.`;
      const file = recipe.kind === 'tune' ? (recipe.textFile ?? recipe.trainFile) : undefined;
      if (file !== undefined && !existsSync(join(run.folderPath, file)))
        return `Its examples, ${join(run.folderPath, file)}, are gone. Duplicate it to start anew.`;
      return undefined;
    }
    default:
      return undefined;
  }
}

/** Snapshots in a run's folder, the latest step first. */
export function listCheckpoints(run: Pick<Run, 'folderPath'>): Checkpoint[] {
  const folder = join(run.folderPath, SNAPSHOTS);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .flatMap((name) => {
      const step = SNAPSHOT_NAME.exec(name)?.[1];
      const stat = step === undefined ? undefined : statSync(join(folder, name), { throwIfNoEntry: false });
      return stat ? [{ step: Number(step), sizeBytes: stat.size, savedAt: stat.mtimeMs }] : [];
    })
    .sort((a, b) => b.step - a.step);
}

/** Deletes a snapshot of a run that is not at work. Throws AppError `bad-input` while it is, `not-found` when there is no such step. */
export function deleteCheckpoint(app: App, id: string, step: number): void {
  const run = getRun(app.db, id);
  if (run.state === 'running') throw new AppError('bad-input', 'The run is at work and writes its own checkpoints. Stop it first.');
  const path = pathOfCheckpoint(run, step);
  if (!existsSync(path)) throw new AppError('not-found', `There is no checkpoint of step ${step} in ${run.folderPath}.`);
  rmSync(path);
  app.events.tell({ kind: 'changed', table: 'runs', id });
}

/** Where a snapshot of this step lies. */
export function pathOfCheckpoint(run: Pick<Run, 'folderPath'>, step: number): string {
  return join(run.folderPath, SNAPSHOTS, `step-${String(step).padStart(8, '0')}.safetensors`);
}

/** Deletes a run with its folder, stopping it first where it is at work. Throws AppError `bad-input` while something stands on it. */
export async function removeRun(app: App, id: string): Promise<void> {
  if (getRun(app.db, id).state === 'running') await app.queue.stop(id, 'cancelled');
  const { folderPath } = getRun(app.db, id);
  deleteRun(app.db, id);
  rmSync(folderPath, { recursive: true, force: true });
  app.events.tell({ kind: 'changed', table: 'runs', id });
}

/** The curves so far, each of at most 2,000 points: from the records of a run that is done, else from its folder. */
export function readCurves(app: App, id: string): Curve[] {
  const run = getRun(app.db, id);
  const byName = new Map<string, Point[]>();
  if (run.state === 'done') {
    for (const { name, step, value } of listMetrics(app.db, id)) addPoint(byName, name, step, value);
  }
  const found = byName.size > 0 ? byName : followMetrics(join(run.folderPath, METRICS_FILE));
  return [...found].map(([name, points]) => ({ name, points: thinCurve(points, MAX_POINTS) }));
}

function addPoint(curves: Map<string, Point[]>, name: string, step: number, value: number | null): void {
  if (value === null || !Number.isFinite(value)) return;
  const points = curves.get(name) ?? [];
  if (points.length === 0) curves.set(name, points);
  points.push([step, value]);
}

/** The file that was read last, as far as it was read: a live run's curves grow by what was added. */
let followed: { path: string; inode: number; offset: number; rest: string; curves: Map<string, Point[]> } | undefined;

function followMetrics(path: string): Map<string, Point[]> {
  if (!existsSync(path)) return new Map();
  const file = openSync(path, 'r');
  try {
    const { ino, size } = fstatSync(file);
    // A resumed run writes its file anew, without the steps after its snapshot.
    if (followed?.path !== path || followed.inode !== ino || size < followed.offset) {
      followed = { path, inode: ino, offset: 0, rest: '', curves: new Map() };
    }
    const added = Buffer.alloc(size - followed.offset);
    readSync(file, added, 0, added.length, followed.offset);
    followed.offset = size;
    const lines = (followed.rest + added.toString('utf8')).split('\n');
    followed.rest = lines.pop()!;
    for (const line of lines) {
      const { name, step, value } = JSON.parse(line) as { name: string; step: number; value: number | null };
      addPoint(followed.curves, name, step, value);
    }
    return followed.curves;
  } finally {
    closeSync(file);
  }
}

/** The log: moves, errors and what the worker said, with what was measured on held-out examples and what was saved between them. */
export function readLog(app: App, id: string): LogLine[] {
  const run = getRun(app.db, id);
  const lines = readRunLog(run);
  for (const { step, sizeBytes, savedAt } of listCheckpoints(run)) {
    lines.push({ at: savedAt, kind: 'move', text: `saved step ${step}: ${formatBytes(sizeBytes)}` });
  }
  const heldOut = readCurves(app, id).filter(({ name }) => name.startsWith('validation'));
  for (const { name, points } of heldOut) {
    for (const [step, value] of points) {
      const frame = lines.find((line) => line.kind === 'frame' && line.text.startsWith('training') && (line.done ?? 0) >= step);
      const text = name === 'validationAccuracy' ? `accuracy ${formatShare(value)}` : `loss ${formatFigure(value)}`;
      if (frame) lines.push({ at: frame.at, kind: 'move', text: `held out at step ${step}: ${text}` });
    }
  }
  return lines.sort((a, b) => a.at - b.at).slice(-MAX_LOG_LINES);
}

function folderBytes(folder: string): number {
  return readdirSync(folder).reduce((total, name) => total + (statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0), 0);
}
