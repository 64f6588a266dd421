// What variants were measured on: evaluations that belong together as one set, with their outcomes and texts kept at hand.
import { createHash } from 'node:crypto';
import type { ChoiceExample } from '../../shared/examples.ts';
import type { ChoiceOutcome, SetSummary } from '../../shared/results.ts';
import type { ChoiceMetric } from '../../shared/statistics/proportions.ts';
import { BENCHMARK_TASKS } from '../../shared/tasks/benchmarks.ts';
import type { Benchmark } from '../../shared/tasks/prompt-library.ts';
import type { App } from '../app.ts';
import { findEvaluations, firstExampleId, listChoiceOutcomes, type Evaluation } from '../db/evaluations.ts';
import { getModel } from '../db/models.ts';
import { hashOfSubject } from '../jobs/take-results.ts';
import { readSetExamples } from './set-examples.ts';

/** Ids of a variant's models: one, or several that each were tuned for a task of their own. */
export type VariantIds = readonly string[];

/** A set that some of the variants were measured on: the same data, prompt and examples for all of them. */
export interface MeasuredSet {
  readonly key: string;
  readonly name: string;
  readonly kind: SetSummary['kind'];
  readonly evaluations: readonly (Evaluation | undefined)[];
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

/** Candidates of a ranking are named "task/prompt"; they were asked of one model only and are no gap of the others. */
export function isCandidate({ name }: MeasuredSet): boolean {
  return name.includes('/');
}

/** What the variant lacks. Adapters made for a task each are not asked other tasks. */
export function gapsOf(measured: readonly MeasuredSet[], ids: readonly VariantIds[], variant: number): MeasuredSet[] {
  return ids[variant]!.length > 1 ? [] : measured.filter((set) => !isCandidate(set) && set.evaluations[variant] === undefined);
}

/** A benchmark's published name, or the set's own. */
export function titleOf(name: string): string {
  return BENCHMARK_TASKS[name as Benchmark]?.title ?? name;
}

/** Which figure of the set counts: its benchmark's. */
export function metricOf({ name }: MeasuredSet): ChoiceMetric {
  return BENCHMARK_TASKS[name.split('/')[0] as Benchmark]?.metric === 'acc_norm' ? 'acc_norm' : 'acc';
}

/** What an evaluation found, example by example. */
export function outcomesOf(app: App, { id }: Evaluation): ChoiceOutcome[] {
  return remember(app, `outcomes ${id}`, () => listChoiceOutcomes(app.db, id));
}

/** The same by the examples' ids, in the set's order. */
export function outcomesById(app: App, evaluation: Evaluation): Map<string, ChoiceOutcome> {
  return remember(app, `by id ${evaluation.id}`, () => new Map(outcomesOf(app, evaluation).map((outcome) => [outcome.id, outcome])));
}

/** The rendered examples of the set, from the folders of the runs that measured it, the one with the most first. */
export function textsOf(app: App, { evaluations }: MeasuredSet): Map<string, ChoiceExample> {
  const largest = evaluations.filter((one) => one !== undefined).sort((a, b) => sizeOf(b.summary) - sizeOf(a.summary))[0];
  if (!largest) return new Map();
  return remember(app, `texts ${largest.id}`, () => readSetExamples(app, largest));
}

/** Evaluations never change, so what was read of the last few is kept: a filter or the next example must not read it all again. */
const MAX_REMEMBERED = 96;
const remembered = new WeakMap<App, Map<string, unknown>>();

/** What was made for this key before, or makes it. */
export function remember<T>(app: App, key: string, make: () => T): T {
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
