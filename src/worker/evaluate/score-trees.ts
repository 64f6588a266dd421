// Runs token trees of all sizes through a model in few shapes and with little padding, and gives back their log-probabilities.
import { setImmediate } from 'node:timers/promises';
import { throwIfCancelled } from '../../shared/errors.ts';
import type { LlamaConfig } from '../../shared/llama-config.ts';
import type { Counted } from '../llama/batch.ts';
import type { Adapter, LlamaModel, Prefix } from '../llama/model.ts';
import { packRows, ROW_MULTIPLE, toBatches, type PackedBatch, type PackedRows, type TokenTree } from '../text/pack.ts';

/** A beginning of many trees, run once: trees that begin with `ids` continue `prefix`. */
export interface CommonBeginning {
  readonly ids: Int32Array;
  readonly prefix: Prefix;
}

export interface ScoreOptions {
  readonly adapter?: Adapter;
  readonly common?: CommonBeginning;
  /** Whether a token of a branch is wanted; left out, all are. */
  readonly isScored?: (item: number, branch: number, token: number) => boolean;
  /** Most tokens that one path may feed; left out, what the model was trained on. */
  readonly limit?: number;
  readonly signal?: AbortSignal;
}

/** log P of `branch` [n] token `token` [n] of tree `item` [n], in `logProbs` [n]. `placed` tokens were computed for it. */
export interface TreeScores {
  readonly item: Int32Array;
  readonly branch: Int32Array;
  readonly token: Int32Array;
  readonly logProbs: Float32Array;
  readonly placed: number;
  /** Trees that had to be cut from the left, each named once over all that is given back. */
  readonly truncated: readonly number[];
}

/** Tokens in one batch: enough to keep a processor's matrix units busy, few enough for the activations of a large model. */
const BATCH_TOKENS = { least: 512, most: 2048 };

/** A batch is kept so small that its attention scores fill no more than this: the C library maps and clears larger ones anew for every op. */
const ATTENTION_BYTES = 8 << 20;

/** Row lengths that are tried; more of them would pack tighter and compile more often. */
const ROW_LENGTHS = [64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096];

/** What softmax and masking cost for one pair of tokens in one head, in multiplications of a linear layer (measured on CPUs: 25 to 40). */
const SOFTMAX_COST = 32;

/**
 * Scores the counted tokens of `trees`, group after group of similar size. The event loop turns and the signal is heard before every
 * batch. Throws AppError `cancelled`.
 */
export async function* scoreTrees(model: LlamaModel, trees: readonly TokenTree[], options: ScoreOptions = {}): AsyncGenerator<TreeScores> {
  const { adapter, isScored = () => true, signal } = options;
  for (const { items, parts, limit, prefix } of groupTrees(trees, model.config, options)) {
    const packed = packTightly(parts, limit, model.config);
    let truncated = packed.truncated.map((item) => items[item]!);
    for (const part of batchRows(packed, model.config)) {
      await setImmediate();
      throwIfCancelled(signal);
      const item = part.item.map((within) => items[within]!);
      const wanted = Int32Array.from(item.keys()).filter((n) => isScored(item[n]!, part.branch[n]!, part.token[n]!));
      const logProbs =
        wanted.length > 0 ? await model.logProbs(part.batch, pickCounted(part.counted, wanted), { adapter, prefix }) : new Float32Array();
      yield {
        item: wanted.map((n) => item[n]!),
        branch: wanted.map((n) => part.branch[n]!),
        token: wanted.map((n) => part.token[n]!),
        logProbs,
        placed: part.placed,
        truncated,
      };
      truncated = [];
    }
  }
}

interface Group {
  /** Index of each tree among all that were given. */
  readonly items: readonly number[];
  readonly parts: readonly TokenTree[];
  readonly limit: number;
  readonly prefix: Prefix | undefined;
}

/** Trees that continue the common beginning apart from the rest, and both by the power of two that their size lies under. */
function groupTrees(trees: readonly TokenTree[], config: LlamaConfig, { common, limit = config.maxPositions }: ScoreOptions): Group[] {
  const groups = new Map<string, { items: number[]; parts: TokenTree[]; limit: number; prefix: Prefix | undefined }>();
  for (const [item, tree] of trees.entries()) {
    const shared = common && continues(tree, common.ids, limit) ? common.ids.length : 0;
    const part = shared > 0 ? { ...tree, context: tree.context.subarray(shared) } : tree;
    const key = `${shared} ${Math.ceil(Math.log2(Math.max(treeSize(part), ROW_LENGTHS[0]!)))}`;
    const group = groups.get(key) ?? { items: [], parts: [], limit: limit - shared, prefix: shared > 0 ? common?.prefix : undefined };
    groups.set(key, group);
    group.items.push(item);
    group.parts.push(part);
  }
  return [...groups.values()];
}

/** A path that must be cut from the left loses its beginning, so it cannot continue a common one; nor can one whose beginning counts. */
function continues(tree: TokenTree, beginning: Int32Array, limit: number): boolean {
  if (tree.counts === 'all') return false;
  return tree.context.length > beginning.length && longestPath(tree) <= limit && beginning.every((id, i) => tree.context[i] === id);
}

/** Tokens that the longest path feeds: its last is only predicted. */
function longestPath({ context, branches }: TokenTree): number {
  if (branches.length === 0) return context.length - 1;
  return context.length + Math.max(...branches.map((ids) => ids.length - 1));
}

function treeSize({ context, branches }: TokenTree): number {
  return branches.reduce((size, ids) => size + Math.max(0, ids.length - 1), context.length);
}

/** Packs into the row length that costs least: short rows leave gaps, long rows attend over more than they need. */
function packTightly(trees: readonly TokenTree[], limit: number, config: LlamaConfig): PackedRows {
  const longest = Math.max(...trees.map(longestPath));
  const lengths = ROW_LENGTHS.filter((length) => length >= longest);
  if (longest > limit || lengths.length === 0) return packRows(trees, Math.min(limit, Math.max(longest, ROW_MULTIPLE)));
  const { perToken, perPair } = countOperations(config);
  let best: { packed: PackedRows; cost: number } | undefined;
  for (const length of lengths) {
    const packed = packRows(trees, length, length);
    const cost = packed.rows.length * length * (perToken + perPair * length);
    if (!best || cost < best.cost) best = { packed, cost };
  }
  return best!.packed;
}

/** Multiplications of the linear layers for one token, and of attention for a pair of tokens, over all layers. */
function countOperations({ hiddenSize, headSize, layers }: LlamaConfig): { perToken: number; perPair: number } {
  let perToken = 0;
  let perPair = 0;
  for (const { queryHeads, kvHeads, ffn } of layers) {
    perToken += 2 * hiddenSize * headSize * (queryHeads + kvHeads) + 3 * hiddenSize * ffn;
    perPair += queryHeads * (2 * headSize + SOFTMAX_COST);
  }
  return { perToken, perPair };
}

/** Batches without empty rows and in few shapes: full ones first, then halves, quarters and so on for the rows that are left. */
function* batchRows(packed: PackedRows, config: LlamaConfig): Generator<PackedBatch> {
  const { rowTokens, rows } = packed;
  const heads = Math.max(1, ...config.layers.map(({ queryHeads }) => queryHeads));
  const tokens = Math.min(BATCH_TOKENS.most, Math.max(BATCH_TOKENS.least, ATTENTION_BYTES / (4 * heads * rowTokens)));
  let size = 2 ** Math.floor(Math.log2(Math.max(1, tokens / rowTokens)));
  for (let from = 0; from < rows.length; from += size) {
    while (size > rows.length - from) size /= 2;
    yield* toBatches({ ...packed, rows: rows.slice(from, from + size) }, size * rowTokens, { rows: size });
  }
}

function pickCounted({ at, targets, weights }: Counted, wanted: Int32Array): Counted {
  return {
    at: wanted.map((n) => at[n]!),
    targets: wanted.map((n) => targets[n]!),
    weights: Float32Array.from(wanted, (n) => weights[n]!),
  };
}
