// Studies: the paper's table as runs that share what they can, carried out in order and gathered into rows.
import { canonicalJson } from '../../shared/canonical-json.ts';
import { AppError, asAppError } from '../../shared/errors.ts';
import type { ProgressFrame, WorkOptions } from '../../shared/progress.ts';
import type { PromptSpec } from '../../shared/prompt/prompt-spec.ts';
import type { StudySettings } from '../../shared/study/settings.ts';
import { DEFAULT_STEPS, shapeOfStudy, studySteps } from '../../shared/study/steps.ts';
import type { StudyTable } from '../../shared/study/table.ts';
import type { Task } from '../../shared/tasks/item.ts';
import type { App } from '../app.ts';
import type { Dataset } from '../db/datasets.ts';
import { listModelsOfRun, type Model } from '../db/models.ts';
import { createStudy, listStudies, setStudyRun, setStudyState, type Study } from '../db/studies.ts';
import { pickSplit, resolveDataset, taskOf } from './datasets.ts';
import { resolveModel } from './models.ts';
import {
  planEvaluation,
  planPruning,
  planScores,
  planTuning,
  type CalibrationTexts,
  type Questions,
  type SetPlan,
  type TuneSettings,
} from './plan-runs.ts';
import { findPrompt } from './prompts.ts';
import { rankPrompts } from './rank-prompts.ts';
import { carryOut, type DoneRun, type RunPlan } from './runs.ts';
import { tabulateStudy } from './study-table.ts';
import { resolve } from 'node:path';

/** A task of the study with everything found that its runs need. */
interface StudyQuestions {
  readonly name: string;
  readonly dataset: Dataset;
  readonly task: Task;
  readonly prompt: PromptSpec;
  readonly train: string;
  readonly validation: string;
  readonly test: string;
  readonly items: number | undefined;
}

/** What a study reports: which of how many runs is at work with its own frame, and the table whenever it grows. */
export interface StudyWatch {
  readonly signal?: AbortSignal;
  readonly step?: (step: { readonly role?: string; readonly done: number; readonly total: number; readonly title: string }) => void;
  readonly progress?: (frame: ProgressFrame) => void;
  readonly table?: (table: StudyTable) => void;
}

/**
 * Carries a study out: base, cuts, tunings and their evaluations, one run after another. Runs whose recipe and data are in the records
 * already are not made again, so a study that was stopped goes on where it was. Why it failed is kept with it. Throws what a run ends with, `cancelled` at a stop.
 */
export async function runStudy(app: App, settings: StudySettings, watch: StudyWatch = {}): Promise<{ study: Study; table: StudyTable }> {
  const study = findOrCreateStudy(app, settings);
  setStudyState(app.db, study.id, 'running');
  let title: string | undefined;
  const step: StudyWatch['step'] = (at) => {
    ({ title } = at);
    watch.step?.(at);
  };
  try {
    const table = await measureStudy(app, study, settings, { ...watch, step });
    setStudyState(app.db, study.id, 'done');
    return { study, table };
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.code === 'cancelled') setStudyState(app.db, study.id, 'stopped');
    else setStudyState(app.db, study.id, 'failed', `At "${title ?? 'find model and data'}": ${sentenceOf(thrown)}`);
    throw thrown;
  }
}

function sentenceOf(thrown: unknown): string {
  try {
    return asAppError(thrown).message;
  } catch {
    return thrown instanceof Error ? thrown.message : String(thrown);
  }
}

async function measureStudy(app: App, study: Study, settings: StudySettings, watch: StudyWatch): Promise<StudyTable> {
  const work: WorkOptions = { signal: watch.signal, progress: watch.progress };
  const base = await resolveModel(app, settings.model, work);
  const tasks: StudyQuestions[] = [];
  for (const task of settings.tasks) tasks.push(await findQuestions(app, base, settings, task, watch));
  const texts = await findTexts(app, settings, work);
  const ratios = [...new Set(settings.ratios)].sort((a, b) => a - b);
  const steps = studySteps(shapeOfStudy(settings, (_, index) => tasks[index]!.name));
  let done = 0;

  /** Carries one run of the study out under its role. */
  const step = async <Kind extends 'score' | 'prune' | 'tune' | 'evaluate'>(
    role: string,
    plan: RunPlan & { recipe: { kind: Kind } },
  ): Promise<DoneRun<Kind>> => {
    if (watch.signal?.aborted) throw new AppError('cancelled', 'The study was stopped. It can be resumed where it is.');
    watch.step?.({ role, done, total: steps.length, title: plan.title });
    const run = await carryOut<Kind>(app, plan, work);
    setStudyRun(app.db, study.id, role, run.id);
    done += 1;
    return run;
  };
  const measure = async (role: string, model: Model, sets: readonly SetPlan[]): Promise<void> => {
    await step(`evaluate/${role}`, planEvaluation(app, model, sets, { title: `evaluate ${model.name}`, machine: settings.machine }));
    watch.table?.(tabulateStudy(app, study)!);
  };

  const questions = tasks.map((task) => choiceSet(task, settings));
  await measure('base', base, [...questions, ...texts]);

  const variants: { ratio: number; model: Model }[] = [{ ratio: 0, model: base }];
  const calibration = await findCalibration(app, settings, tasks, work);
  const scores =
    settings.prune.steps > 1 || ratios.length === 0 ? undefined : await step('score', scorePlan(app, base, calibration, settings));
  for (const ratio of ratios) {
    const name = `${base.name}-cut-${Number((ratio * 100).toFixed(1))}`;
    const { criterion, steps } = settings.prune;
    const plan = planPruning(app, base, calibration, {
      criterion,
      steps,
      choose: { ...settings.prune.choose, target: { kind: 'parameters', fraction: ratio } },
      scores: scores && resolve(scores.folderPath, scores.result.scores),
      calibration: calibrationSettings(settings),
      seed: settings.seed,
      machine: settings.machine,
      name,
    });
    const model = onlyModel(app, await step(`prune/${ratio}`, plan), 'checkpoint');
    variants.push({ ratio, model });
    await measure(`${ratio}`, model, [...questions, ...texts]);
  }

  for (let draw = 0; draw < settings.draws; draw++) {
    // The base's own tuning comes last: it is the ceiling, and the cuts are what one waits for.
    for (const { ratio, model } of [...variants.slice(1), variants[0]!]) {
      for (const task of tasks) {
        const role = `${ratio}/${task.name}/draw-${draw}`;
        const tuned = await step(`tune/${role}`, tunePlan(app, settings, { base, model, task, ratio, draw }));
        const adapter = onlyModel(app, tuned, 'adapter');
        // Perplexity of a tuned variant is that of its first draw's adapters: it is a side figure, and dear.
        await measure(`${role}/tuned`, adapter, [choiceSet(task, settings), ...(draw === 0 ? texts : [])]);
      }
    }
  }
  return tabulateStudy(app, study)!;
}

/** The study with these very settings; planned now where there was none. */
export function findOrCreateStudy(app: App, settings: StudySettings): Study {
  const same = listStudies(app.db).find((study) => canonicalJson(study.settings) === canonicalJson(settings));
  return same ?? createStudy(app.db, { name: settings.name, settings });
}

async function findQuestions(
  app: App,
  base: Model,
  settings: StudySettings,
  asked: StudySettings['tasks'][number],
  watch: StudyWatch,
): Promise<StudyQuestions> {
  const dataset = await resolveDataset(app, asked.dataset, watch);
  const task = taskOf(dataset, asked.task);
  const validation = pickSplit(app, dataset, [asked.validation, asked.train]);
  const found = { name: task.name, dataset, task, train: pickSplit(app, dataset, [asked.train]), validation, items: asked.items };
  const test = pickSplit(app, dataset, asked.test === undefined ? ['test', 'validation'] : [asked.test]);
  if (asked.prompt !== 'rank')
    return { ...found, test, prompt: asked.prompt === undefined ? task.prompts[0]! : findPrompt(app, task, asked.prompt) };
  if (validation === test)
    throw new AppError(
      'bad-dataset',
      `${dataset.name}: prompts cannot be ranked on ${validation}, on which they are measured. Name another split.`,
    );
  watch.step?.({ done: 0, total: 1, title: `rank prompts of ${task.name}` });
  const request = { model: base, dataset, task, split: validation, items: settings.rankItems, machine: settings.machine };
  return { ...found, test, prompt: (await rankPrompts(app, request, watch)).winner };
}

async function findTexts(app: App, settings: StudySettings, work: WorkOptions): Promise<SetPlan[]> {
  const texts: SetPlan[] = [];
  for (const { name, dataset: wanted, split, length } of settings.perplexity) {
    const dataset = await resolveDataset(app, wanted, work);
    const found = pickSplit(app, dataset, split === undefined ? ['test', 'validation', 'train'] : [split]);
    const { tokenisation } = settings;
    texts.push({ kind: 'perplexity', name, dataset, split: found, settings: { form: 'blocks', length, tokenisation } });
  }
  return texts;
}

async function findCalibration(
  app: App,
  settings: StudySettings,
  tasks: readonly StudyQuestions[],
  work: WorkOptions,
): Promise<CalibrationTexts> {
  const { dataset: wanted, split } = settings.calibration;
  if (wanted === undefined) return { ...tasks[0]!, split: tasks[0]!.train };
  const dataset = await resolveDataset(app, wanted, work);
  return { dataset, split: pickSplit(app, dataset, [split, 'train']) };
}

function calibrationSettings({ calibration }: StudySettings): { samples: number; length: number; seed: number } {
  const { samples, length, seed } = calibration;
  return { samples, length, seed };
}

function scorePlan(app: App, base: Model, texts: CalibrationTexts, settings: StudySettings) {
  const { criterion } = settings.prune;
  return planScores(app, base, texts, {
    criteria: [criterion],
    calibration: calibrationSettings(settings),
    seed: settings.seed,
    machine: settings.machine,
  });
}

function tunePlan(
  app: App,
  settings: StudySettings,
  variant: { base: Model; model: Model; task: StudyQuestions; ratio: number; draw: number },
) {
  const { base, model, task, ratio, draw } = variant;
  const tune: Partial<TuneSettings> = { ...settings.tune, ...settings.tuneByRatio[String(ratio)] };
  const asked: Questions = { dataset: task.dataset, task: task.task, prompt: task.prompt, split: task.train };
  return planTuning(app, model, asked, {
    name: `${model.name}-${task.name}-draw-${draw + 1}`, // people count from 1
    shots: settings.shots,
    shotSeed: settings.seed + draw,
    balanced: settings.balanced,
    ...(tune.evaluateEvery !== undefined && task.validation !== task.train
      ? { validation: { split: task.validation, limit: settings.rankItems } }
      : {}),
    ...(settings.distill && ratio > 0 ? { distill: { teacher: base, ...settings.distill } } : {}),
    tune: {
      tokenisation: settings.tokenisation,
      machine: settings.machine,
      ...tune,
      steps: tune.steps ?? DEFAULT_STEPS,
      seed: settings.seed + draw,
    },
  });
}

function choiceSet(task: StudyQuestions, { tokenisation }: StudySettings): SetPlan {
  return {
    kind: 'choices',
    name: task.name,
    dataset: task.dataset,
    task: task.task,
    prompt: task.prompt,
    split: task.test,
    limit: task.items,
    settings: { tokenisation },
  };
}

function onlyModel(app: App, run: DoneRun, form: Model['form']): Model {
  const model = listModelsOfRun(app.db, run.id).find((one) => one.form === form);
  if (model) return model;
  throw new AppError(
    'not-found',
    `Run ${run.id} (${run.title}) is done, but its ${form} is not in the records; delete the run and start again.`,
  );
}
