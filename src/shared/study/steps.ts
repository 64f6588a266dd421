// The runs that a study is made of, in their order, with about how much work each is: for progress, time left and estimates.
import type { StudySettings } from './settings.ts';

/** One run of a study. `role` is its place in the records; `passes` about how many examples go through the model, forward only. */
export interface StudyStep {
  readonly role: string;
  readonly kind: 'score' | 'prune' | 'tune' | 'evaluate';
  readonly passes: number;
}

/** What the runs of a study are counted from. */
export type StudyShape = Pick<StudySettings, 'ratios' | 'draws' | 'shots' | 'rankItems'> & {
  /** Test items of each task, by the task's name. */
  readonly tasks: readonly { readonly name: string; readonly items: number }[];
  readonly texts: number;
  readonly pruneSteps: number;
  readonly samples: number;
  readonly steps: number;
  /** Updates at ratios that have their own number of them. */
  readonly stepsByRatio?: Readonly<Record<string, number>>;
  readonly batch: number;
  readonly evaluateEvery?: number;
  readonly hasTeacher: boolean;
};

/** What the choices of a question cost beside an example of its length: they share its context. */
const CHOICES = 1.2;
/** A training example costs its forward pass and about two more for the backward one. */
const TRAINING = 3;
/** A text is measured in about as many windows. */
const WINDOWS = 120;
/** A single cut reads and writes weights only; it is worth about as many passes. */
const CUT = 20;

/** Updates of a tuning on 50 shots where the settings name none; what the trial in reference/demo-model.md found enough. */
export const DEFAULT_STEPS = 100;
/** Steps between two checks of a tuning on held-out examples, so that there are about five. */
export function checkEvery(steps: number): number {
  return Math.max(1, Math.round(steps / 5));
}
/** Items of a test split where nothing is known of it. */
export const TYPICAL_ITEMS = 400;
const DEFAULT_BATCH = 8;

/** The shape of a study by its settings. `itemsOf` says how many test items a task has that is asked on all of them. */
export function shapeOfStudy(
  settings: StudySettings,
  nameOf: (task: StudySettings['tasks'][number], index: number) => string,
  itemsOf: (task: StudySettings['tasks'][number]) => number = () => TYPICAL_ITEMS,
): StudyShape {
  const { tune } = settings;
  return {
    ratios: [...new Set(settings.ratios)].sort((a, b) => a - b),
    draws: settings.draws,
    shots: settings.shots,
    rankItems: settings.rankItems,
    tasks: settings.tasks.map((task, index) => ({ name: nameOf(task, index), items: Math.min(task.items ?? Infinity, itemsOf(task)) })),
    texts: settings.perplexity.length,
    pruneSteps: settings.prune.steps,
    samples: settings.calibration.samples,
    steps: tune.steps ?? DEFAULT_STEPS,
    stepsByRatio: Object.fromEntries(
      Object.entries(settings.tuneByRatio).flatMap(([ratio, { steps }]) => (steps === undefined ? [] : [[ratio, steps]])),
    ),
    batch: tune.batch ?? DEFAULT_BATCH,
    evaluateEvery: tune.evaluateEvery,
    hasTeacher: settings.distill !== undefined,
  };
}

/** Every run of the study in the order in which it is carried out. */
export function studySteps(shape: StudyShape): StudyStep[] {
  const evaluation = (role: string, tasks: StudyShape['tasks'], texts: number): StudyStep => ({
    role: `evaluate/${role}`,
    kind: 'evaluate',
    passes: tasks.reduce((sum, { items }) => sum + items * CHOICES, 0) + texts * WINDOWS,
  });
  const steps: StudyStep[] = [evaluation('base', shape.tasks, shape.texts)];
  const scoring = shape.samples * TRAINING;
  const hasScores = shape.pruneSteps === 1 && shape.ratios.length > 0;
  if (hasScores) steps.push({ role: 'score', kind: 'score', passes: scoring });
  for (const ratio of shape.ratios) {
    steps.push({ role: `prune/${ratio}`, kind: 'prune', passes: CUT + (hasScores ? 0 : scoring * shape.pruneSteps) });
    steps.push(evaluation(`${ratio}`, shape.tasks, shape.texts));
  }
  for (let draw = 0; draw < shape.draws; draw++) {
    // The base's own tuning comes last: it is the ceiling, and the cuts are what one waits for.
    for (const ratio of [...shape.ratios, 0]) {
      for (const task of shape.tasks) {
        const role = `${ratio}/${task.name}/draw-${draw}`;
        const updates = shape.stepsByRatio?.[String(ratio)] ?? shape.steps;
        const checks = shape.evaluateEvery === undefined ? 0 : Math.ceil(updates / shape.evaluateEvery) * shape.rankItems * CHOICES;
        // The teacher predicts each shot once.
        const teaching = shape.hasTeacher && ratio > 0 ? shape.shots : 0;
        steps.push({ role: `tune/${role}`, kind: 'tune', passes: updates * shape.batch * TRAINING + teaching + checks });
        steps.push(evaluation(`${role}/tuned`, [task], draw === 0 ? shape.texts : 0));
      }
    }
  }
  return steps;
}

/** How much a machine does: floating-point operations a second in these programs, all told. */
export interface Pace {
  readonly operationsPerSecond: number;
  /** What it may come down to, as runs of before did, or others on a busy machine. */
  readonly slowest: number;
}

/** What a machine of two cores did in trials, alone and beside other work, used until this one has measured something. */
export const FIRST_PACE: Pace = { operationsPerSecond: 3e10, slowest: 1e10 };

/** A run that was measured. */
export interface MeasuredRun {
  readonly kind: 'evaluate' | 'tune';
  readonly tokens: number;
  readonly elapsedMs: number;
  readonly parameters: number;
}

/** Runs that took less are mostly their own start. */
const TELLING_MS = 1000;

/** The pace of the runs together, and of the slowest of them that took long enough to tell; `FIRST_PACE` where none did. */
export function paceOfRuns(runs: readonly MeasuredRun[]): Pace {
  const operations = ({ kind, tokens, parameters }: MeasuredRun): number => tokens * 2 * parameters * (kind === 'tune' ? TRAINING : 1);
  const telling = runs.filter((run) => run.elapsedMs >= TELLING_MS && run.tokens > 0);
  if (telling.length === 0) return FIRST_PACE;
  const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);
  return {
    operationsPerSecond: (sum(telling.map(operations)) * 1000) / sum(telling.map(({ elapsedMs }) => elapsedMs)),
    slowest: Math.min(...telling.map((run) => (operations(run) * 1000) / run.elapsedMs)),
  };
}
/** Tokens of an example with one of its choices, in the mean over the benchmarks. */
const TOKENS = 50;
/** Every run starts a session or two, reads weights and data, and writes what it found. */
const START_SECONDS = 1;
/** The program itself and what goes through a small model: the demo's tunings peaked at 645 MB. */
const PROGRAM_BYTES = 640e6;
/** Weights in f32, and some more while they are read. */
const BYTES_PER_PARAMETER = 6;

/** What an evaluation keeps of an example: its text and what each choice scored. */
const BYTES_PER_PASS = 800;
/** Adapters of rank 8 on every matrix, as a share of the parameters times the hidden width; as the demo's came out. */
const ADAPTER_SHARE = 13;
/** An adapter in f32, and a snapshot of it with both moments. */
const BYTES_PER_TRAINED = 16;

/** About what the steps leave on the disk: each cut as a checkpoint, adapters with a snapshot, and what was measured. */
export function estimateDisk(steps: readonly StudyStep[], model: { parameters: number; sizeBytes: number; width: number }): number {
  return steps.reduce((sum, { role, kind, passes }) => {
    if (kind === 'prune') return sum + (1 - Number(role.slice('prune/'.length))) * model.sizeBytes;
    if (kind === 'tune') return sum + (BYTES_PER_TRAINED * ADAPTER_SHARE * model.parameters) / model.width;
    return sum + passes * BYTES_PER_PASS;
  }, 0);
}

/** About how long the steps take, how long at the slowest pace, and the memory at their peak. `tokens` are those of an example with one of its choices. */
export function estimateStudy(
  steps: readonly StudyStep[],
  parameters: number,
  pace: Pace,
  tokens = TOKENS,
): { seconds: number; longestSeconds: number; memoryBytes: number } {
  const passes = steps.reduce((sum, step) => sum + step.passes, 0);
  const secondsAt = (operationsPerSecond: number): number =>
    steps.length * START_SECONDS + (passes * tokens * 2 * parameters) / operationsPerSecond;
  return {
    seconds: secondsAt(pace.operationsPerSecond),
    longestSeconds: secondsAt(pace.slowest),
    memoryBytes: PROGRAM_BYTES + parameters * BYTES_PER_PARAMETER,
  };
}
