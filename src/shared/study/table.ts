// The paper's table as data: what was measured for each variant, brought down to one row each. Pure; the reports only print it.
import type { Cost, SetSummary } from '../results.ts';
import { keptShare, mean, type ChoiceMetric } from '../statistics/proportions.ts';

export interface StudyTask {
  readonly name: string;
  /** The figure that counts in the mean (pruning.md 2.9): some are scored per character of the choice. */
  readonly headline: ChoiceMetric;
  /** Accuracy of guessing, 1 / choices. */
  readonly chance: number;
}

/** Facts of a model that need no evaluation. MACs are of a forward pass over 64 tokens. */
export interface ModelFacts {
  readonly parameters: number;
  readonly bytes: number;
  readonly macs: number;
}

/** A row of the table: the model at a nominal ratio (0 is the base), as it is or tuned on shots. */
export interface VariantKey {
  readonly nominalRatio: number;
  readonly tuned: boolean;
}

/** One evaluation that belongs to a variant. `draw` numbers the shot draws of a tuned one; `adapterParameters` is what its LoRA adds. */
export interface Measurement extends VariantKey {
  readonly draw: number;
  readonly sets: readonly SetSummary[];
  readonly cost: Cost;
  readonly adapterParameters: number;
}

export interface TaskFigures {
  readonly acc: number;
  readonly acc_norm: number;
  /** Standard error of the headline figure over the task's items, mean over the draws. */
  readonly stderr: number;
}

export interface StudyRow extends VariantKey {
  readonly name: string;
  readonly trueReduction: number;
  readonly shots: number;
  readonly draws: number;
  /** Plain mean of the tasks' headline figures; undefined until every task and draw is measured. */
  readonly mean: number | undefined;
  /** mean / the base's mean. */
  readonly kept: number | undefined;
  /** Sample standard deviation of `kept` over the draws; 0 where nothing is drawn, undefined for a single draw. */
  readonly keptSpread: number | undefined;
  /** The least of `kept` over the draws; undefined where there are not several. */
  readonly keptWorst: number | undefined;
  readonly tasks: Readonly<Record<string, TaskFigures>>;
  readonly perplexity: Readonly<Record<string, number>>;
  readonly parameters: number;
  readonly adapterParameters: number;
  readonly bytes: number;
  readonly macs: number;
  readonly tokensPerSecond: number;
  readonly peakMemoryBytes: number;
}

export interface StudyTable {
  readonly tasks: readonly StudyTask[];
  readonly base: StudyRow;
  readonly variants: readonly StudyRow[];
  readonly seconds: number;
}

export interface StudyInput {
  readonly tasks: readonly StudyTask[];
  readonly shots: number;
  readonly draws: number;
  /** By nominal ratio, 0 for the base; a ratio without facts has no rows yet. */
  readonly models: ReadonlyMap<number, ModelFacts>;
  readonly measurements: readonly Measurement[];
  readonly seconds: number;
}

/**
 * Brings measurements down to the table: base, base tuned, then for each ratio pruned, and pruned and tuned. Rows of models that are
 * not there yet are left out; rows that are only partly measured have no mean. Throws RangeError without the base's facts.
 */
export function aggregateStudy(input: StudyInput): StudyTable {
  const base = aggregateRow(input, { nominalRatio: 0, tuned: false }, undefined);
  const keys = [...input.models.keys()]
    .sort((a, b) => a - b)
    .flatMap((nominalRatio) => [false, true].map((tuned) => ({ nominalRatio, tuned })))
    .filter((key) => (key.nominalRatio !== 0 || key.tuned) && (!key.tuned || input.draws > 0));
  return { tasks: input.tasks, base, variants: keys.map((key) => aggregateRow(input, key, base)), seconds: input.seconds };
}

/** True when every task of the row, and every draw, has been measured. */
export function isComplete(row: StudyRow): row is StudyRow & { readonly mean: number } {
  return row.mean !== undefined;
}

/** "base", "base, tuned", "20% cut", "20% cut, tuned". */
export function nameVariant({ nominalRatio, tuned }: VariantKey): string {
  const name = nominalRatio === 0 ? 'base' : `${Number((nominalRatio * 100).toFixed(1))}% cut`;
  return tuned ? `${name}, tuned` : name;
}

function aggregateRow(input: StudyInput, key: VariantKey, base: StudyRow | undefined): StudyRow {
  const facts = factsOf(input, key.nominalRatio);
  const mine = input.measurements.filter((one) => one.nominalRatio === key.nominalRatio && one.tuned === key.tuned);
  const draws = key.tuned ? input.draws : 1;
  const perDraw = Array.from({ length: draws }, (_, draw) =>
    meanOfDraw(
      input.tasks,
      mine.filter((one) => one.draw === draw),
    ),
  );
  const means = perDraw.filter((mean) => mean !== undefined);
  const overall = means.length === draws ? mean(means) : undefined;
  const baseMean = base ? base.mean : overall;
  const share = overall !== undefined && baseMean ? keptShare(means, baseMean) : undefined;
  const tokens = sum(mine.map((one) => one.cost.tokens));
  const elapsedMs = sum(mine.map((one) => one.cost.elapsedMs));
  return {
    ...key,
    name: nameVariant(key),
    trueReduction: 1 - facts.parameters / factsOf(input, 0).parameters,
    shots: key.tuned ? input.shots : 0,
    draws: key.tuned ? input.draws : 0,
    mean: overall,
    kept: share?.kept,
    keptSpread: share && !key.tuned ? 0 : share?.spread,
    keptWorst: share && baseMean && means.length > 1 ? Math.min(...means) / baseMean : undefined,
    tasks: Object.fromEntries(input.tasks.flatMap((task) => figuresOf(task, mine).map((figures) => [task.name, figures]))),
    perplexity: perplexities(mine),
    ...facts,
    adapterParameters: Math.max(0, ...mine.map((one) => one.adapterParameters)),
    tokensPerSecond: elapsedMs > 0 ? (tokens * 1000) / elapsedMs : 0,
    peakMemoryBytes: Math.max(0, ...mine.map((one) => one.cost.peakMemoryBytes)),
  };
}

function factsOf(input: StudyInput, nominalRatio: number): ModelFacts {
  const facts = input.models.get(nominalRatio);
  if (!facts) throw new RangeError(`the study has no facts of the model at ratio ${nominalRatio}`);
  return facts;
}

function choiceSets(measurements: readonly Measurement[], name: string) {
  return measurements.flatMap((one) => one.sets).filter((set) => set.kind === 'choices' && set.name === name) as Extract<
    SetSummary,
    { kind: 'choices' }
  >[];
}

/** Mean over the tasks of one draw's headline figures; undefined while a task is missing. */
function meanOfDraw(tasks: readonly StudyTask[], measurements: readonly Measurement[]): number | undefined {
  const figures = tasks.flatMap((task) => figuresOf(task, measurements).map((one) => one[task.headline]));
  return figures.length === tasks.length && tasks.length > 0 ? mean(figures) : undefined;
}

/** The task's figures as mean over the measurements that hold it: one element, or none. */
function figuresOf(task: StudyTask, measurements: readonly Measurement[]): TaskFigures[] {
  const sets = choiceSets(measurements, task.name);
  if (sets.length === 0) return [];
  return [
    {
      acc: mean(sets.map((set) => set.acc)),
      acc_norm: mean(sets.map((set) => set.accNorm)),
      stderr: mean(sets.map((set) => (task.headline === 'acc' ? set.accStderr : set.accNormStderr))),
    },
  ];
}

/** Token perplexity by set name; over several adapters the exponential of their mean loss. */
function perplexities(measurements: readonly Measurement[]): Record<string, number> {
  const losses = new Map<string, number[]>();
  for (const set of measurements.flatMap((one) => one.sets)) {
    if (set.kind === 'perplexity') losses.set(set.name, [...(losses.get(set.name) ?? []), set.meanLoss]);
  }
  return Object.fromEntries([...losses].map(([name, values]) => [name, Math.exp(mean(values))]));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
