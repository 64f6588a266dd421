// Runs: planned from records, carried out through the queue, resumed and stopped.
import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { AppError } from '../../shared/errors.ts';
import type { WorkOptions } from '../../shared/progress.ts';
import type { RecipeInput } from '../../shared/recipe.ts';
import type { RunResult } from '../../shared/results.ts';
import type { App } from '../app.ts';
import { getDataset } from '../db/datasets.ts';
import { getModel } from '../db/models.ts';
import { findDoneRun, getRun, listRuns, type Run, type RunInputs } from '../db/runs.ts';
import { inTurns } from '../db/turns.ts';
import { drainStream } from '../jobs/drain.ts';
import { checkMemory } from './memory-limit.ts';
import { stageRunInSteps, type RunFile, type RunOrigin } from '../jobs/run-folder.ts';

/** A run to be: its recipe, its data, and the records it comes from. */
export interface RunPlan {
  readonly title: string;
  readonly recipe: RecipeInput;
  readonly files: readonly RunFile[];
  readonly origin: RunOrigin;
  readonly inputs: RunInputs;
  /** Content hashes behind the paths in the recipe. */
  readonly identities: readonly (readonly [string, string])[];
}

export type DoneRun<Kind extends RunResult['kind'] = RunResult['kind']> = Run & { readonly result: Extract<RunResult, { kind: Kind }> };

/**
 * Carries a plan out and returns the finished run. A run of the same recipe on the same data is not made twice: one that is done is
 * returned at once, one that was interrupted goes on. When the signal fires, the run stops at its next safe point and stays resumable.
 * Throws the AppError that the run ended with.
 */
export async function carryOut<Kind extends RunResult['kind']>(
  app: App,
  plan: RunPlan & { recipe: { kind: Kind } },
  work: WorkOptions = {},
): Promise<DoneRun<Kind>> {
  const run = await admitPlan(app, plan, 'head', work);
  return (await finishRun(app, run.id, work)) as DoneRun<Kind>;
}

/**
 * Puts a plan at the end of the queue, which is worked through in the background unless it was told to hold, and returns its run; one of
 * the same recipe takes its place.
 */
export async function submitRun(app: App, plan: RunPlan): Promise<Run> {
  const run = await admitPlan(app, plan, 'end');
  if (!app.queue.isHeld) app.queue.work();
  return run;
}

/** What was done before needs no memory; anything else must fit. Throws AppError `not-found` when its data or model is gone by then. */
async function admitPlan(app: App, plan: RunPlan, place: 'head' | 'end', { signal }: WorkOptions = {}): Promise<Run> {
  const steps = stageRunInSteps(app.runsFolder, plan.recipe, plan.files, plan.origin, new Map(plan.identities));
  const staged = await inTurns(steps, signal);
  try {
    // While the plan was written others had their turns, and may have deleted what it was made of.
    for (const id of plan.inputs.datasets ?? []) getDataset(app.db, id);
    for (const id of plan.inputs.models ?? []) getModel(app.db, id);
    if (!findDoneRun(app.db, staged.recipeHash)) checkMemory(app, plan);
  } catch (thrown) {
    staged.drop();
    throw thrown;
  }
  return app.queue.admit(staged, plan, place);
}

/** Goes on with an interrupted or queued run of the records. Throws AppError `not-found`, `cannot-resume`, or what the run ended with. */
export async function resumeRun(app: App, runId: string, work: WorkOptions = {}): Promise<DoneRun> {
  const run = getRun(app.db, runId);
  if (run.state === 'failed' || run.state === 'cancelled') {
    throw new AppError(
      'cannot-resume',
      `Run ${runId} is ${run.state}${run.error ? ` (${run.error.message})` : ''}; start it anew with the command that made it.`,
    );
  }
  if (run.state === 'interrupted') app.queue.resume(runId);
  return await finishRun(app, runId, work);
}

/** Runs a folder that is in no records, as on another machine; nothing but the folder changes. Throws as the run does. */
export async function runLooseFolder(app: Pick<App, 'worker'>, folder: string, work: WorkOptions = {}): Promise<RunResult> {
  const path = resolve(folder);
  const stop = (): void => {
    app
      .worker()
      .calls.stop({ folder: path })
      .catch(() => undefined); // a lost worker has stopped
  };
  work.signal?.addEventListener('abort', stop, { once: true });
  try {
    return await drainStream(await app.worker().calls.run({ folder: path }), work);
  } finally {
    work.signal?.removeEventListener('abort', stop);
  }
}

/** The run that an id or the path of its folder means; undefined when the records have none. */
export function findRun(app: App, name: string): Run | undefined {
  const path = existsSync(name) && statSync(name).isDirectory() ? resolve(name) : undefined;
  return listRuns(app.db).find((run) => run.id === name || run.folderPath === path);
}

async function finishRun(app: App, runId: string, { signal, progress }: WorkOptions): Promise<DoneRun> {
  const stop = (): void => void app.queue.stop(runId, 'interrupted');
  const hush = app.queue.listen((event) => {
    if (event.kind === 'progress' && event.runId === runId) progress?.(event.frame);
    if (event.kind === 'moved' && event.run.id === runId && event.run.state === 'running' && signal?.aborted) stop();
  });
  signal?.addEventListener('abort', stop, { once: true });
  try {
    const run = await app.queue.finish(runId);
    if (run.state === 'done' && run.result) return run as DoneRun;
    throw new AppError(run.error?.code ?? 'internal', run.error?.message ?? '', { run: runId, state: run.state });
  } finally {
    hush();
    signal?.removeEventListener('abort', stop);
  }
}
