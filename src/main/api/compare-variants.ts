// Two to four variants side by side: what each scored on every set, what flipped between two of them, and single examples in full.
import { createHash } from 'node:crypto';
import { AppError } from '../../shared/errors.ts';
import type { ChoiceExample } from '../../shared/examples.ts';
import type { ChoiceOutcome, SetSummary } from '../../shared/results.ts';
import { compareOutcomes, type Comparison } from '../../shared/statistics/compare-outcomes.ts';
import { isRight, pickOf, wilsonInterval, type ChoiceMetric, type Interval } from '../../shared/statistics/proportions.ts';
import { BENCHMARK_TASKS } from '../../shared/tasks/benchmarks.ts';
import type { Benchmark } from '../../shared/tasks/prompt-library.ts';
import { assignMarks, type VariantMark } from '../../shared/variant-marks.ts';
import type { App } from '../app.ts';
import { findEvaluations, firstExampleId, listChoiceOutcomes, type Evaluation, type Flip } from '../db/evaluations.ts';
import { getModel, listLineage, type Model } from '../db/models.ts';
import { listRunInputs, listRuns } from '../db/runs.ts';
import { hashOfSubject } from '../jobs/take-results.ts';
import { readSetExamples } from './set-examples.ts';

/** Ids of a variant's models: one, or several that each were tuned for a task of their own. */
export type VariantIds = readonly string[];

/** One side of a comparison as a page shows it. */
export interface Variant {
  readonly ids: VariantIds;
  readonly name: string;
  readonly kind: Model['kind'];
  /** Parameters of the whole model; an adapter counts with what it stands on. */
  readonly parameters: number;
  readonly tuned: boolean;
  readonly mark: VariantMark;
}

/** What one variant scored on a set. */
export interface Figure {
  readonly value: number;
  readonly interval: Interval;
  readonly items: number;
}

/** How the second of two variants differs from the first on a set. */
export interface PairFigures {
  readonly items: number;
  /** Examples that only one of the two was asked. */
  readonly unmatched: number;
  readonly difference: number;
  readonly interval: Interval;
  readonly p: number;
  readonly lost: number;
  readonly won: number;
}

export interface SetScores {
  readonly key: string;
  readonly name: string;
  readonly metric: ChoiceMetric;
  /** By variant; undefined where it was not measured. */
  readonly figures: readonly (Figure | undefined)[];
  readonly pair: PairFigures | undefined;
}

/** A figure that has no examples to pair: perplexity, or exact matches of generated text. */
export interface OtherScores {
  readonly key: string;
  readonly name: string;
  readonly measure: 'perplexity' | 'exact match';
  readonly values: readonly (number | undefined)[];
}

/** Sets that other variants were measured on and this one was not. */
export interface Gap {
  readonly variant: number;
  readonly sets: readonly string[];
}

export interface Scores {
  readonly variants: readonly Variant[];
  readonly sets: readonly SetScores[];
  readonly others: readonly OtherScores[];
  readonly gaps: readonly Gap[];
  /** Evaluations of these variants that wait or are at work. */
  readonly measuring: readonly { readonly id: string; readonly title: string; readonly state: string }[];
}

/** A set that some of the variants were measured on: the same data, prompt and examples for all of them. */
export interface MeasuredSet {
  readonly key: string;
  readonly name: string;
  readonly kind: SetSummary['kind'];
  readonly evaluations: readonly (Evaluation | undefined)[];
}

/** The variants with their looks. Throws AppError `not-found` for a model that is no more. */
export function describeVariants(app: App, variants: readonly VariantIds[]): Variant[] {
  const lines = variants.map((ids) => listLineage(app.db, getModel(app.db, ids[0]!).id));
  const tuned = lines.map((line) => line.some(({ kind }) => kind === 'tuned' || kind === 'merged'));
  const marks = assignMarks(
    lines.map((line, index) => ({ cut: line.findLast(({ kind }) => kind === 'pruned')?.id, tuned: tuned[index]! })),
  );
  return variants.map((ids, index) => {
    const line = lines[index]!;
    const model = line.at(-1)!;
    const whole = line.findLast(({ form }) => form === 'checkpoint') ?? model;
    const name = ids.length > 1 ? `${whole.name}, tuned for ${ids.length} tasks` : model.name;
    return { ids, name, kind: model.kind, parameters: whole.parameters, tuned: tuned[index]!, mark: marks[index]! };
  });
}

/**
 * The sets that at least one variant was measured on, by name. Evaluations belong together when data, prompt and first example agree: a
 * limit only takes the first so many. Of several of one variant the one with the most examples counts, then the newest.
 */
export function measuredSets(app: App, variants: readonly VariantIds[]): MeasuredSet[] {
  const sets = new Map<string, { name: string; kind: SetSummary['kind']; evaluations: (Evaluation | undefined)[] }>();
  variants.forEach((ids, index) => {
    for (const id of ids) {
      for (const evaluation of findEvaluations(app.db, hashOfSubject(app.db, getModel(app.db, id)))) {
        const key = keyOf(app, evaluation);
        const set = sets.get(key) ?? { name: evaluation.setName, kind: evaluation.kind, evaluations: variants.map(() => undefined) };
        const known = set.evaluations[index];
        if (!known || sizeOf(evaluation.summary) > sizeOf(known.summary)) set.evaluations[index] = evaluation;
        sets.set(key, set);
      }
    }
  });
  return [...sets].map(([key, set]) => ({ key, ...set })).sort((a, b) => a.name.localeCompare(b.name));
}

function keyOf(app: App, { id, datasetHash, promptHash, summary }: Evaluation): string {
  const form = summary.kind === 'perplexity' ? [summary.form, 'length' in summary ? summary.length : 0] : [firstExampleId(app.db, id)];
  const parts = JSON.stringify([summary.kind, datasetHash, promptHash ?? '', ...form]);
  return createHash('sha256').update(parts).digest('hex').slice(0, 16);
}

function sizeOf(summary: SetSummary): number {
  return summary.kind === 'perplexity' ? summary.tokens : summary.items;
}

/** Everything that the variants scored, the pair `before` and `after` compared, and what is missing to compare more. */
export function scoreVariants(app: App, ids: readonly VariantIds[], pair: { before: number; after: number }): Scores {
  const variants = describeVariants(app, ids);
  const measured = measuredSets(app, ids).filter((set) => !isCandidate(set) || set.evaluations.filter(Boolean).length > 1);
  const sets = measured
    .filter(({ kind }) => kind === 'choices')
    .map((set): SetScores => {
      const metric = metricOf(set);
      const comparison = comparisonOf(app, set, pair);
      return {
        key: set.key,
        name: titleOf(set.name),
        metric,
        figures: set.evaluations.map((evaluation) => evaluation && figureOf(evaluation, metric)),
        pair: comparison && {
          items: comparison.items,
          unmatched: comparison.unmatched,
          difference: comparison.difference,
          interval: comparison.interval,
          p: comparison.p,
          lost: comparison.flips.rightWrong.length,
          won: comparison.flips.wrongRight.length,
        },
      };
    });
  const others = measured
    .filter(({ kind }) => kind !== 'choices')
    .map(({ key, name, kind, evaluations }): OtherScores => ({
      key,
      name,
      measure: kind === 'perplexity' ? 'perplexity' : 'exact match',
      values: evaluations.map((evaluation) => {
        const summary = evaluation?.summary;
        if (summary?.kind === 'perplexity') return summary.tokenPerplexity;
        return summary?.kind === 'generation' ? summary.exactMatch : undefined;
      }),
    }));
  const gaps = ids.flatMap((_, variant): Gap[] => {
    const missing = gapsOf(measured, ids, variant).map(({ name }) => titleOf(name));
    return missing.length > 0 ? [{ variant, sets: missing }] : [];
  });
  return { variants, sets, others, gaps, measuring: listMeasuring(app, ids.flat()) };
}

/** Candidates of a ranking are named "task/prompt"; they were asked of one model only and are no gap of the others. */
function isCandidate({ name }: MeasuredSet): boolean {
  return name.includes('/');
}

/** What the variant lacks. Adapters made for a task each are not asked other tasks. */
export function gapsOf(measured: readonly MeasuredSet[], ids: readonly VariantIds[], variant: number): MeasuredSet[] {
  return ids[variant]!.length > 1 ? [] : measured.filter((set) => !isCandidate(set) && set.evaluations[variant] === undefined);
}

function listMeasuring(app: App, modelIds: readonly string[]): Scores['measuring'] {
  return [...listRuns(app.db, 'running'), ...listRuns(app.db, 'queued')]
    .filter((run) => run.kind === 'evaluate' && listRunInputs(app.db, run.id).models.some((id) => modelIds.includes(id)))
    .map(({ id, title, state }) => ({ id, title, state }));
}

/** A benchmark's published name, or the set's own. */
export function titleOf(name: string): string {
  return BENCHMARK_TASKS[name as Benchmark]?.title ?? name;
}

function metricOf({ name }: MeasuredSet): ChoiceMetric {
  return BENCHMARK_TASKS[name.split('/')[0] as Benchmark]?.metric === 'acc_norm' ? 'acc_norm' : 'acc';
}

function figureOf({ summary }: Evaluation, metric: ChoiceMetric): Figure | undefined {
  if (summary.kind !== 'choices') return undefined;
  const value = metric === 'acc' ? summary.acc : summary.accNorm;
  return { value, items: summary.items, interval: wilsonInterval(value * summary.items, summary.items) };
}

function comparisonOf(app: App, set: MeasuredSet, { before, after }: { before: number; after: number }): Comparison | undefined {
  const [first, second] = [set.evaluations[before], set.evaluations[after]];
  if (!first || !second || before === after) return undefined;
  return remember(app, `compare ${first.id} ${second.id}`, () =>
    compareOutcomes(outcomesOf(app, first), outcomesOf(app, second), metricOf(set)),
  );
}

/** What a page may ask of the list of examples. */
export interface FlipQuery {
  readonly before: number;
  readonly after: number;
  /** A set's key; undefined: all sets that both were measured on. */
  readonly set: string | undefined;
  readonly flip: Flip;
  /** Only examples on which the first variant leads or trails by at least this. */
  readonly minMargin: number;
  readonly sort: 'before' | 'after' | 'order';
  readonly offset: number;
  readonly limit: number;
}

export interface FlipRow {
  readonly set: string;
  readonly setName: string;
  readonly id: string;
  /** Its place in the set, from 1. */
  readonly number: number;
  /** The line that asks. */
  readonly question: string;
  /** By variant; undefined where it was not asked. */
  readonly right: readonly (boolean | undefined)[];
  readonly margins: readonly (number | undefined)[];
}

export interface FlipPage {
  readonly counts: Readonly<Record<Flip, number>>;
  readonly items: number;
  /** Examples that pass the filters, of which `rows` are some. */
  readonly total: number;
  readonly rows: readonly FlipRow[];
  /** With a third variant: what became of what it broke. */
  readonly repair: Repair | undefined;
}

/** Of what the first had right: lost by `between`, of that repaired by the second; and newly broken by the second. */
export interface Repair {
  readonly between: number;
  readonly broke: number;
  readonly repaired: number;
  readonly newlyBroke: number;
}

/** The examples of one cell of the flip matrix, a page of them. Throws AppError `not-found` for a set that is not common to both. */
export function listFlips(app: App, ids: readonly VariantIds[], query: FlipQuery): FlipPage {
  const measured = measuredSets(app, ids).filter(
    ({ kind, key, evaluations }) =>
      kind === 'choices' && evaluations[query.before] && evaluations[query.after] && (query.set === undefined ? true : key === query.set),
  );
  if (measured.length === 0)
    throw new AppError('not-found', 'These two were not measured on this set. Choose another, or measure it first.');
  const between = ids.findLastIndex(
    (_, index) => index !== query.before && index !== query.after && measured.every(({ evaluations }) => evaluations[index]),
  );
  const counts: Record<Flip, number> = { 'right-right': 0, 'right-wrong': 0, 'wrong-right': 0, 'wrong-wrong': 0 };
  const repair = { between, broke: 0, repaired: 0, newlyBroke: 0 };
  const found: FlipRow[] = [];
  for (const set of measured) {
    const asked = set.evaluations.map((evaluation) => evaluation && outcomesById(app, evaluation));
    const texts = textsOf(app, set);
    const metric = metricOf(set);
    let number = 0;
    for (const [id, first] of asked[query.before]!) {
      number += 1;
      const outcomes = asked.map((all) => all?.get(id));
      const second = outcomes[query.after];
      if (!second) continue;
      const right = outcomes.map((outcome) => outcome && isRight(outcome, metric));
      const flip: Flip = `${right[query.before] ? 'right' : 'wrong'}-${right[query.after] ? 'right' : 'wrong'}`;
      counts[flip] += 1;
      if (right[query.before] && between >= 0) {
        if (right[between] === false) repair.broke += 1;
        if (right[between] === false && right[query.after]) repair.repaired += 1;
        if (right[between] === true && !right[query.after]) repair.newlyBroke += 1;
      }
      if (flip !== query.flip) continue;
      const example = texts.get(id);
      const margins = outcomes.map((outcome) => outcome && marginOf(outcome, scoresOf(outcome, metric, example)));
      if (Math.abs(marginOf(first, scoresOf(first, metric, example))) < query.minMargin) continue;
      found.push({ set: set.key, setName: titleOf(set.name), id, number, question: example ? questionOf(example) : id, right, margins });
    }
  }
  if (query.sort !== 'order') {
    const of = (row: FlipRow): number => Math.abs(row.margins[query.sort === 'before' ? query.before : query.after] ?? 0);
    found.sort((a, b) => of(b) - of(a));
  }
  return {
    counts,
    items: Object.values(counts).reduce((sum, count) => sum + count, 0),
    total: found.length,
    rows: found.slice(query.offset, query.offset + query.limit),
    repair: between >= 0 ? repair : undefined,
  };
}

export interface ExampleView {
  readonly id: string;
  readonly setName: string;
  readonly metric: ChoiceMetric;
  /** What every choice follows. */
  readonly context: string;
  readonly choices: readonly string[];
  readonly gold: number;
  /** The prompt up to the answer, for the playground. */
  readonly prompt: string;
  readonly variants: readonly (VariantAnswer | undefined)[];
}

/** What one variant made of an example; log-likelihoods are natural logs, by choice. */
export interface VariantAnswer {
  readonly logLikelihoods: readonly number[];
  /** Log-likelihood per code point, where acc_norm counts. */
  readonly perCharacter: readonly number[] | undefined;
  readonly picked: number;
  readonly right: boolean;
  /** How far the right choice leads the best other one; negative where it trails. */
  readonly margin: number;
}

/** One example with its full text and what every variant made of it. Throws AppError `not-found`. */
export function openExample(app: App, ids: readonly VariantIds[], setKey: string, id: string): ExampleView {
  const set = measuredSets(app, ids).find(({ key }) => key === setKey);
  const outcomes = set?.evaluations.map((evaluation) => evaluation && outcomesById(app, evaluation).get(id));
  const known = outcomes?.find((outcome) => outcome !== undefined);
  if (!set || !outcomes || !known) throw new AppError('not-found', `No variant was asked the example ${id} of this set.`);
  const metric = metricOf(set);
  const example = textsOf(app, set).get(id);
  const { context, choices } = example
    ? partsOf(example)
    : { context: '', choices: known.logLikelihoods.map((_, index) => `choice ${index + 1}`) };
  return {
    id,
    setName: titleOf(set.name),
    metric,
    context,
    choices,
    gold: known.gold,
    prompt: example?.choices[known.gold]?.context ?? '',
    variants: outcomes.map((outcome): VariantAnswer | undefined => {
      if (!outcome) return undefined;
      const scores = scoresOf(outcome, metric, example);
      return {
        logLikelihoods: outcome.logLikelihoods,
        perCharacter: metric === 'acc_norm' && example ? scores : undefined,
        picked: pickOf(outcome, metric),
        right: isRight(outcome, metric),
        margin: marginOf(outcome, scores),
      };
    }),
  };
}

/** By choice what the metric compares: log-likelihoods, or those per code point. */
function scoresOf({ logLikelihoods }: ChoiceOutcome, metric: ChoiceMetric, example: ChoiceExample | undefined): readonly number[] {
  if (metric === 'acc' || !example) return logLikelihoods;
  return logLikelihoods.map((value, index) => value / Math.max(1, example.lengths[index] ?? 1));
}

function marginOf({ gold }: ChoiceOutcome, scores: readonly number[]): number {
  return scores[gold]! - Math.max(...scores.filter((_, index) => index !== gold));
}

/** What all choices follow, and what follows for each; contexts that differ (WinoGrande) are parted where they do. */
export function partsOf({ choices }: ChoiceExample): { context: string; choices: string[] } {
  const contexts = choices.map(({ context }) => context);
  const [first = ''] = contexts;
  if (contexts.every((context) => context === first))
    return { context: first, choices: choices.map(({ continuation }) => continuation.trim()) };
  let shared = 0;
  while (shared < first.length && contexts.every((context) => context[shared] === first[shared])) shared += 1;
  shared = first.lastIndexOf(' ', shared) + 1; // whole words
  return {
    context: `${first.slice(0, shared).trimEnd()} …`,
    choices: choices.map(({ context, continuation }) => `${context.slice(shared)}${continuation}`.trim()),
  };
}

/** The line of a context that asks: the last one that is more than a label such as "Answer:". */
export function questionOf(example: ChoiceExample): string {
  const { context } = partsOf(example);
  const lines = context.split('\n').map((line) => line.trim());
  const line = lines.findLast((text) => text !== '' && !/^[\p{L} ]{0,24}:$/u.test(text)) ?? context;
  return line.replace(/^(Question|Q|Goal):\s*/i, '');
}

function outcomesOf(app: App, { id }: Evaluation): ChoiceOutcome[] {
  return remember(app, `outcomes ${id}`, () => listChoiceOutcomes(app.db, id));
}

function outcomesById(app: App, evaluation: Evaluation): Map<string, ChoiceOutcome> {
  return remember(app, `by id ${evaluation.id}`, () => new Map(outcomesOf(app, evaluation).map((outcome) => [outcome.id, outcome])));
}

/** The rendered examples of the set, from the folders of the runs that measured it, the one with the most first. */
function textsOf(app: App, { evaluations }: MeasuredSet): Map<string, ChoiceExample> {
  const largest = evaluations.filter((one) => one !== undefined).sort((a, b) => sizeOf(b.summary) - sizeOf(a.summary))[0];
  if (!largest) return new Map();
  return remember(app, `texts ${largest.id}`, () => readSetExamples(app, largest));
}

/** Evaluations never change, so what was read of the last few is kept: a filter or the next example must not read it all again. */
const MAX_REMEMBERED = 96;
const remembered = new WeakMap<App, Map<string, unknown>>();

function remember<T>(app: App, key: string, make: () => T): T {
  const known = remembered.get(app) ?? new Map<string, unknown>();
  remembered.set(app, known);
  const value = known.has(key) ? (known.get(key) as T) : make();
  known.delete(key); // and to the end: the oldest goes first
  known.set(key, value);
  for (const oldest of known.keys()) {
    if (known.size <= MAX_REMEMBERED) break;
    known.delete(oldest);
  }
  return value;
}
