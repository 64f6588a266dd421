// Recipes as files: the settings of a study, as `tailor study` takes them, and the card of a model, which says how it was made.
import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { z } from 'zod';
import { AppError } from '../../shared/errors.ts';
import { placeStudy, type StudySettings } from '../../shared/study/settings.ts';
import type { App } from '../app.ts';
import { findModelByHash, findModelByName, listModels } from '../db/models.ts';
import { getStudy } from '../db/studies.ts';
import { findDataset } from './datasets.ts';
import { nameOfRecord } from './study-form.ts';
import { startStudy } from './study-jobs.ts';
import { fileNameOf, readStudySettings } from './study-settings.ts';
import { dropOf } from './uploads.ts';

/** A recipe that was opened: a study that can be run, or the card of a model with each step that led to it. */
export type OpenedRecipe =
  | {
      readonly kind: 'study';
      readonly name: string;
      readonly model: string;
      readonly tasks: readonly string[];
      readonly ratios: readonly number[];
      readonly shots: number;
      readonly draws: number;
      readonly seed: number;
      /** Names of models and data that it asks for and that are not here. */
      readonly lacking: readonly string[];
    }
  | {
      readonly kind: 'card';
      readonly name: string;
      readonly tailor: string;
      /** From the base on; `modelId` where a model of the very same bytes is in the records. */
      readonly steps: readonly {
        readonly name: string;
        readonly kind: string;
        readonly hash: string;
        readonly modelId: string | undefined;
      }[];
    };

/** What Tailor needs to know of a card again. */
const card = z.object({
  tailor: z.string(),
  model: z.object({ name: z.string(), hash: z.string() }),
  steps: z.array(z.object({ name: z.string(), kind: z.string(), hash: z.string() })).min(1),
});

/** Settings and cards take kilobytes; what is larger is something else under a recipe's name. */
const MAX_BYTES = 4 * 1024 * 1024;

/** Reads a recipe's file. Throws AppError `bad-recipe` or `not-found`. */
export function openRecipe(app: App, path: string): OpenedRecipe {
  const asCard = card.safeParse(readSmall(path));
  if (asCard.success) {
    const { tailor, model, steps } = asCard.data;
    const described = steps.map(({ name, kind, hash }) => ({ name, kind, hash, modelId: findModelByHash(app.db, hash)?.id }));
    return { kind: 'card', name: model.name, tailor, steps: described };
  }
  const settings = settingsOfFile(app, path);
  const { name, model, tasks, perplexity, calibration, ratios, shots, draws, seed } = settings;
  const data = [...tasks, ...perplexity, calibration].flatMap(({ dataset }) => dataset ?? []);
  const lacking = [
    ...(isModelHere(app, model) ? [] : [model]),
    ...new Set(data.filter((one) => findDataset(app, one) === undefined && !existsSync(one))),
  ];
  return {
    kind: 'study',
    name,
    model: nameOfRecord(app, 'model', model),
    tasks: tasks.map(({ task, dataset }) => task ?? nameOfRecord(app, 'dataset', dataset)),
    ratios,
    shots,
    draws,
    seed,
    lacking,
  };
}

/** Runs the study of a recipe, or goes on with the one of these very settings; returns its id. */
export function startRecipe(app: App, path: string): string {
  return startStudy(app, settingsOfFile(app, path)).id;
}

/** Removes the copy of a recipe that a browser sent; a file of the person's own stays. */
export function forgetRecipe(app: App, path: string): void {
  const drop = dropOf(app, path);
  if (drop === undefined) return;
  rmSync(path, { force: true });
  // Other files may have come with it.
  if (existsSync(drop) && readdirSync(drop).length === 0) rmdirSync(drop);
}

/** A study's settings as a recipe's file; models and data go by their names, so that it can be run where they are called the same. */
export function writeRecipe(app: App, studyId: string): { name: string; text: string } {
  const study = getStudy(app.db, studyId);
  const called = (id: string): string => {
    const model = listModels(app.db).find((one) => one.id === id);
    if (model) return findModelByName(app.db, model.name)?.id === id ? model.name : id;
    const dataset = findDataset(app, id);
    return dataset?.id === id && findDataset(app, dataset.name)?.id === id ? dataset.name : id;
  };
  const settings = placeStudy(study.settings as StudySettings, called);
  return { name: `${fileNameOf(study)}.tailor`, text: `${JSON.stringify(settings, null, 2)}\n` };
}

function isModelHere(app: App, name: string): boolean {
  return existsSync(name) || listModels(app.db).some((model) => model.id === name || model.name === name);
}

function readSmall(path: string): unknown {
  const name = basename(path);
  if (statSync(path).size > MAX_BYTES) throw new AppError('bad-recipe', `${name} is too large for a recipe, which takes a few kilobytes.`);
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (thrown) {
    throw new AppError('bad-recipe', `${name} is no recipe: it is not JSON (${(thrown as Error).message}).`);
  }
}

/** Throws AppError `bad-recipe` also where it names files that lay beside it: a browser sends the recipe alone. */
function settingsOfFile(app: App, path: string): StudySettings {
  const value = readSmall(path);
  if (value === null || typeof value !== 'object' || !('model' in value) || !('tasks' in value))
    throw new AppError(
      'bad-recipe',
      `${basename(path)} is no recipe of Tailor: it names neither a model and tasks nor the steps of a model.`,
    );
  const settings = readStudySettings(path);
  let beside: string | undefined;
  placeStudy(settings, (name) => {
    if (dropOf(app, name) !== undefined) beside ??= basename(name);
    return name;
  });
  if (beside !== undefined)
    throw new AppError(
      'bad-recipe',
      `${basename(path)} names “${beside}” by a path from its own folder, which a browser does not send. Name models and data as the pages Models and Datasets call them, or by full paths.`,
    );
  return settings;
}
