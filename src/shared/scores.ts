// Importance scores as they are kept: one vector per member of a group, so that any reduction, ranking or target needs no second pass.
import type { Criterion } from './recipe.ts';

/**
 * Scores of one criterion. Attention members are q_proj, k_proj, v_proj, o_proj, each [K·E] (query heads already folded onto their
 * contiguous KV group: [K, G, E] summed over G, pruning.md 2.7); FFN members are gate_proj, up_proj, down_proj, each [F].
 * `hidden` members are each [D], one per place where a hidden channel occurs; absent when they were not asked for.
 */
export interface Scores {
  readonly criterion: Criterion;
  readonly layers: readonly { readonly attention: readonly Float32Array[]; readonly ffn: readonly Float32Array[] }[];
  readonly hidden: readonly Float32Array[] | undefined;
}

/** Indices kept, ascending, per layer; a layer left out altogether is null. `hidden` is undefined when every hidden channel stays. */
export interface Kept {
  readonly layers: readonly ({ readonly kvGroups: readonly number[]; readonly ffn: readonly number[] } | null)[];
  readonly hidden: readonly number[] | undefined;
}
