// Packs token trees and plain text into rows without padding waste, and rows into batches that know where each prediction belongs.
import type { Batch, Counted } from '../llama/batch.ts';

/** Row lengths are multiples of this, so that few shapes are compiled. */
export const ROW_MULTIPLE = 32;

/**
 * A context and the continuations that follow it, each without seeing the others. With `counts: 'branches'` every branch token is
 * predicted, with `'all'` also every context token but the first. A tree without branches is plain text. With branches the context
 * holds at least one token.
 */
export interface TokenTree {
  readonly context: Int32Array;
  readonly branches: readonly Int32Array[];
  readonly counts: 'branches' | 'all';
}

/** What a row holds of one tree. The last token of a path is predicted but never fed, so it takes no place. */
interface Part {
  readonly item: number;
  readonly context: Int32Array;
  /** Index of the context's first token in the item's own context. */
  readonly contextFrom: number;
  readonly countsContext: boolean;
  /** `dropped` tokens of the continuation were cut away. */
  readonly branches: { readonly branch: number; readonly ids: Int32Array; readonly dropped: number }[];
  /** Tokens it takes in its row. */
  size: number;
}

type Row = readonly Part[];

/** Rows of `rowTokens` places each, and the items that had to be cut from the left. */
export interface PackedRows {
  readonly rowTokens: number;
  readonly rows: readonly Row[];
  readonly truncated: readonly number[];
}

/** A batch with, for each counted place, the item, its branch (-1: the context) and the token's index there (before truncation). */
export interface PackedBatch {
  readonly batch: Batch;
  readonly counted: Counted;
  readonly item: Int32Array;
  readonly branch: Int32Array;
  readonly token: Int32Array;
  /** Tokens in the batch that are no padding. */
  readonly placed: number;
}

/**
 * Packs trees into rows by first-fit decreasing. No path is fed more than `limit` tokens: a longer one is cut from the left as the
 * evaluation harness does (keep the last limit + 1 tokens, the last is only predicted), on its own and apart from its siblings.
 * A tree that fits no row as a whole is spread over several with its context repeated. All rows have one length: `rowTokens` if given
 * (a multiple of 32, at least `limit`), else `limit`, or less when everything fits into one shorter row, rounded up to a multiple of 32.
 */
export function packRows(trees: readonly TokenTree[], limit: number, rowTokens?: number): PackedRows {
  const longestRow = rowTokens ?? roundUp(limit);
  const truncated: number[] = [];
  const parts: Part[] = [];
  for (const [item, tree] of trees.entries()) if (splitTree(tree, item, limit, longestRow, parts)) truncated.push(item);
  const length = rowTokens ?? Math.min(longestRow, roundUp(parts.reduce((sum, { size }) => sum + size, 0)));
  return { rowTokens: length, rows: firstFitDecreasing(parts, length), truncated };
}

/**
 * Cuts documents into full rows one after the other; only the last row may be short. A document that ends inside a row is followed by
 * the next, which does not see it; one cut by a row's end goes on in the next row with positions from 0. Every token of a document but
 * its first is predicted exactly once. `item` of the batches is the document.
 */
export function packText(documents: readonly Int32Array[], rowTokens: number): PackedRows {
  const length = roundUp(rowTokens);
  const rows: Part[][] = [[]];
  let room = length;
  for (const [item, ids] of documents.entries()) {
    for (let from = 0; from + 1 < ids.length;) {
      if (room === 0) {
        rows.push([]);
        room = length;
      }
      const size = Math.min(room, ids.length - 1 - from);
      rows.at(-1)!.push({ item, context: ids.subarray(from, from + size + 1), contextFrom: from, countsContext: true, branches: [], size });
      from += size;
      room -= size;
    }
  }
  return { rowTokens: length, rows, truncated: [] };
}

/**
 * Batches of rows, all of one shape: as many rows as `maxTokens` allows (at least one), evened out over the batches; the last is filled
 * up with padding. `rows` fixes the number of rows instead. `weight` is the loss weight of every counted token.
 */
export function* toBatches(packed: PackedRows, maxTokens: number, options?: { rows?: number; weight?: number }): Generator<PackedBatch> {
  const { rows, rowTokens } = packed;
  if (rows.length === 0) return;
  const rowsPerBatch = options?.rows ?? evenRows(rows.length, Math.floor(maxTokens / rowTokens));
  for (let from = 0; from < rows.length; from += rowsPerBatch) {
    yield buildBatch(rows.slice(from, from + rowsPerBatch), rowsPerBatch, rowTokens, options?.weight ?? 1);
  }
}

/** The number of rows per batch that spreads `rows` evenly over the fewest batches of at most `most` rows. */
export function evenRows(rows: number, most: number): number {
  return Math.ceil(rows / Math.ceil(rows / Math.max(1, most)));
}

/** How many tokens of these rows count. */
export function countCounted(packed: PackedRows): number {
  let count = 0;
  for (const row of packed.rows) for (const part of row) count += countedIn(part);
  return count;
}

function countedIn(part: Part): number {
  return part.branches.reduce((sum, { ids }) => sum + ids.length, part.countsContext ? Math.max(0, part.context.length - 1) : 0);
}

function roundUp(tokens: number): number {
  return Math.max(1, Math.ceil(tokens / ROW_MULTIPLE)) * ROW_MULTIPLE;
}

/** Appends the parts of a tree; true if something was cut away. */
function splitTree(tree: TokenTree, item: number, limit: number, longestRow: number, parts: Part[]): boolean {
  const { context, branches } = tree;
  let countsContext = tree.counts === 'all';
  if (branches.length === 0) {
    const contextFrom = Math.max(0, context.length - limit - 1);
    const kept = context.subarray(contextFrom);
    if (kept.length > 1) parts.push({ item, context: kept, contextFrom, countsContext, branches: [], size: kept.length - 1 });
    return contextFrom > 0;
  }
  if (context.length === 0) throw new RangeError(`packRows: item ${item} has continuations but no context token to predict them from`);
  let cut = false;
  let open: Part | undefined;
  for (const [branch, ids] of branches.entries()) {
    const fed = Math.max(0, ids.length - 1);
    if (context.length + fed > limit) {
      parts.push(cutPath(context, ids, limit, { item, branch, countsContext }));
      cut = true;
    } else {
      if (!open || open.size + fed > longestRow) {
        open = { item, context, contextFrom: 0, countsContext, branches: [], size: context.length };
        parts.push(open);
      }
      open.branches.push({ branch, ids, dropped: 0 });
      open.size += fed;
    }
    countsContext = false; // the context is counted once, in the tree's first part
  }
  return cut;
}

/** The last limit + 1 tokens of context and continuation; a continuation longer than that loses its beginning to become the context. */
function cutPath(context: Int32Array, ids: Int32Array, limit: number, of: { item: number; branch: number; countsContext: boolean }): Part {
  const dropped = Math.max(0, ids.length - limit);
  const contextFrom = dropped > 0 ? 0 : context.length + Math.max(1, ids.length) - limit - 1;
  const kept = dropped > 0 ? ids.subarray(dropped - 1, dropped) : context.subarray(contextFrom);
  return {
    item: of.item,
    context: kept,
    contextFrom,
    countsContext: of.countsContext && dropped === 0,
    branches: [{ branch: of.branch, ids: ids.subarray(dropped), dropped }],
    size: kept.length + Math.max(0, ids.length - dropped - 1),
  };
}

/** First-fit decreasing with a tree of maxima over the rows' free places: O(n log n), ties in the order given. */
function firstFitDecreasing(parts: readonly Part[], rowTokens: number): Part[][] {
  const order = parts.map((_, index) => index).sort((a, b) => parts[b]!.size - parts[a]!.size || a - b);
  let leaves = 1;
  while (leaves < parts.length) leaves *= 2;
  const free = new Int32Array(2 * leaves).fill(rowTokens);
  const rows: Part[][] = [];
  for (const index of order) {
    const part = parts[index]!;
    let node = 1;
    while (node < leaves) node = free[2 * node]! >= part.size ? 2 * node : 2 * node + 1;
    (rows[node - leaves] ??= []).push(part);
    free[node]! -= part.size;
    for (node >>= 1; node >= 1; node >>= 1) free[node] = Math.max(free[2 * node]!, free[2 * node + 1]!);
  }
  return rows;
}

function buildBatch(rows: readonly Row[], rowCount: number, tokens: number, weight: number): PackedBatch {
  const places = rowCount * tokens;
  const ids = new Int32Array(places);
  const positions = new Int32Array(places);
  const sequence = new Int32Array(places).fill(-1);
  const branches = new Int32Array(places);
  const counts = rows.reduce((sum, row) => sum + row.reduce((inRow, part) => inRow + countedIn(part), 0), 0);
  const at = new Int32Array(counts);
  const targets = new Int32Array(counts);
  const item = new Int32Array(counts);
  const branch = new Int32Array(counts);
  const token = new Int32Array(counts);
  let placed = 0;
  let n = 0;
  for (const [row, parts] of rows.entries()) {
    let place = row * tokens;
    for (const [index, part] of parts.entries()) {
      const put = (source: Int32Array, length: number, position: number, branchId: number): void => {
        ids.set(source.subarray(0, length), place);
        sequence.fill(index, place, place + length);
        branches.fill(branchId, place, place + length);
        for (let i = 0; i < length; i++) positions[place + i] = position + i;
        place += length;
      };
      const count = (where: number, target: number, ofBranch: number, ofToken: number): void => {
        at[n] = where;
        targets[n] = target;
        item[n] = part.item;
        branch[n] = ofBranch;
        token[n++] = ofToken;
      };
      const start = place;
      put(part.context, part.branches.length > 0 ? part.context.length : part.context.length - 1, 0, 0);
      if (part.countsContext)
        for (let i = 1; i < part.context.length; i++) count(start + i - 1, part.context[i]!, -1, part.contextFrom + i);
      const contextEnd = start + part.context.length - 1;
      for (const [nth, { branch: ofBranch, ids: continuation, dropped }] of part.branches.entries()) {
        const branchStart = place;
        put(continuation, Math.max(0, continuation.length - 1), part.context.length, nth + 1);
        for (let i = 0; i < continuation.length; i++) {
          count(i === 0 ? contextEnd : branchStart + i - 1, continuation[i]!, ofBranch, dropped + i);
        }
      }
    }
    placed += place - row * tokens;
  }
  const batch: Batch = { rows: rowCount, tokens, ids, positions, sequence, branch: branches };
  return { batch, counted: { at, targets, weights: new Float32Array(counts).fill(weight) }, item, branch, token, placed };
}
