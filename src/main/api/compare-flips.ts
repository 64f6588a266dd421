// Which examples flipped between two variants, and what became of them in a third.
import { AppError } from '../../shared/errors.ts';
import { isRight } from '../../shared/statistics/proportions.ts';
import type { App } from '../app.ts';
import type { Flip } from '../db/evaluations.ts';
import { marginOf, questionOf, scoresOf } from './compare-example.ts';
import { measuredSets, metricOf, outcomesById, textsOf, titleOf, type VariantIds } from './compare-sets.ts';
import { describeVariants } from './compare-variants.ts';

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

/** One example of the list. */
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

/** A page of the list, with what is counted over all of it. */
export interface FlipPage {
  readonly counts: Readonly<Record<Flip, number>>;
  readonly items: number;
  /** Examples that pass the filters, of which `rows` are some. */
  readonly total: number;
  readonly rows: readonly FlipRow[];
  /** With a third variant: what became of what it broke. */
  readonly repair: Repair | undefined;
}

/** Of what the first had right: lost by `between`, of that right again in `last`; and newly broken by `last`. */
export interface Repair {
  readonly between: number;
  /** The one that may have repaired it: the tuned one of the two. */
  readonly last: number;
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
  const third = ids.findLastIndex(
    (_, index) => index !== query.before && index !== query.after && measured.every(({ evaluations }) => evaluations[index]),
  );
  const counts: Record<Flip, number> = { 'right-right': 0, 'right-wrong': 0, 'wrong-right': 0, 'wrong-wrong': 0 };
  // Whichever pair is compared, the reading is: the cut broke, the tuning repaired.
  const variants = describeVariants(app, ids);
  const isTurned = third >= 0 && variants[third]!.tuned && !variants[query.after]!.tuned;
  const [between, last] = isTurned ? [query.after, third] : [third, query.after];
  const repair = { between, last, broke: 0, repaired: 0, newlyBroke: 0 };
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
      if (right[query.before] && third >= 0) {
        if (right[between] === false) repair.broke += 1;
        if (right[between] === false && right[last]) repair.repaired += 1;
        if (right[between] === true && !right[last]) repair.newlyBroke += 1;
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
    repair: third >= 0 ? repair : undefined,
  };
}
