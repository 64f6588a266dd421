// A study being planned: what was chosen, what is still missing, which runs it comes to and about what they cost.
import { checkEvery, estimateDisk, estimateStudy, studySteps, TYPICAL_ITEMS, type StudyStep } from '../../../shared/study/steps.ts';
import type { api } from '../../state/api.ts';
import { listWords, parseRatios, ratioWords, type StudyOptions } from './study.ts';

export const SIZES = [0.1, 0.2, 0.3, 0.5, 0.7] as const;
/** Those that a study offers: the published ones, the size of weights, and a control. */
export const CRITERIA = ['param_first', 'param_mix', 'l2', 'random'] as const;
const BATCH = 8;
const SAMPLES = 50;
/** Held-out examples that a tuning is checked on. */
const CHECKED = 100;

/** The first items of a test split, or of the validation split where there is none. */
export function testItems(splits: Readonly<Record<string, number>>): number {
  return splits['test'] ?? splits['validation'] ?? 0;
}

type Form = Parameters<typeof api.studies.start>[0];

/** The choices of one new study, and what follows from them. */
export class NewStudy {
  options = $state.raw<StudyOptions>();
  modelId = $state('');
  /** All tasks until some are chosen. */
  datasetIds = $state.raw<readonly string[]>();
  textIds = $state.raw<readonly string[]>([]);
  sizes = $state.raw<readonly number[]>([0.2, 0.5]);
  others = $state('');
  name = $state('');
  shots = $state(50);
  draws = $state(1);
  steps = $state(100);
  items = $state<number | null>(null);
  prompt = $state<'standard' | 'rank'>('standard');
  criterion = $state<(typeof CRITERIA)[number]>('param_first');
  checks = $state(true);

  readonly model = $derived(this.options?.models.find(({ id }) => id === this.modelId));
  readonly texts = $derived(this.options?.datasets.filter(({ use }) => use === 'text') ?? []);
  readonly unusable = $derived(this.options?.datasets.filter(({ use }) => use === 'none') ?? []);
  readonly tasks = $derived(this.options?.datasets.filter(({ use }) => use === 'question') ?? []);
  readonly chosen = $derived(this.tasks.filter(({ id }) => this.datasetIds === undefined || this.datasetIds.includes(id)));
  /** Undefined where the other sizes cannot be read. */
  readonly extra = $derived(parseRatios(this.others));
  readonly ratios = $derived([...new Set([...this.sizes, ...(this.extra ?? [])])].sort((a, b) => a - b));
  readonly proposed = $derived(
    this.model ? `${this.model.name}${this.ratios.length > 0 ? ` at ${listWords(this.ratios.map(ratioWords))}` : ''}` : 'study',
  );
  readonly plan = $derived(this.#plan(this.checks));
  readonly estimate = $derived(
    this.model && this.options
      ? { ...estimateStudy(this.plan, this.model.parameters, this.options.pace), diskBytes: estimateDisk(this.plan, this.model) }
      : undefined,
  );
  /** What checking the tunings as they go adds. */
  readonly checkSeconds = $derived((this.secondsOf(this.#plan(true)) ?? 0) - (this.secondsOf(this.#plan(false)) ?? 0));
  /** The first thing that keeps it from starting. */
  readonly missing = $derived(
    !this.model
      ? 'Choose a model first.'
      : this.chosen.length === 0
        ? 'Choose at least one task.'
        : this.extra === undefined
          ? 'Mend the other sizes first.'
          : this.ratios.length === 0
            ? 'Choose at least one size.'
            : [this.shots, this.steps].every((value) => Number.isInteger(value) && value > 0) &&
                Number.isInteger(this.draws) &&
                this.draws >= 0
              ? undefined
              : 'Shots, draws and steps are whole numbers.',
  );

  secondsOf(steps: readonly StudyStep[]): number | undefined {
    return this.model && this.options ? estimateStudy(steps, this.model.parameters, this.options.pace).seconds : undefined;
  }

  /** What main is asked to start. */
  toForm(): Form {
    return {
      name: this.name.trim() || this.proposed,
      modelId: this.modelId,
      datasetIds: this.chosen.map(({ id }) => id),
      textIds: [...this.textIds],
      ratios: this.ratios,
      shots: this.shots,
      draws: this.draws,
      steps: this.steps,
      items: this.items ?? undefined,
      prompt: this.prompt,
      criterion: this.criterion,
      checks: this.checks,
    };
  }

  #plan(checks: boolean): StudyStep[] {
    return studySteps({
      ratios: this.ratios,
      draws: this.draws,
      shots: this.shots,
      rankItems: CHECKED,
      tasks: this.chosen.map(({ name, splits }) => ({
        name,
        items: Math.min(this.items ?? Infinity, testItems(splits) || TYPICAL_ITEMS),
      })),
      texts: this.textIds.length,
      pruneSteps: 1,
      samples: SAMPLES,
      steps: this.steps,
      batch: BATCH,
      evaluateEvery: checks ? checkEvery(this.steps) : undefined,
      hasTeacher: true,
    });
  }
}
