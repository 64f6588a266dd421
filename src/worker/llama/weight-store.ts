// How a model's weights reach the programs: the interface that resident, mapped, streamed and device stores share.
import type { LlamaConfig } from '../../shared/llama-config.ts';
import type { LayerPart } from '../../shared/tensor-names.ts';
import type { Handle } from '../graph/device.ts';

/** Where weights come from, one tensor at a time: an open checkpoint, or freshly drawn ones. */
export interface WeightSource {
  readonly config: LlamaConfig;
  readFloat32(name: string): Promise<Float32Array>;
  readFloat16(name: string): Promise<Uint16Array<ArrayBuffer>>;
}

export type LayerHandles = ReadonlyMap<LayerPart, Handle>;

export interface WeightStore extends AsyncDisposable {
  /** How matrices are held; norms and biases are always f32. */
  readonly matrices: 'float32' | 'float16';
  /** The tensors of a layer, on the device until `release`. */
  layer(index: number): Promise<LayerHandles>;
  release(index: number): void;
  /** Final norm [D] and lm_head [V,D] (the embedding itself when tied). */
  head(): Promise<{ readonly norm: Handle; readonly head: Handle }>;
  /** Embedding rows, [N,D]. */
  embed(ids: Int32Array): Float32Array;
  /** Every weight as an f32 host array that may be changed in place; throws when the store holds none. */
  host(): ReadonlyMap<string, Float32Array>;
  /** Takes up what was changed in `host()`. */
  refresh(): Promise<void>;
}
