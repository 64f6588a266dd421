// From records to plans: which recipe and which data a score, prune, tune or evaluate run is made of.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { AppError } from '../../shared/errors.ts';
import { drawShots } from '../../shared/prompt/few-shot.ts';
import {
  renderItems,
  toChoiceExample,
  toCompletionExample,
  toGenerationExample,
  type RenderedItem,
} from '../../shared/prompt/make-examples.ts';
import { promptHash, type PromptSpec } from '../../shared/prompt/prompt-spec.ts';
import type { ChooseSettings, Criterion, EvaluationSet, RecipeInput } from '../../shared/recipe.ts';
import type { Task } from '../../shared/tasks/item.ts';
import type { App } from '../app.ts';
import type { Dataset } from '../db/datasets.ts';
import type { Model } from '../db/models.ts';
import { keepPromptVersion } from '../db/prompts.ts';
import type { RunFile } from '../jobs/run-folder.ts';
import { eachItem, eachText } from './datasets.ts';
import { identitiesOf, referTo } from './models.ts';
import type { RunPlan } from './runs.ts';

type InputOf<Kind extends RecipeInput['kind']> = Extract<RecipeInput, { kind: Kind }>;
type PlanOf<Kind extends RecipeInput['kind']> = RunPlan & { readonly recipe: InputOf<Kind> };
/** How the machine is used, as a recipe says it. */
export type MachineInput = InputOf<'evaluate'>['machine'];

/** A dataset's split asked with a prompt. */
export interface Questions {
  readonly dataset: Dataset;
  readonly task: Task;
  readonly prompt: PromptSpec;
  readonly split: string;
  readonly limit?: number;
}

/** Texts to measure perplexity on or to calibrate with. */
export interface Texts {
  readonly dataset: Dataset;
  readonly split: string;
}

/** One set of an evaluation, by what is measured on it. */
export type SetPlan = { readonly name: string } & (
  | ({ readonly kind: 'choices' } & Questions & { readonly settings?: Partial<Extract<EvaluationSet, { kind: 'choices' }>> })
  | ({ readonly kind: 'generation' } & Questions & { readonly settings?: Partial<Extract<EvaluationSet, { kind: 'generation' }>> })
  | ({ readonly kind: 'perplexity' } & Texts & { readonly settings?: Partial<Extract<EvaluationSet, { kind: 'perplexity' }>> })
);

/** An evaluation of a model on any number of sets, each with its own file of examples. */
export function planEvaluation(
  app: App,
  model: Model,
  sets: readonly SetPlan[],
  options: { title?: string; machine?: MachineInput } = {},
): PlanOf<'evaluate'> {
  const files = sets.map((set, index): RunFile => ({ name: `set-${index}.jsonl`, lines: linesOf(app, set) }));
  const recipeSets = sets.map(
    (set, index) =>
      ({ ...set.settings, kind: set.kind, name: set.name, file: `set-${index}.jsonl` }) as InputOf<'evaluate'>['sets'][number],
  );
  const asked = sets.filter((set) => set.kind !== 'perplexity');
  return {
    title: options.title ?? `evaluate ${model.name}`,
    recipe: { kind: 'evaluate', model: referTo(app, model), sets: recipeSets, machine: options.machine },
    files,
    origin: {
      sets: Object.fromEntries(
        sets.map((set) => [
          set.name,
          set.kind === 'perplexity'
            ? { datasetHash: set.dataset.hash }
            : { datasetHash: set.dataset.hash, promptHash: promptHash(set.prompt) },
        ]),
      ),
    },
    inputs: {
      models: [model.id],
      datasets: [...new Set(sets.map(({ dataset }) => dataset.id))],
      promptVersions: [...new Set(asked.map((set) => keepPrompt(app, set)))],
    },
    identities: identitiesOf(app, model),
  };
}

/** Scores by several criteria from one backward pass over calibration texts. */
export function planScores(
  app: App,
  model: Model,
  texts: CalibrationTexts,
  settings: { criteria: readonly Criterion[]; calibration?: InputOf<'score'>['calibration']; seed?: number; machine?: MachineInput },
): PlanOf<'score'> {
  return {
    title: `score ${model.name}`,
    recipe: { kind: 'score', model: referTo(app, model), ...settings, criteria: [...settings.criteria] },
    ...calibrationOf(app, model, texts, settings.calibration?.length),
    origin: { sets: {} },
  };
}

/**
 * A cut to a target. With `scores` the texts behind them are named but not part of the recipe, so that the same scores and settings are
 * the same run wherever it is asked for; with chance they may be left out. Throws AppError `bad-input` for an adapter.
 */
export function planPruning(
  app: App,
  model: Model,
  texts: CalibrationTexts | undefined,
  settings: {
    criterion: Criterion;
    choose: ChooseSettings;
    scores?: string;
    calibration?: InputOf<'prune'>['calibration'];
    steps?: number;
    seed?: number;
    machine?: MachineInput;
    name: string;
  },
): PlanOf<'prune'> {
  const { name, ...rest } = settings;
  const scored = settings.scores !== undefined;
  const plan = calibrationOf(app, model, scored ? undefined : texts, settings.calibration?.length);
  const inputs = scored && texts ? { ...plan.inputs, datasets: [texts.dataset.id] } : plan.inputs;
  return {
    title: `cut ${model.name} to ${name}`,
    recipe: { kind: 'prune', model: referTo(app, model), ...rest },
    ...plan,
    inputs,
    origin: { sets: {}, modelName: name },
    identities: settings.scores === undefined ? plan.identities : [...plan.identities, [settings.scores, hashFile(settings.scores)]],
  };
}

/** What a tuning may be told besides its model and data. */
export type TuneSettings = Omit<
  InputOf<'tune'>,
  'kind' | 'model' | 'trainFile' | 'textFile' | 'validationChoices' | 'validationFile' | 'distill'
>;

/** LoRA or full tuning on `shots` items drawn by `seed` (all of them without), rendered with the questions' prompt. */
export function planTuning(
  app: App,
  model: Model,
  questions: Questions,
  settings: {
    name: string;
    shots?: number;
    shotSeed?: number;
    balanced?: boolean;
    validation?: { readonly split: string; readonly limit?: number };
    distill?: { readonly teacher: Model; readonly weight?: number; readonly temperature?: number };
    tune: TuneSettings;
  },
): PlanOf<'tune'> {
  const { prompt, dataset } = questions;
  const files: RunFile[] = [{ name: 'examples.jsonl', lines: learntLines(app, questions, settings) }];
  const validation = settings.validation && { ...questions, ...settings.validation };
  if (validation) {
    const lines = prompt.choices === undefined ? completionLines(app, validation) : choiceLines(app, validation);
    files.push({ name: 'validation.jsonl', lines });
  }
  const teacher = settings.distill && { ...settings.distill, teacher: referTo(app, settings.distill.teacher) };
  return {
    title: `tune ${settings.name}`,
    recipe: {
      ...settings.tune,
      kind: 'tune',
      model: referTo(app, model),
      distill: teacher,
      ...(validation && { [prompt.choices === undefined ? 'validationFile' : 'validationChoices']: 'validation.jsonl' }),
    },
    files,
    origin: { sets: {}, modelName: settings.name },
    // The student first: it is what is tuned.
    inputs: {
      models: [...new Set([model.id, ...(settings.distill ? [settings.distill.teacher.id] : [])])],
      datasets: [dataset.id],
      promptVersions: [keepPrompt(app, questions)],
    },
    identities: [...identitiesOf(app, model), ...(settings.distill ? identitiesOf(app, settings.distill.teacher) : [])],
  };
}

/** The examples that are learnt. */
function* learntLines(
  app: App,
  { prompt, task, dataset, split, limit }: Questions,
  { shots, shotSeed, balanced = false }: { readonly shots?: number; readonly shotSeed?: number; readonly balanced?: boolean },
): Generator<object | undefined> {
  const items = yield* gather(eachItem(app, dataset, task, split, limit));
  const drawn = shots === undefined ? items : drawShots(items, shots, shotSeed, { balanced });
  for (const item of renderItems(withoutShots(prompt), drawn)) yield toCompletionExample(item);
}

/** Throws AppError `bad-input` for an adapter: its base would be cut in its stead. */
export function requireCheckpoint(model: Model): Model {
  if (model.form === 'checkpoint') return model;
  const why = `${model.name} is an adapter, which has nothing of its own to cut. Merge it into its base first.`;
  throw new AppError('bad-input', why, { id: model.id });
}

/** What importance is measured on: plain texts, or a task's questions with their answers. */
export type CalibrationTexts = Texts | Questions;

function calibrationOf(
  app: App,
  model: Model,
  texts: CalibrationTexts | undefined,
  length = DEFAULT_WINDOW_TOKENS,
): Pick<RunPlan, 'files' | 'inputs' | 'identities'> {
  requireCheckpoint(model);
  if (texts === undefined) return { files: [], inputs: { models: [model.id] }, identities: identitiesOf(app, model) };
  const lines = 'prompt' in texts ? joinedLines(app, texts, length * CHARACTERS_PER_TOKEN) : eachText(app, texts.dataset, texts.split);
  return {
    files: [{ name: 'examples.jsonl', lines }],
    inputs: { models: [model.id], datasets: [texts.dataset.id] },
    identities: identitiesOf(app, model),
  };
}

function* joinedLines(app: App, questions: Questions, characters: number): Generator<object | undefined> {
  const { dataset, task, prompt, split, limit } = questions;
  const items = yield* gather(eachItem(app, dataset, task, split, limit));
  const rendered = yield* gather(renderItems(withoutShots(prompt), items));
  yield* joinNeighbours(
    rendered.map(({ id, rendered: { text } }) => ({ id, text })),
    characters,
  );
}

/** The recipe's own default length of a calibration window. */
const DEFAULT_WINDOW_TOKENS = 64;
/** More than any tokenizer makes of a token of running text on average, so that a joined text is longer than a window. */
const CHARACTERS_PER_TOKEN = 8;

/** Whether a text surely holds a window of calibration as these plans ask for by themselves, whatever the tokenizer. */
export function holdsWindow(text: string): boolean {
  return text.length >= DEFAULT_WINDOW_TOKENS * CHARACTERS_PER_TOKEN;
}

/**
 * Questions are often shorter than a calibration window: each is followed by its neighbours, parted by an empty line as worked examples
 * are, until it has `characters`; the last by the first. Every text counts once as a beginning.
 */
export function joinNeighbours(
  questions: readonly { readonly id: string; readonly text: string }[],
  characters: number,
): { id: string; text: string }[] {
  return questions.map(({ id, text }, index) => {
    let joined = text;
    for (let next = 1; joined.length < characters && next < questions.length; next++)
      joined += `\n\n${questions[(index + next) % questions.length]!.text}`;
    return { id, text: joined };
  });
}

function linesOf(app: App, set: SetPlan): RunFile['lines'] {
  if (set.kind === 'perplexity') return eachText(app, set.dataset, set.split);
  return set.kind === 'choices' ? choiceLines(app, set) : linesAs(app, set, toGenerationExample);
}

function* linesAs(app: App, questions: Questions, toLine: (item: RenderedItem) => object): Generator<object | undefined> {
  const { dataset, task, prompt, split, limit } = questions;
  const pool = prompt.shots.kind === 'drawn' && split !== 'train' ? yield* gather(eachItem(app, dataset, task, 'train')) : undefined;
  const items = yield* gather(eachItem(app, dataset, task, split, limit));
  for (const item of renderItems(prompt, items, pool)) yield toLine(item);
}

/** All of what comes one by one, with a step after each. */
function* gather<T>(each: Iterable<T>): Generator<undefined, T[]> {
  const all: T[] = [];
  for (const one of each) {
    all.push(one);
    yield undefined;
  }
  return all;
}

function choiceLines(app: App, questions: Questions): RunFile['lines'] {
  return linesAs(app, questions, toChoiceExample);
}

function completionLines(app: App, questions: Questions): RunFile['lines'] {
  return linesAs(app, questions, toCompletionExample);
}

/** A prompt as a model is tuned on it: the examples are learnt, not shown. */
function withoutShots(prompt: PromptSpec): PromptSpec {
  return { ...prompt, shots: { kind: 'none' } };
}

function keepPrompt(app: App, { task, prompt }: Pick<Questions, 'task' | 'prompt'>): string {
  return keepPromptVersion(app.db, { task: task.name, name: prompt.name, hash: promptHash(prompt), definition: { ...prompt } }).id;
}

function hashFile(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}
