// One order of all units that a global ranking may cut, with tallies on the way, kept while their scores are held.
import type { ChooseSettings } from '../recipe.ts';
import type { Kept } from '../scores.ts';
import { orderAscending } from './rank.ts';
import type { UnitScores } from './unit-scores.ts';

/** Of a ranking's bundles: their layers, and whether their widths are for the ranking to decide. */
export interface RankedBundle {
  readonly layers: readonly number[];
  readonly isFree: { readonly kv: boolean; readonly ffn: boolean };
}

/** The last rankings of scores that are still held: another target asks for the same one. */
const rankings = new WeakMap<UnitScores, { left: Kept; key: string; ranking: Ranking }>();
/** A ranking is tallied in so many places, so that a moved target starts from the one before it. */
const TALLIES = 64;

/** Units of all layers and both kinds in one order. */
interface Ranking {
  /** The slots of all units that may go, lowest score first. */
  readonly slots: Uint16Array;
  /** How many units of each slot come before the place 0, `stride`, 2 `stride` and so on. */
  readonly tallies: readonly Int32Array[];
  readonly stride: number;
}

/**
 * The slot of a KV group is its bundle, that of an FFN channel the number of bundles more.
 * Equal scores come in the order of layers, KV groups before channels. Units whose number is set have no place, but count in the means.
 */
export function rankUnits(bundles: readonly RankedBundle[], { unit, ranking }: ChooseSettings, left: Kept, units: UnitScores): Ranking {
  const key = [
    unit,
    ranking,
    ...bundles.map(({ layers, isFree }) => `${layers[0]!}${isFree.kv ? '' : 'k'}${isFree.ffn ? '' : 'f'}`),
  ].join();
  const known = rankings.get(units);
  if (known?.left === left && known.key === key) return known.ranking;
  const kinds = ['kv', 'ffn'] as const;
  const columns = kinds.map((kind) => {
    if (unit === (kind === 'kv' ? 'ffn' : 'attention')) return [];
    return bundles.map(({ layers }) => {
      const [kept, scores] = [left.layers[layers[0]!]!, units.layers[layers[0]!]!];
      const [indices, values] = kind === 'kv' ? [kept.kvGroups, scores.kvGroups] : [kept.ffn, scores.ffn];
      return Float64Array.from(indices, (i) => values[i]!);
    });
  });
  const isFree = (which: number, b: number): boolean => bundles[b]!.isFree[kinds[which]!];
  const length = columns.reduce((sum, own, which) => own.reduce((so, { length }, b) => so + (isFree(which, b) ? length : 0), sum), 0);
  const [score, slot] = [new Float64Array(length), new Uint16Array(length)];
  let at = 0;
  for (const [which, own] of columns.entries()) {
    let [sum, count] = [0, 0];
    for (const values of own) {
      for (const value of values) sum += value;
      count += values.length;
    }
    const mean = sum / count;
    const unitScore = ranking === 'global-normalised' && mean > 0 ? mean : 1;
    for (const [b, values] of own.entries()) {
      if (!isFree(which, b)) continue;
      for (const value of values) {
        score[at] = value / unitScore;
        slot[at++] = which * bundles.length + b;
      }
    }
  }
  const slots = new Uint16Array(length);
  orderAscending(score).forEach((unit, place) => (slots[place] = slot[unit]!));
  const stride = Math.max(1, Math.ceil(length / TALLIES));
  const tallies = [new Int32Array(2 * bundles.length)];
  for (let place = 0; place + stride <= length; place += stride) {
    const tally = tallies.at(-1)!.slice();
    for (const slot of slots.subarray(place, place + stride)) tally[slot]!++;
    tallies.push(tally);
  }
  const ranked = { slots, tallies, stride };
  rankings.set(units, { left, key, ranking: ranked });
  return ranked;
}
