// Runs and their states: the queue, the moves and their history, what a run read and what came of it.
import type { ErrorCode } from '../../shared/errors.ts';
import { AppError } from '../../shared/errors.ts';
import type { ProgressFrame } from '../../shared/progress.ts';
import { placeRecipe, type Recipe } from '../../shared/recipe.ts';
import type { RunResult } from '../../shared/results.ts';
import type { RunState } from '../../shared/run-states.ts';
import { NEXT_STATES } from '../../shared/run-states.ts';
import { newId } from './ids.ts';
import type { Database } from './open.ts';
import { execute, fromStoredPath, inTransaction, insertRow, selectAll, selectOne, toStoredPath, updateRow } from './query.ts';

export interface RunError {
  readonly code: ErrorCode;
  readonly message: string;
}

export interface Run {
  readonly id: string;
  readonly kind: Recipe['kind'];
  readonly title: string;
  readonly recipe: Recipe;
  readonly recipeHash: string;
  readonly folderPath: string;
  readonly state: RunState;
  /** Smaller is sooner; only the order among queued runs means anything. */
  readonly queueOrder: number;
  /** Why it failed or was interrupted. */
  readonly error: RunError | undefined;
  readonly result: RunResult | undefined;
  /** The last frame that was kept. */
  readonly progress: ProgressFrame | undefined;
  readonly createdAt: number;
}

/** A state that a run entered, and when. */
export interface RunMove {
  readonly state: RunState;
  readonly at: number;
}

/** The records that a run reads; none of them can be deleted while it stands. */
export interface RunInputs {
  readonly models?: readonly string[];
  readonly datasets?: readonly string[];
  readonly promptVersions?: readonly string[];
}

/**
 * Puts a run at the end of the queue, after its folder was written; `id` is given when the folder is named after it.
 * `inputs` are ids of records. Returns the run.
 */
export function createRun(
  db: Database,
  run: { id?: string; title?: string; recipe: Recipe; recipeHash: string; folderPath: string; inputs?: RunInputs },
): Run {
  const { inputs = {}, id = newId(), ...rest } = run;
  return inTransaction(db, () => {
    // The models and scores that it reads are named as all paths here are: from the data folder on where they lie inside.
    const recipe = placeRecipe(rest.recipe, (path) => toStoredPath(db, path));
    insertRow(db, 'runs', { ...rest, recipe, id, kind: recipe.kind, queueOrder: lastInQueue(db) + 1, createdAt: Date.now() });
    for (const modelId of inputs.models ?? []) insertRow(db, 'run_inputs', { runId: id, modelId });
    for (const datasetId of inputs.datasets ?? []) insertRow(db, 'run_inputs', { runId: id, datasetId });
    for (const promptVersionId of inputs.promptVersions ?? []) insertRow(db, 'run_inputs', { runId: id, promptVersionId });
    return getRun(db, id);
  });
}

/** Throws AppError `not-found`. */
export function getRun(db: Database, id: string): Run {
  const [run] = selectRuns(db, 'SELECT * FROM runs WHERE id = ?', [id]);
  if (!run) throw new AppError('not-found', `There is no run ${id} in these records. It may have been deleted.`, { id });
  return run;
}

/** All runs, the newest first, or those in one state. */
export function listRuns(db: Database, state?: RunState): Run[] {
  return state
    ? selectRuns(db, 'SELECT * FROM runs WHERE state = ? ORDER BY id DESC', [state])
    : selectRuns(db, 'SELECT * FROM runs ORDER BY id DESC');
}

/** The newest finished run of this very recipe, whose results are the ones a new run would make. */
export function findDoneRun(db: Database, recipeHash: string): Run | undefined {
  return selectRuns(db, `SELECT * FROM runs WHERE recipe_hash = ? AND state = 'done' ORDER BY id DESC LIMIT 1`, [recipeHash])[0];
}

/** Runs that read a model, the oldest first. */
export function listRunsReading(db: Database, modelId: string): Run[] {
  return selectRuns(db, 'SELECT * FROM runs WHERE id IN (SELECT run_id FROM run_inputs WHERE model_id = ?) ORDER BY id', [modelId]);
}

/** Ids of the records that a run reads, in the order in which they were given: of the models, the one that is worked on comes first. */
export function listRunInputs(db: Database, id: string): Required<RunInputs> {
  const ids = (column: string): string[] =>
    selectAll<{ id: string }>(db, `SELECT ${column} AS id FROM run_inputs WHERE run_id = ? AND ${column} IS NOT NULL ORDER BY rowid`, [
      id,
    ]).map((row) => row.id);
  return { models: ids('model_id'), datasets: ids('dataset_id'), promptVersions: ids('prompt_version_id') };
}

/** Every state the run has entered, in order, from its creation on. */
export function listRunMoves(db: Database, id: string): RunMove[] {
  return selectAll<RunMove>(db, 'SELECT state, at FROM run_moves WHERE run_id = ? ORDER BY id', [id]);
}

/** When each run was last started and when it came to rest, by id. */
export function listRunTimes(db: Database): Map<string, { readonly startedAt: number | undefined; readonly endedAt: number | undefined }> {
  const rows = selectAll<{ runId: string; startedAt: number | undefined; endedAt: number | undefined }>(
    db,
    `SELECT run_id, max(CASE WHEN state = 'running' THEN at END) AS started_at, max(CASE WHEN state NOT IN ('running', 'queued') THEN at END) AS ended_at
     FROM run_moves GROUP BY run_id`,
  );
  return new Map(rows.map(({ runId, startedAt, endedAt }) => [runId, { startedAt, endedAt }]));
}

/**
 * Moves a run along an arrow of `NEXT_STATES`, with its result or the reason. A run queued again goes to the end of the queue and
 * loses its error and its frame. Throws AppError `bad-input` when there is no such arrow.
 */
export function moveRun(db: Database, id: string, state: RunState, outcome: { error?: RunError; result?: RunResult } = {}): Run {
  return inTransaction(db, () => {
    const run = getRun(db, id);
    const next = NEXT_STATES[run.state];
    if (!next.includes(state)) {
      const may = next.length === 0 ? 'and stays so' : `and can only become ${next.join(' or ')}`;
      throw new AppError('bad-input', `Run ${id} is ${run.state} ${may}; it cannot become ${state}.`, { id, from: run.state, to: state });
    }
    if (state === 'queued')
      execute(db, 'UPDATE runs SET error_json = NULL, progress_json = NULL, queue_order = ? WHERE id = ?', [lastInQueue(db) + 1, id]);
    updateRow(db, 'runs', id, { state, ...outcome });
    return getRun(db, id);
  });
}

/** Moves the first queued run to `running` and returns it; undefined when one is running already or none waits. */
export function takeNextRun(db: Database): Run | undefined {
  return inTransaction(db, () => {
    if (listRuns(db, 'running').length > 0) return undefined;
    const next = listQueue(db)[0];
    return next && moveRun(db, next.id, 'running');
  });
}

/** Queued runs in the order in which they will be taken. */
export function listQueue(db: Database): Run[] {
  return selectRuns(db, `SELECT * FROM runs WHERE state = 'queued' ORDER BY queue_order, id`);
}

/** Puts the given queued runs first, in this order, and leaves the order of the others. */
export function reorderQueue(db: Database, ids: readonly string[]): void {
  inTransaction(db, () => {
    const others = listQueue(db)
      .map((run) => run.id)
      .filter((id) => !ids.includes(id));
    [...ids, ...others].forEach((id, order) => execute(db, 'UPDATE runs SET queue_order = ? WHERE id = ?', [order, id]));
  });
}

/** Keeps the run's last progress frame. */
export function keepProgress(db: Database, id: string, progress: ProgressFrame): void {
  updateRow(db, 'runs', id, { progress });
}

/** Makes `interrupted` of every run found `running`, which at start-up means that its process died; returns them. */
export function interruptRunning(db: Database): Run[] {
  const error: RunError = {
    code: 'worker-lost',
    message: 'Tailor ended while this run was going on. Resume it to go on from its last snapshot.',
  };
  return listRuns(db, 'running').map((run) => moveRun(db, run.id, 'interrupted', { error }));
}

/** Forgets a run with its metrics, snapshots and evaluations; its folder is the caller's. Throws `bad-input` while it runs or is in use. */
export function deleteRun(db: Database, id: string): void {
  const run = getRun(db, id);
  if (run.state === 'running') throw new AppError('bad-input', `“${run.title}” is running. Cancel it first.`, { id });
  const users = selectAll<{ what: string }>(
    db,
    `SELECT 'model ' || name AS what FROM models WHERE run_id = :id UNION ALL SELECT 'its scores' FROM score_sets WHERE run_id = :id
     UNION ALL SELECT 'study ' || name FROM studies JOIN study_runs ON study_id = studies.id WHERE study_runs.run_id = :id`,
    { id },
  );
  if (users.length > 0) {
    throw new AppError('bad-input', `“${run.title}” is needed by ${users.map((user) => user.what).join(', ')}. Delete these first.`, {
      id,
    });
  }
  execute(db, 'DELETE FROM runs WHERE id = ?', [id]);
}

function selectRuns(db: Database, sql: string, parameters: readonly unknown[] = []): Run[] {
  return selectAll<Run>(db, sql, parameters).map((run) => ({
    ...run,
    recipe: placeRecipe(run.recipe, (path) => fromStoredPath(db, path)),
  }));
}

function lastInQueue(db: Database): number {
  return selectOne<{ last: number }>(db, 'SELECT coalesce(max(queue_order), 0) AS last FROM runs')!.last;
}
