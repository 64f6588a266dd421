// Opens a model for work: a checkpoint's weights, or freshly drawn ones, on a device, behind the driver interface.
import { totalmem } from 'node:os';
import type { LlamaConfig } from '../../shared/llama-config.ts';
import type { Machine } from '../../shared/recipe.ts';
import { countParameters } from '../../shared/tensor-names.ts';
import type { Device } from '../graph/device.ts';
import { makeLlama } from '../llama/llama.ts';
import type { LlamaModel } from '../llama/model.ts';
import type { WeightSource } from '../llama/weight-store.ts';
import { toFloat16 } from './dtype.ts';
import { openCheckpoint, type Checkpoint } from './checkpoint.ts';
import { openResident } from './resident.ts';

/** f32 weights are chosen while they fill at most this share of the machine's memory; beyond it they are kept as f16. */
const F32_SHARE = 0.5;

export interface OpenModelOptions {
  readonly device: Device;
  readonly weights?: Machine['weights'];
  /** The weights will be changed: f32, with host copies. */
  readonly trainable?: boolean;
}

/** How matrices will be held. Trainable weights are always f32. */
export function chooseResidency(
  config: LlamaConfig,
  { weights = 'auto', trainable = false }: Omit<OpenModelOptions, 'device'>,
): 'float32' | 'float16' {
  if (trainable || weights === 'f32') return 'float32';
  if (weights === 'f16') return 'float16';
  return countParameters(config) * 4 > totalmem() * F32_SHARE ? 'float16' : 'float32';
}

/** A model from any source of weights. Dispose it to free its weights; the device stays the caller's. */
export async function openModelFrom(source: WeightSource, options: OpenModelOptions): Promise<LlamaModel> {
  const store = await openResident(options.device, source, {
    matrices: chooseResidency(source.config, options),
    trainable: options.trainable ?? false,
  });
  return makeLlama(options.device, source.config, store);
}

/** A model from a checkpoint folder. Throws what `openCheckpoint` throws. */
export async function openModel(folder: string, options: OpenModelOptions): Promise<LlamaModel> {
  await using checkpoint: Checkpoint = await openCheckpoint(folder);
  return await openModelFrom(checkpoint, options); // awaited here, before the checkpoint is closed
}

/** Weights in memory as a source, such as a seeded initialisation; every tensor the config expects must be there. */
export function weightsInMemory(config: LlamaConfig, weights: ReadonlyMap<string, Float32Array>): WeightSource {
  const read = async (name: string): Promise<Float32Array> => weights.get(name)!;
  return { config, readFloat32: read, readFloat16: async (name) => toFloat16('F32', bytesOf(await read(name))) };
}

const bytesOf = (data: Float32Array): Uint8Array<ArrayBuffer> =>
  new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
