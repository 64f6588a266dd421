// The two sweeps over a model's blocks: forward from embeddings to hidden states, and backward from their gradient.
import type { LlamaConfig } from '../../shared/llama-config.ts';
import type { Device, Handle, HostTensor } from '../graph/device.ts';
import type { Expr } from '../graph/graph.ts';
import { RandomStream } from '../../shared/random.ts';
import type { Batch } from './batch.ts';
import {
  LORA_INPUTS,
  backwardProgram,
  blockShape,
  forwardProgram,
  hasProjection,
  projectionSize,
  trainProgram,
  type BlockShape,
  type LoraInput,
} from './block.ts';
import type { Adapter, Dropout } from './model.ts';
import { attentionMask, inverseFrequencies, rotaryTables } from './positions.ts';
import type { WeightStore } from './weight-store.ts';

type Feeds = Record<string, Handle | HostTensor>;

/** Where programs run and where their weights come from. */
export interface Runner {
  readonly device: Device;
  readonly config: LlamaConfig;
  readonly store: WeightStore;
}

/** A batch made ready for the device: what every block of a sweep is fed besides its weights. */
export interface Fed {
  readonly batch: Batch;
  readonly adapter: Adapter | undefined;
  readonly dropout: Dropout | undefined;
  /** Per layer, the keys and values [1,K,P,E] that come before each row. */
  readonly past: readonly (PastHandles | undefined)[] | undefined;
  readonly P: number;
  readonly common: Feeds;
}
export interface PastHandles {
  readonly k: Handle;
  readonly v: Handle;
}

/** Makes rope tables and mask once for all blocks and puts them on the device; `common` is the caller's to release by `releaseFed`. */
export async function feedBatch(
  { device, config }: Runner,
  batch: Batch,
  options: {
    readonly adapter?: Adapter | undefined;
    readonly dropout?: Dropout | undefined;
    readonly past?: Fed['past'];
    readonly P?: number;
    /** Added to the batch's positions; the cache's length unless the cache is only partly filled. */
    readonly offset?: number;
    readonly mask?: HostTensor;
  },
): Promise<Fed> {
  const P = options.P ?? 0;
  const offset = options.offset ?? P;
  const positions = offset === 0 ? batch.positions : batch.positions.map((position) => position + offset);
  const { cos, sin } = rotaryTables(inverseFrequencies(config), positions, batch.rows, batch.tokens);
  const mask = options.mask ?? attentionMask(batch, P);
  const up = ({ data, shape, dtype }: HostTensor): Promise<Handle> => device.upload(data, shape, dtype);
  return {
    batch,
    adapter: options.adapter,
    dropout: options.dropout && options.dropout.rate > 0 ? options.dropout : undefined,
    past: options.past,
    P,
    common: { cos: await up(cos), sin: await up(sin), mask: await up(mask) },
  };
}

export function releaseFed(fed: Fed): void {
  for (const feed of Object.values(fed.common)) (feed as Handle).dispose();
}

/** The shape of a layer's programs for a fed batch. */
export function shapeOf({ config, store }: Runner, fed: Fed, layer: number): BlockShape {
  const { adapter, batch, P, dropout } = fed;
  const lora = adapter && { R: adapter.rank, scale: adapter.scale, targets: adapter.targets, dropout: dropout !== undefined };
  return blockShape(config, layer, { B: batch.rows, T: batch.tokens, P }, store.matrices, lora);
}

/** A layer's feeds besides x and dy: weights, rope, mask, cache, adapter and dropout masks. */
async function layerFeeds(runner: Runner, fed: Fed, layer: number, shape: BlockShape): Promise<Feeds> {
  const feeds: Feeds = { ...fed.common };
  for (const [part, handle] of await runner.store.layer(layer)) feeds[part] = handle;
  const past = fed.past?.[layer];
  if (past) {
    feeds['past.k'] = past.k;
    feeds['past.v'] = past.v;
  }
  if (fed.adapter) {
    for (const projection of fed.adapter.targets) {
      if (!hasProjection(shape, projection)) continue;
      const size = projectionSize(shape, projection);
      const { a, b } = fed.adapter.weights.get(`${layer}.${projection}`)!;
      feeds[`${projection}.a`] = { data: a, shape: [fed.adapter.rank, size.in], dtype: 'float32' };
      feeds[`${projection}.b`] = { data: b, shape: [size.out, fed.adapter.rank], dtype: 'float32' };
    }
    if (fed.dropout) Object.assign(feeds, dropoutMasks(fed.adapter, fed.dropout, layer, shape));
  }
  return feeds;
}

/**
 * Inverted-dropout masks for the activations that the adapters of a layer read: 0 with the given rate, else 1/(1-rate). Projections that
 * read one activation share its mask. A draw is half a word, so the rate is exact to 1/65536.
 */
function dropoutMasks(adapter: Adapter, { rate, seed, step }: Dropout, layer: number, shape: BlockShape): Feeds {
  const feeds: Feeds = {};
  const threshold = Math.round(rate * 65536);
  const keep = 65536 / (65536 - threshold);
  for (const name of Object.keys(LORA_INPUTS) as LoraInput[]) {
    const readers = LORA_INPUTS[name].filter((projection) => adapter.targets.includes(projection) && hasProjection(shape, projection));
    if (readers.length === 0) continue;
    const size = [shape.B * shape.T, projectionSize(shape, readers[0]!).in];
    const data = new Float32Array(size[0]! * size[1]!);
    const random = new RandomStream(seed, `dropout ${step} ${layer} ${name}`);
    const words = new Uint32Array(Math.ceil(data.length / 2));
    random.fill(words);
    const halves = new Uint16Array(words.buffer);
    for (let i = 0; i < data.length; i++) data[i] = halves[i]! < threshold ? 0 : keep;
    feeds[`dropout.${name}`] = { data, shape: size, dtype: 'float32' };
  }
  return feeds;
}

/** Runs one layer's program, named after what it does and everything its shape says. */
export async function runBlock(
  runner: Runner,
  fed: Fed,
  layer: number,
  what: string,
  build: (shape: BlockShape) => Record<string, Expr>,
  feeds: Feeds,
  fetch?: (output: string) => boolean,
): Promise<{ kept: Readonly<Record<string, Handle>>; fetched: Readonly<Record<string, Float32Array>>; shape: BlockShape }> {
  const shape = shapeOf(runner, fed, layer);
  const weights = await layerFeeds(runner, fed, layer, shape);
  try {
    const result = await runner.device.run(`${what} ${JSON.stringify(shape)}`, () => build(shape), { ...weights, ...feeds }, fetch);
    return { ...result, shape };
  } finally {
    runner.store.release(layer);
  }
}

/** A layer that has lost both sub-blocks is the identity. */
export const isIdentity = ({ config }: Runner, layer: number): boolean =>
  config.layers[layer]!.kvHeads === 0 && config.layers[layer]!.ffn === 0;

/**
 * Hidden states after the last block, [N,D]. With `keep`, also each block's input, for the backward sweep; all are the caller's to dispose.
 * With `cache`, called with each layer's keys and values.
 */
export async function forwardSweep(
  runner: Runner,
  fed: Fed,
  options: { readonly keep?: boolean; readonly cache?: (layer: number, kv: PastHandles) => void } = {},
): Promise<{ hidden: Handle; inputs: Handle[] }> {
  const { batch } = fed;
  const N = batch.rows * batch.tokens;
  let x = await runner.device.upload(runner.store.embed(batch.ids), [N, runner.config.hiddenSize], 'float32');
  const inputs: Handle[] = [];
  for (let layer = 0; layer < runner.config.layers.length; layer++) {
    if (options.keep) inputs.push(x);
    if (isIdentity(runner, layer)) continue;
    const what = options.cache ? 'forward+kv' : 'forward';
    const { kept } = await runBlock(runner, fed, layer, what, (shape) => forwardProgram(shape, options.cache !== undefined), { x });
    if (options.cache && kept['k'] && kept['v']) options.cache(layer, { k: kept['k'], v: kept['v'] });
    if (!options.keep) x.dispose();
    x = kept['y']!;
  }
  return { hidden: x, inputs };
}

/**
 * The backward sweep: from dHidden [N,D] down to the embeddings, handing each layer's gradients to `take` as they come.
 * Disposes the inputs and gradients it is given; returns the gradient at the embeddings when asked for.
 */
export async function backwardSweep(
  runner: Runner,
  fed: Fed,
  inputs: readonly Handle[],
  dHidden: Handle,
  kind: 'adapter' | 'weights',
  take: (layer: number, gradients: Readonly<Record<string, Float32Array>>) => void,
): Promise<Handle> {
  let dy = dHidden;
  const build = kind === 'adapter' ? backwardProgram : trainProgram;
  for (let layer = runner.config.layers.length - 1; layer >= 0; layer--) {
    const x = inputs[layer]!;
    if (isIdentity(runner, layer)) continue; // its input is its output, disposed by the layer above
    const { kept, fetched } = await runBlock(runner, fed, layer, kind, build, { x, dy }, (name) => name !== 'dx');
    take(layer, fetched);
    x.dispose();
    dy.dispose();
    dy = kept['dx']!;
  }
  return dy;
}
