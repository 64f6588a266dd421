// A run is a folder: spec.json and data go in, result.json comes out last, and nothing else is known about where it lies.
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { prettifyError } from 'zod';
import { AppError, asAppError, throwIfCancelled } from '../shared/errors.ts';
import type { WorkOptions } from '../shared/progress.ts';
import { placeRecipe, recipe, type Recipe } from '../shared/recipe.ts';
import type { RunResult } from '../shared/results.ts';
import { claimFolder } from './claim-folder.ts';
import { runEvaluate } from './evaluate/run-evaluate.ts';
import { runPrune } from './prune/run-prune.ts';
import { runScore } from './prune/run-score.ts';
import { runTune } from './tune/run-tune.ts';

export const SPEC_FILE = 'spec.json';
export const RESULT_FILE = 'result.json';

/** Turns a recipe and the files beside it into results in the same folder. */
export type RecipeRunner = (folder: string, spec: Recipe, work: WorkOptions) => Promise<RunResult>;

/**
 * Does what the folder's spec.json says and returns what it wrote to result.json. A folder that already has a result is finished and
 * its result is returned as it stands; one with snapshots goes on from the last of them.
 * Throws AppError `bad-recipe`, `busy`, `cancelled`, and whatever the kind of run throws; then there is no result.json.
 */
export async function runFolder(folder: string, work: WorkOptions = {}, run: RecipeRunner = runRecipe): Promise<RunResult> {
  const spec = readSpec(folder);
  const claim = await claimFolder(folder, work.signal);
  try {
    const finished = readResult(folder);
    if (finished) return finished;
    throwIfCancelled(work.signal);
    const result = await run(folder, spec, work);
    writeResult(folder, result);
    return result;
  } catch (thrown) {
    throw asAppError(thrown);
  } finally {
    claim[Symbol.dispose]();
  }
}

/** The folder's result, or undefined when it has none yet. */
export function readResult(folder: string): RunResult | undefined {
  const path = join(folder, RESULT_FILE);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as RunResult) : undefined;
}

async function runRecipe(folder: string, spec: Recipe, work: WorkOptions): Promise<RunResult> {
  switch (spec.kind) {
    case 'score':
      return await runScore(folder, spec, work);
    case 'prune':
      return await runPrune(folder, spec, work);
    case 'tune':
      return await runTune(folder, spec, work);
    case 'evaluate':
      return await runEvaluate(folder, spec, work);
  }
}

function readSpec(folder: string): Recipe {
  const path = join(folder, SPEC_FILE);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (thrown) {
    throw new AppError(
      'bad-recipe',
      `${folder} is not a run folder: it has no readable ${SPEC_FILE}. Give the path of a run's folder.`,
      undefined,
      {
        cause: thrown,
      },
    );
  }
  const parsed = recipe.safeParse(parseJson(text, path));
  if (!parsed.success) throw new AppError('bad-recipe', `${path} does not fit the form of a recipe. ${prettifyError(parsed.error)}`);
  return placeRecipe(parsed.data, (named) => resolve(folder, named));
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (thrown) {
    throw new AppError('bad-recipe', `${path} is not JSON: ${(thrown as Error).message}`, undefined, { cause: thrown });
  }
}

function writeResult(folder: string, result: RunResult): void {
  const path = join(folder, RESULT_FILE);
  const file = openSync(`${path}.part`, 'w');
  try {
    writeSync(file, JSON.stringify(result, null, 2));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(`${path}.part`, path);
}
