// Writes the smaller checkpoint: the kept rows and columns of every tensor, one tensor at a time, in the dtype it had.
import { AppError, throwIfCancelled } from '../../shared/errors.ts';
import type { LlamaConfig } from '../../shared/llama-config.ts';
import type { WorkOptions } from '../../shared/progress.ts';
import type { Kept } from '../../shared/scores.ts';
import { expectedTensors, layerTensor } from '../../shared/tensor-names.ts';
import type { Axis } from '../../shared/tensor-names.ts';
import { writeLlamaConfig } from '../../shared/write-config.ts';
import type { Checkpoint } from '../weights/checkpoint.ts';
import { DTYPE_BYTES } from '../weights/dtype.ts';
import { writeCheckpoint } from '../weights/write-checkpoint.ts';

export interface SliceOptions extends WorkOptions {
  /** Where the model came from (recipe, base hash); kept in config.json under `pruning` together with the kept indices. */
  readonly pruning: Readonly<Record<string, unknown>>;
}

/**
 * Writes the model that is left of `checkpoint` to `outFolder`: per kept KV group its rows of k and v and its contiguous query heads' rows of q
 * and columns of o; FFN rows of gate and up, columns of down; hidden channels everywhere; biases and norms likewise; layers renumbered.
 * Throws AppError `bad-input` when `kept` does not fit the model, `cancelled`, `disk-full`; then nothing is left at `outFolder`.
 */
export async function slice(
  checkpoint: Checkpoint,
  kept: Kept,
  outFolder: string,
  { pruning, signal, progress }: SliceOptions,
): Promise<void> {
  const config = slicedConfig(checkpoint.config, kept);
  const source = kept.layers.flatMap((layer, i) => (layer === null ? [] : [i]));
  const plan = expectedTensors(config);
  const tensors = plan.map((tensor, done) => {
    const from = tensor.layer === undefined ? undefined : source[tensor.layer]!;
    const name = tensor.part === undefined ? tensor.name : layerTensor(from!, tensor.part);
    return {
      name: tensor.name,
      dtype: checkpoint.tensors.get(name)!.dtype,
      shape: tensor.shape,
      async data(): Promise<Uint8Array> {
        throwIfCancelled(signal);
        progress?.({ phase: 'writing the smaller model', done, total: plan.length, unit: 'tensors' });
        const { dtype, shape, data } = await checkpoint.read(name);
        const [rows, columns] = tensor.axes.map((axis) => keptOnAxis(checkpoint.config, kept, axis, from));
        return pick(data, DTYPE_BYTES[dtype], shape, rows, columns);
      },
    };
  });
  const record = { ...pruning, kept: describeKept(kept) };
  await writeCheckpoint(outFolder, {
    config: writeLlamaConfig(checkpoint.rawConfig, config, { pruning: record }),
    tensors,
    copyFrom: checkpoint.folder,
  });
  progress?.({ phase: 'writing the smaller model', done: plan.length, total: plan.length, unit: 'tensors' });
}

/** The architecture that is left. Throws AppError `bad-input` when `kept` does not fit `config`. */
export function slicedConfig(config: LlamaConfig, kept: Kept): LlamaConfig {
  if (kept.layers.length !== config.layers.length) {
    throw new AppError('bad-input', `The kept indices speak of ${kept.layers.length} layers but the model has ${config.layers.length}.`);
  }
  const layers = config.layers.flatMap(({ queryHeads, kvHeads, ffn }, i) => {
    const layer = kept.layers[i]!;
    if (layer === null) return [];
    checkIndices(layer.kvGroups, kvHeads, `layer ${i}, KV groups`);
    checkIndices(layer.ffn, ffn, `layer ${i}, FFN channels`);
    const groups = layer.kvGroups.length;
    return [{ queryHeads: groups === 0 ? 0 : (groups * queryHeads) / kvHeads, kvHeads: groups, ffn: layer.ffn.length }];
  });
  if (layers.length === 0) throw new AppError('bad-input', 'No layer is kept; a model needs at least one.');
  if (kept.hidden === undefined) return { ...config, layers };
  checkIndices(kept.hidden, config.hiddenSize, 'hidden channels');
  return { ...config, layers, hiddenSize: kept.hidden.length };
}

function checkIndices(indices: readonly number[], size: number, what: string): void {
  const fits = indices.every((index, i) => Number.isInteger(index) && index < size && index > (i === 0 ? -1 : indices[i - 1]!));
  if (!fits) throw new AppError('bad-input', `The kept indices of ${what} must ascend within 0..${size - 1}.`);
}

/** Kept indices along an axis of a tensor of layer `layer`, or undefined when all of them stay. */
function keptOnAxis(config: LlamaConfig, kept: Kept, axis: Axis, layer: number | undefined): readonly number[] | undefined {
  switch (axis) {
    case 'vocabulary':
    case 'head':
      return undefined;
    case 'hidden':
      return kept.hidden;
    case 'ffn':
      return kept.layers[layer!]!.ffn;
    case 'keyValue':
      return expand(kept.layers[layer!]!.kvGroups, config.headSize);
    case 'query': {
      const { queryHeads, kvHeads } = config.layers[layer!]!;
      return expand(kept.layers[layer!]!.kvGroups, (queryHeads / kvHeads) * config.headSize);
    }
  }
}

/** Indices of the elements of blocks of `size` elements. */
function expand(blocks: readonly number[], size: number): number[] {
  return blocks.flatMap((block) => Array.from({ length: size }, (_, i) => block * size + i));
}

/** The kept rows and columns of a row-major matrix (or the kept elements of a vector) of `size` (2 or 4) bytes each; undefined keeps all. */
function pick(
  data: Uint8Array<ArrayBuffer>,
  size: number,
  shape: readonly number[],
  rows: readonly number[] | undefined,
  columns: readonly number[] | undefined,
): Uint8Array {
  if (rows === undefined && columns === undefined) return data;
  const width = shape[1] ?? 1;
  const rowIndices = rows ?? Array.from({ length: shape[0]! }, (_, i) => i);
  const source = size === 2 ? new Uint16Array(data.buffer) : new Uint32Array(data.buffer);
  const columnIndices = columns && Uint32Array.from(columns);
  const outWidth = columnIndices?.length ?? width;
  const out = new (size === 2 ? Uint16Array : Uint32Array)(rowIndices.length * outWidth);
  for (const [r, row] of rowIndices.entries()) {
    if (columnIndices === undefined) out.set(source.subarray(row * width, (row + 1) * width), r * width);
    else for (let c = 0; c < outWidth; c++) out[r * outWidth + c] = source[row * width + columnIndices[c]!]!;
  }
  return new Uint8Array(out.buffer);
}

/** Kept indices as runs, "0-2,5": a 7B model's would otherwise fill config.json with 200,000 numbers. */
function describeKept(kept: Kept): Record<string, unknown> {
  return {
    layers: kept.layers.map((layer) => layer && { kv_groups: asRuns(layer.kvGroups), ffn: asRuns(layer.ffn) }),
    hidden: kept.hidden && asRuns(kept.hidden),
  };
}

function asRuns(indices: readonly number[]): string {
  const runs: string[] = [];
  for (let i = 0; i < indices.length;) {
    const first = indices[i]!;
    let last = first;
    while (indices[++i] === last + 1) last++;
    runs.push(first === last ? `${first}` : `${first}-${last}`);
  }
  return runs.join(',');
}
