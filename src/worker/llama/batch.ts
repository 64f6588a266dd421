// What goes into a model: packed rows of tokens with their attention tree, and the places whose predictions count.

/**
 * Rows of packed tokens, all arrays row-major [B·T]. A token attends to an earlier-or-same token of its row when both have the same
 * `sequence` and the other's `branch` is 0 or its own: branch 0 is a shared context, branches 1.. are continuations that do not see
 * each other. Padding has sequence -1. `positions` are rope positions, counted along the token's own path.
 */
export interface Batch {
  readonly rows: number;
  readonly tokens: number;
  readonly ids: Int32Array;
  readonly positions: Int32Array;
  readonly sequence: Int32Array;
  readonly branch: Int32Array;
}

/**
 * Places that count: the prediction made at flat place `at[n]` (= row·T + t) is for token `targets[n]`.
 * `weights[n]` multiplies its loss; a mean loss has weights that sum to 1.
 */
export interface Counted {
  readonly at: Int32Array;
  readonly targets: Int32Array;
  readonly weights: Float32Array;
}
