// How far two criteria agree on what stays, layer by layer.
import { makeAgreement, type Agreement } from '../../../shared/prune/heat.ts';
import { unitRanks } from '../../../shared/prune/unit-order.ts';
import type { UnitScores } from '../../../shared/prune/unit-scores.ts';
import type { RowWidths } from './draft.svelte.ts';

/** Shares 0..1 of the units kept by either criterion that both keep. */
export interface AgreedShares {
  readonly kv: number;
  readonly ffn: number;
}

/** Compares two criteria's rankings: the function returned gives each layer's shares at any widths, and its mean. */
export function compareRankings(
  a: UnitScores,
  b: UnitScores,
): (own: readonly RowWidths[], other: readonly RowWidths[]) => { readonly layers: AgreedShares[]; readonly mean: AgreedShares } {
  const [mine, theirs] = [unitRanks(a), unitRanks(b)];
  const counters = (['kvGroups', 'ffn'] as const).map((kind) =>
    mine[kind].map((ranks, layer) => makeAgreement(ranks, theirs[kind][layer]!)),
  );
  const share = ({ both, either }: Agreement): number => (either === 0 ? 1 : both / either);
  return (own, other) => {
    const layers = own.map((row, layer) => ({
      kv: share(counters[0]![layer]!(row.kvHeads, other[layer]!.kvHeads)),
      ffn: share(counters[1]![layer]!(row.ffn, other[layer]!.ffn)),
    }));
    const mean = (kind: keyof AgreedShares): number => layers.reduce((sum, one) => sum + one[kind], 0) / Math.max(1, layers.length);
    return { layers, mean: { kv: mean('kv'), ffn: mean('ffn') } };
  };
}
