// What a new study can be made of, what a person chose, and about what it will cost.
import { basename } from 'node:path';
import { z } from 'zod';
import { AppError } from '../../shared/errors.ts';
import { parseLlamaConfig } from '../../shared/parse-config.ts';
import { criterion } from '../../shared/recipe.ts';
import type { StudySettings, StudySettingsInput } from '../../shared/study/settings.ts';
import { checkEvery, estimateStudy, paceOfRuns, shapeOfStudy, studySteps, type Pace } from '../../shared/study/steps.ts';
import type { App } from '../app.ts';
import { countSplits, getDataset, listDatasets, type Dataset } from '../db/datasets.ts';
import { getModel, listModels } from '../db/models.ts';
import { listRunInputs, listRuns } from '../db/runs.ts';
import { eachText, taskOf } from './datasets.ts';
import { holdsWindow } from './plan-runs.ts';
import { demoStudySettings, parseStudySettings } from './study-settings.ts';

/** A model that can be studied. */
export interface StudyModel {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly parameters: number;
  readonly sizeBytes: number;
  /** Of the hidden states. */
  readonly width: number;
}

/** A dataset as a study could use it. */
export interface StudyDataset {
  readonly id: string;
  readonly name: string;
  /** question: asked as a task; text: for perplexity; none: neither, and `why` says so. */
  readonly use: 'question' | 'text' | 'none';
  readonly task: string | undefined;
  readonly why: string;
  readonly splits: Readonly<Record<string, number>>;
}

export interface StudyOptions {
  readonly models: readonly StudyModel[];
  readonly datasets: readonly StudyDataset[];
  readonly pace: Pace;
}

/** What a person chose on the page, by ids of records. */
export const studyForm = z.object({
  name: z.string().trim().min(1).max(200),
  modelId: z.string(),
  datasetIds: z.array(z.string()).min(1).max(50),
  textIds: z.array(z.string()).max(20).default([]),
  ratios: z.array(z.number().gt(0).lt(1)).min(1).max(12),
  shots: z.number().int().positive().max(1_000_000).default(50),
  draws: z.number().int().nonnegative().max(50).default(1),
  steps: z.number().int().positive().max(1_000_000).default(100),
  items: z.number().int().positive().optional(),
  prompt: z.enum(['standard', 'rank']).default('standard'),
  criterion: criterion.default('param_first'),
  learningRate: z.number().positive().max(1).default(3e-4),
  distill: z.boolean().default(true),
  /** Tunings are checked on held-out examples as they go, for the chart of recovery against steps. */
  checks: z.boolean().default(true),
});
export type StudyForm = z.infer<typeof studyForm>;

/** Everything that a new study can be made of. */
export function listStudyOptions(app: App): StudyOptions {
  const models = listModels(app.db)
    .filter((model) => model.form === 'checkpoint')
    .map(({ id, name, kind, parameters, sizeBytes, config }): StudyModel => {
      return { id, name, kind, parameters, sizeBytes, width: parseLlamaConfig(config, name).hiddenSize };
    });
  return { models, datasets: listDatasets(app.db).map((dataset) => describeDataset(app, dataset)), pace: paceOf(app) };
}

function describeDataset(app: App, dataset: Dataset): StudyDataset {
  const { id, name, mapping, mappingReason } = dataset;
  const about = { id, name, splits: countSplits(app.db, id) };
  if (mapping?.kind === 'text') return { ...about, use: 'text', task: undefined, why: mappingReason };
  try {
    const task = taskOf(dataset);
    const asks = task.prompts.some((prompt) => prompt.choices !== undefined);
    const why = asks ? whyShort(about.splits) : 'Its answers are free text; a study counts right choices.';
    return why === undefined
      ? { ...about, use: 'question', task: task.title, why: mappingReason }
      : { ...about, use: 'none', task: undefined, why };
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown;
    return { ...about, use: 'none', task: undefined, why: 'Nobody has said yet what its columns are for.' };
  }
}

/** What a study lacks in a dataset that was taken in from one file of several, and what to do; undefined when there is all it needs. */
function whyShort({ train = 0, validation = 0, test = validation }: Readonly<Record<string, number>>): string | undefined {
  const lacking = [...(train === 0 ? ['tune on'] : []), ...(test === 0 ? ['measure'] : [])];
  return lacking.length === 0 ? undefined : `It has no rows to ${lacking.join(' or ')}; drop its files together.`;
}

/** The choices as settings. Throws AppError `not-found` for ids that are in no records, `bad-recipe` for what does not fit. */
export function settingsOfForm(app: App, form: StudyForm, machine: StudySettings['machine']): StudySettings {
  const model = getModel(app.db, form.modelId);
  const datasets = form.datasetIds.map((id) => getDataset(app.db, id));
  const texts = form.textIds.map((id) => getDataset(app.db, id));
  const calibrationText = texts.find((text) => hasWindows(app, text));
  return parseStudySettings(
    {
      name: form.name,
      model: model.id,
      tasks: datasets.map(({ id }) => ({ dataset: id, items: form.items, ...(form.prompt === 'rank' ? { prompt: 'rank' } : {}) })),
      perplexity: texts.map(({ id, name }) => ({ name, dataset: id })),
      ratios: form.ratios,
      shots: form.shots,
      draws: form.draws,
      calibration: { samples: CALIBRATION_SAMPLES, ...(calibrationText ? { dataset: calibrationText.id } : {}) },
      prune: { criterion: form.criterion },
      ...(form.distill ? { distill: {} } : {}),
      tune: {
        steps: form.steps,
        ...(form.checks ? { evaluateEvery: checkEvery(form.steps) } : {}),
        optimizer: { learningRate: form.learningRate },
      },
      machine,
    },
    'the new study',
  );
}

/** So many texts are looked at for ones that are long enough. */
const MOST_LOOKED_AT = 10_000;

/** Whether enough texts of a dataset's train split surely hold a window of calibration; the questions, joined, hold them always. */
function hasWindows(app: App, text: Dataset): boolean {
  if ((countSplits(app.db, text.id)['train'] ?? 0) < CALIBRATION_SAMPLES) return false;
  let [long, seen] = [0, 0];
  for (const { text: words } of eachText(app, text, 'train')) {
    if (holdsWindow(words)) long += 1;
    if (long === CALIBRATION_SAMPLES || (seen += 1) === MOST_LOOKED_AT) break;
  }
  return long === CALIBRATION_SAMPLES;
}

/** Windows that importance is measured on: the published ten are few, and a hundred still take seconds on a small model. */
const CALIBRATION_SAMPLES = 50;

/** Parameters of the demo's model, whose folder is only read when the demo starts. */
const DEMO_PARAMETERS = 1.91e6;
/** Tokens of its questions with an answer, which are short. */
const DEMO_TOKENS = 27;

/** The demo's tunings take 20 steps or 80; started from the page, they are checked as they go, since it draws their recovery. */
const DEMO_CHECK_EVERY = 10;

/** The demo study as the page starts it. */
export function demoForPage(app: App, overrides: Pick<StudySettingsInput, 'machine'>): StudySettings {
  const settings = demoStudySettings(app.host.resourcesFolder, overrides);
  return { ...settings, tune: { ...settings.tune, evaluateEvery: DEMO_CHECK_EVERY } };
}

/** About what the demo study costs on this machine. */
export function estimateDemo(app: App): { seconds: number; longestSeconds: number; memoryBytes: number; runs: number; parameters: number } {
  const settings = demoForPage(app, {});
  const steps = studySteps(shapeOfStudy(settings, (task) => task.task ?? task.dataset));
  return { ...estimateStudy(steps, DEMO_PARAMETERS, paceOf(app), DEMO_TOKENS), runs: steps.length, parameters: DEMO_PARAMETERS };
}

/** How fast this machine has lately measured and tuned models. */
function paceOf(app: App): Pace {
  const lately = listRuns(app.db, 'done').filter((run) => run.kind === 'evaluate' || run.kind === 'tune');
  return paceOfRuns(
    lately.slice(0, NEWEST).flatMap((run) => {
      const modelId = listRunInputs(app.db, run.id).models[0];
      if (modelId === undefined || (run.result?.kind !== 'evaluate' && run.result?.kind !== 'tune')) return [];
      const model = getModel(app.db, modelId);
      // An adapter's own parameters are few; it is measured on top of its parent.
      const { parameters } = model.form === 'adapter' && model.parentId !== undefined ? getModel(app.db, model.parentId) : model;
      return [{ kind: run.result.kind, tokens: run.result.cost.tokens, elapsedMs: run.result.cost.elapsedMs, parameters }];
    }),
  );
}

/** Few enough to follow the machine as it is now. */
const NEWEST = 12;

/** What a name in settings stands for: a record's name, else the last part of the path. */
export function nameOfRecord(app: App, kind: 'model' | 'dataset', text: string): string {
  const isMeant = ({ id, folderPath }: { id: string; folderPath?: string }): boolean => id === text || folderPath === text;
  const records = kind === 'model' ? listModels(app.db) : listDatasets(app.db);
  return records.find(isMeant)?.name ?? basename(text).replace(/\.\w+$/, '');
}
