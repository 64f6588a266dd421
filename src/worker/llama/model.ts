// The driver interface of a model: what tuning, scoring and evaluation may ask of it, on any device and from any weight store.
import type { LlamaConfig } from '../../shared/llama-config.ts';
import type { Projection } from '../../shared/recipe.ts';
import type { Device } from '../graph/device.ts';
import type { Batch, Counted } from './batch.ts';
import type { WeightStore } from './weight-store.ts';

/** LoRA weights on the host: W' = W + scale·B·A, `A` [R, in], `B` [out, R]. Keyed `${layer}.${projection}`. */
export interface Adapter {
  readonly rank: number;
  readonly scale: number;
  readonly targets: readonly Projection[];
  readonly weights: ReadonlyMap<string, { readonly a: Float32Array; readonly b: Float32Array }>;
}

/** Dropout on the adapter's input; its masks are a function of (seed, step, layer), so recomputation and resumption see the same ones. */
export interface Dropout {
  readonly rate: number;
  readonly seed: number;
  readonly step: number;
}

/**
 * The unpruned model's final hidden states (before its last norm) at the counted places, [M, D'], and the model whose head reads them;
 * it must be on the same device.
 */
export interface Teacher {
  readonly model: LlamaModel;
  readonly hidden: Float32Array;
  readonly weight: number;
  readonly temperature: number;
}

export interface Loss {
  /** The loss that was differentiated: Σ weights·CE, or its mix with the distillation term. */
  readonly loss: number;
  readonly crossEntropy: number;
  readonly divergence: number;
}

/** Keys and values of a common beginning, kept on the device; every row of a batch may continue it. */
export interface Prefix extends Disposable {
  readonly tokens: number;
}

export interface LlamaModel extends AsyncDisposable {
  readonly config: LlamaConfig;
  readonly device: Device;
  readonly store: WeightStore;
  /** log P(target) at each counted place, [N]. With a prefix, positions in the batch go on from its end. */
  logProbs(batch: Batch, counted: Counted, options?: { adapter?: Adapter; prefix?: Prefix }): Promise<Float32Array>;
  /** Logits at the given flat places, [N, V]. */
  logits(batch: Batch, at: Int32Array, options?: { adapter?: Adapter; prefix?: Prefix }): Promise<Float32Array>;
  /** Hidden states after the last block, before the final norm, at the given flat places, [N, D]. */
  finalHidden(batch: Batch, at: Int32Array, options?: { adapter?: Adapter }): Promise<Float32Array>;
  /** Runs a beginning once for many rows. */
  prefix(ids: Int32Array, options?: { adapter?: Adapter }): Promise<Prefix>;
  /** Loss and the gradients of every adapter weight, keyed and shaped as `adapter.weights`. */
  adapterGradients(
    batch: Batch,
    counted: Counted,
    adapter: Adapter,
    options?: { dropout?: Dropout; teacher?: Teacher },
  ): Promise<{ loss: Loss; gradients: Map<string, { a: Float32Array; b: Float32Array }> }>;
  /** Loss and the gradient of every weight, keyed by checkpoint tensor name (tied embeddings: one entry, under embed_tokens). */
  weightGradients(
    batch: Batch,
    counted: Counted,
    options?: { teacher?: Teacher },
  ): Promise<{ loss: Loss; gradients: Map<string, Float32Array> }>;
  /** A token-by-token decoder with a key/value cache of `capacity` tokens. */
  decoder(capacity: number, options?: { adapter?: Adapter }): Promise<Decoder>;
}

export interface Decoder extends Disposable {
  /** Feeds tokens after what was fed before; returns the logits [V] that follow the last one. Throws AppError `bad-input` past the capacity. */
  feed(ids: readonly number[]): Promise<Float32Array>;
  readonly length: number;
}
