// Which micro-batches a training step sees: drawn by step, packed, all of one shape, their loss weights summing to 1 over the step.
import {
  countCounted,
  evenRows,
  packRows,
  ROW_MULTIPLE,
  toBatches,
  type PackedBatch,
  type PackedRows,
  type TokenTree,
} from '../text/pack.ts';
import { drawBatches } from './draw-batch.ts';

/** `batch` examples or rows a step; no path longer than `limit` tokens; micro-batches of at most `microTokens` tokens. */
export interface DrawSettings {
  readonly batch: number;
  readonly seed: number;
  readonly limit: number;
  readonly microTokens: number;
}

export interface TrainingData {
  /** The shape of every micro-batch. */
  readonly rows: number;
  readonly rowTokens: number;
  /** Tokens that count in the whole set, and how many examples were cut from the left. */
  readonly counted: number;
  readonly truncated: number;
  /** The micro-batches of a step, a pure function of it; `item` counts over the whole set. */
  step(step: number): PackedBatch[];
  /** The whole set once, in micro-batches of the same shape with weights of 1. */
  everything(): Generator<PackedBatch>;
}

/** How many steps are looked at to choose a shape. */
const SHAPE_SAMPLE = 20;

/** Training on token trees with at most one branch each; a step packs its own examples. */
export function exampleSteps(trees: readonly TokenTree[], settings: DrawSettings): TrainingData {
  const { batch, seed, limit, microTokens } = settings;
  const draw = drawBatches(trees.length, batch, seed);
  const pick = (step: number): { items: number[]; trees: TokenTree[] } => {
    const items = draw(step);
    return { items, trees: items.map((item) => trees[item]!) };
  };
  const sample = Array.from({ length: SHAPE_SAMPLE }, (_, step) => pick(step).trees);
  const { rows, rowTokens } = chooseShape(trees, sample, limit, microTokens);
  const all = packRows(trees, limit, rowTokens);
  return {
    rows,
    rowTokens,
    counted: countCounted(all),
    truncated: all.truncated.length,
    step: (step) => {
      const { items, trees: picked } = pick(step);
      return meanBatches(packRows(picked, limit, rowTokens), rows).map((part) => ({
        ...part,
        item: part.item.map((item) => items[item]!),
      }));
    },
    everything: () => toBatches(all, 0, { rows }),
  };
}

/** Training on rows of plain text (`packText`); a step takes `batch` rows. */
export function textSteps(packed: PackedRows, settings: DrawSettings): TrainingData {
  const { batch, seed, microTokens } = settings;
  const draw = drawBatches(packed.rows.length, batch, seed);
  const rows = evenRows(batch, Math.floor(microTokens / packed.rowTokens));
  return {
    rows,
    rowTokens: packed.rowTokens,
    counted: countCounted(packed),
    truncated: 0,
    step: (step) => meanBatches({ ...packed, rows: draw(step).map((row) => packed.rows[row]!) }, rows),
    everything: () => toBatches(packed, 0, { rows }),
  };
}

function meanBatches(packed: PackedRows, rows: number): PackedBatch[] {
  return [...toBatches(packed, 0, { rows, weight: 1 / countCounted(packed) })];
}

/** The rows and row length with the fewest places in a step, padding included; ties to the shorter row. */
function chooseShape(
  trees: readonly TokenTree[],
  steps: readonly TokenTree[][],
  limit: number,
  microTokens: number,
): { rows: number; rowTokens: number } {
  const longest = trees.reduce((most, tree) => Math.max(most, Math.min(limit, fedTokens(tree))), 1);
  const first = Math.ceil(longest / ROW_MULTIPLE) * ROW_MULTIPLE;
  let best = { rows: 1, rowTokens: first, places: Infinity };
  for (let rowTokens = first; rowTokens < limit + ROW_MULTIPLE; rowTokens += ROW_MULTIPLE) {
    const needed = Math.max(...steps.map((step) => packRows(step, limit, rowTokens).rows.length));
    const rows = evenRows(needed, Math.floor(microTokens / rowTokens));
    const places = Math.ceil(needed / rows) * rows * rowTokens;
    if (places < best.places) best = { rows, rowTokens, places };
  }
  return best;
}

function fedTokens({ context, branches }: TokenTree): number {
  return branches.reduce((sum, ids) => sum + ids.length, context.length) - 1;
}
