// Units in the order of their scores, and how much importance lies below each width: worked out once for scores, and kept while they are held.
import type { LayerShape } from '../llama-config.ts';
import { ranksDescending } from './rank.ts';
import type { UnitScores } from './unit-scores.ts';

type Kind = 'kvGroups' | 'ffn';

/** `make(units)`, made once for the same units. */
function onceFor<T>(make: (units: UnitScores) => T): (units: UnitScores) => T {
  const made = new WeakMap<UnitScores, T>();
  return (units) => {
    if (!made.has(units)) made.set(units, make(units));
    return made.get(units)!;
  };
}

/** Both kinds of every layer, put through `read`. */
const byKind = <T>(units: UnitScores, read: (scores: Float64Array) => T): Record<Kind, T[]> => ({
  kvGroups: units.layers.map(({ kvGroups }) => read(kvGroups)),
  ffn: units.layers.map(({ ffn }) => read(ffn)),
});

/** Scores of each layer, the highest first. */
export const sortedScores = onceFor((units) => byKind(units, (scores) => scores.slice().sort().reverse()));

/** The rank of each unit within its layer, as `choose` keeps them. */
export const unitRanks = onceFor((units) => byKind(units, ranksDescending));

/** What lies behind each width: at k the sum of all scores from the rank k on. */
const tails = onceFor((units) => {
  const sorted = sortedScores(units);
  return { kvGroups: sorted.kvGroups.map(sumsBehind), ffn: sorted.ffn.map(sumsBehind) };
});
const hiddenTail = onceFor(({ hidden }) => hidden && sumsBehind(hidden.slice().sort().reverse()));

function sumsBehind(sorted: Float64Array): Float64Array {
  const out = new Float64Array(sorted.length + 1);
  for (let k = sorted.length - 1; k >= 0; k--) out[k] = out[k + 1]! + sorted[k]!;
  return out;
}

/** Shares 0..1 of the importance that goes: of all heads and channels together, and of those of each layer. */
export interface RemovedImportance {
  readonly total: number;
  /** Empty where hidden channels go, which run through every layer. */
  readonly layers: readonly number[];
}

/**
 * The share of a criterion's scores that a cut to `rows` takes away: plain sums of what is known before the cut, and no forecast of accuracy.
 * `hidden` is how many hidden channels stay. Undefined where the scores add up to nothing, or to logarithms (products over hidden channels).
 */
export function removedImportance(
  units: UnitScores,
  rows: readonly Pick<LayerShape, 'kvHeads' | 'ffn'>[],
  hidden: number | undefined,
): RemovedImportance | undefined {
  if (hidden !== undefined) {
    const tail = hiddenTail(units);
    return tail && tail[0]! > 0 ? { total: tail[hidden]! / tail[0]!, layers: [] } : undefined;
  }
  const { kvGroups, ffn } = tails(units);
  let [gone, all] = [0, 0];
  const layers = rows.map((row, layer) => {
    const [kvTail, ffnTail] = [kvGroups[layer]!, ffn[layer]!];
    const [lost, whole] = [kvTail[row.kvHeads]! + ffnTail[row.ffn]!, kvTail[0]! + ffnTail[0]!];
    gone += lost;
    all += whole;
    return whole > 0 ? lost / whole : 0;
  });
  return all > 0 ? { total: gone / all, layers } : undefined;
}
