// A LLaMA-family model on a device: the drivers behind the LlamaModel interface.
import { AppError } from '../../shared/errors.ts';
import type { LlamaConfig } from '../../shared/llama-config.ts';
import { EMBEDDING, FINAL_NORM, HEAD, layerTensor, type LayerPart } from '../../shared/tensor-names.ts';
import type { Device, Handle } from '../graph/device.ts';
import type { Batch, Counted } from './batch.ts';
import { CachedDecoder } from './decoder.ts';
import { headLogProbs, headLogits, headLoss } from './head-sweep.ts';
import type { Adapter, Decoder, Dropout, LlamaModel, Loss, Prefix, Teacher } from './model.ts';
import { backwardSweep, feedBatch, forwardSweep, releaseFed, type Fed, type PastHandles } from './sweep.ts';
import type { WeightStore } from './weight-store.ts';

class CachedPrefix implements Prefix {
  readonly tokens: number;
  readonly past: readonly (PastHandles | undefined)[];

  constructor(tokens: number, past: readonly (PastHandles | undefined)[]) {
    this.tokens = tokens;
    this.past = past;
  }

  [Symbol.dispose](): void {
    for (const kv of this.past) {
      kv?.k.dispose();
      kv?.v.dispose();
    }
  }
}

/** Opens the drivers over a weight store; the model owns the store, not the device. */
export function makeLlama(device: Device, config: LlamaConfig, store: WeightStore): LlamaModel {
  return new Llama(device, config, store);
}

class Llama implements LlamaModel {
  readonly device: Device;
  readonly config: LlamaConfig;
  readonly store: WeightStore;

  constructor(device: Device, config: LlamaConfig, store: WeightStore) {
    this.device = device;
    this.config = config;
    this.store = store;
  }

  async logProbs(batch: Batch, counted: Counted, options: { adapter?: Adapter; prefix?: Prefix } = {}): Promise<Float32Array> {
    return this.#withHidden(batch, options, (hidden) => headLogProbs(this, hidden, counted.at, counted.targets));
  }

  async logits(batch: Batch, at: Int32Array, options: { adapter?: Adapter; prefix?: Prefix } = {}): Promise<Float32Array> {
    return this.#withHidden(batch, options, (hidden) => headLogits(this, hidden, at));
  }

  async finalHidden(batch: Batch, at: Int32Array, options: { adapter?: Adapter } = {}): Promise<Float32Array> {
    return this.#withHidden(batch, options, async (hidden) => {
      const all = await this.device.download(hidden);
      const D = this.config.hiddenSize;
      const out = new Float32Array(at.length * D);
      at.forEach((place, m) => out.set(all.subarray(place * D, (place + 1) * D), m * D));
      return out;
    });
  }

  async prefix(ids: Int32Array, options: { adapter?: Adapter } = {}): Promise<Prefix> {
    const batch = singleRow(ids);
    const fed = await feedBatch(this, batch, options);
    const past: (PastHandles | undefined)[] = this.config.layers.map(() => undefined);
    const { hidden } = await forwardSweep(this, fed, { cache: (layer, kv) => (past[layer] = kv) });
    hidden.dispose();
    releaseFed(fed);
    return new CachedPrefix(ids.length, past);
  }

  async adapterGradients(
    batch: Batch,
    counted: Counted,
    adapter: Adapter,
    options: { dropout?: Dropout; teacher?: Teacher } = {},
  ): Promise<{ loss: Loss; gradients: Map<string, { a: Float32Array; b: Float32Array }> }> {
    const gradients = new Map<string, { a: Float32Array; b: Float32Array }>();
    const fed = await feedBatch(this, batch, { adapter, dropout: options.dropout });
    const { loss, dEmbedding } = await this.#backward(fed, counted, options.teacher, 'adapter', (layer, found) => {
      for (const projection of adapter.targets) {
        const [a, b] = [found[`d ${projection}.a`], found[`d ${projection}.b`]];
        if (a && b) gradients.set(`${layer}.${projection}`, { a, b });
      }
    });
    dEmbedding.dispose();
    return { loss, gradients };
  }

  async weightGradients(
    batch: Batch,
    counted: Counted,
    options: { teacher?: Teacher } = {},
  ): Promise<{ loss: Loss; gradients: Map<string, Float32Array> }> {
    const gradients = new Map<string, Float32Array>();
    const fed = await feedBatch(this, batch, {});
    const { loss, dEmbedding, dNorm, dHead } = await this.#backward(fed, counted, options.teacher, 'weights', (layer, found) => {
      for (const [name, gradient] of Object.entries(found)) gradients.set(layerTensor(layer, name.slice(2) as LayerPart), gradient);
    });
    const D = this.config.hiddenSize;
    // Tied embeddings are one weight: what the head says of it and what the rows that were read say of it are added.
    const embedding = this.config.tieWordEmbeddings ? dHead! : new Float32Array(this.config.vocabSize * D);
    const rows = await this.device.download(dEmbedding);
    batch.ids.forEach((id, n) => {
      for (let i = 0; i < D; i++) embedding[id * D + i]! += rows[n * D + i]!;
    });
    dEmbedding.dispose();
    gradients.set(EMBEDDING, embedding);
    gradients.set(FINAL_NORM, dNorm!);
    if (!this.config.tieWordEmbeddings) gradients.set(HEAD, dHead!);
    return { loss, gradients };
  }

  async #backward(
    fed: Fed,
    counted: Counted,
    teacher: Teacher | undefined,
    kind: 'adapter' | 'weights',
    take: (layer: number, gradients: Readonly<Record<string, Float32Array>>) => void,
  ): Promise<{ loss: Loss; dEmbedding: Handle; dNorm: Float32Array | undefined; dHead: Float32Array | undefined }> {
    const { hidden, inputs } = await forwardSweep(this, fed, { keep: true });
    const { loss, dHidden, dNorm, dHead } = await headLoss(this, hidden, counted, teacher, kind === 'weights');
    hidden.dispose();
    const dEmbedding = await backwardSweep(this, fed, inputs, dHidden, kind, take);
    releaseFed(fed);
    return { loss, dEmbedding, dNorm, dHead };
  }

  async #withHidden<T>(
    batch: Batch,
    { adapter, prefix }: { adapter?: Adapter; prefix?: Prefix },
    read: (hidden: Handle) => Promise<T>,
  ): Promise<T> {
    const before = prefix as CachedPrefix | undefined;
    const fed = await feedBatch(this, batch, { adapter, past: before?.past, P: before?.tokens ?? 0 });
    const { hidden } = await forwardSweep(this, fed);
    const result = await read(hidden);
    hidden.dispose();
    releaseFed(fed);
    return result;
  }

  async decoder(capacity: number, options: { adapter?: Adapter } = {}): Promise<Decoder> {
    if (capacity < 1 || capacity > this.config.maxPositions)
      throw new AppError(
        'bad-input',
        `A decoder of ${capacity} tokens was asked for, but this model has positions for 1 to ${this.config.maxPositions}.`,
      );
    return CachedDecoder.open(this, capacity, options.adapter);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.store[Symbol.asyncDispose]();
  }
}

/** One row that holds one sequence, positions from 0. */
export function singleRow(ids: Int32Array): Batch {
  const tokens = ids.length;
  return { rows: 1, tokens, ids, positions: Int32Array.from(ids.keys()), sequence: new Int32Array(tokens), branch: new Int32Array(tokens) };
}
