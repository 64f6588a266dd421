// The resident weight store: the whole model on the device, f32, or f16 that programs widen as they read.
import type { LlamaConfig } from '../../shared/llama-config.ts';
import { EMBEDDING, FINAL_NORM, HEAD, expectedTensors, type LayerPart } from '../../shared/tensor-names.ts';
import type { Device, Handle } from '../graph/device.ts';
import type { LayerHandles, WeightSource, WeightStore } from '../llama/weight-store.ts';
import { toFloat32 } from './dtype.ts';

export interface ResidentOptions {
  readonly matrices: 'float32' | 'float16';
  /** Keep f32 copies on the host that may be changed: for training weights. On the CPU the copies are the weights. */
  readonly trainable?: boolean;
}

/** Reads every tensor once, one at a time, onto the device. Trainable weights must be f32. */
export async function openResident(
  device: Device,
  source: WeightSource,
  { matrices, trainable = false }: ResidentOptions,
): Promise<WeightStore> {
  const { config } = source;
  const keepHost = trainable || (device.kind === 'cpu' && matrices === 'float32');
  const host = new Map<string, Float32Array>();
  const handles = new Map<string, Handle>();
  let embedding: Float32Array | Uint16Array<ArrayBuffer> | undefined;
  for (const { name, shape } of expectedTensors(config)) {
    const narrow = matrices === 'float16' && shape.length === 2;
    const data = narrow ? await source.readFloat16(name) : await source.readFloat32(name);
    if (name === EMBEDDING) embedding = data;
    if (keepHost && data instanceof Float32Array) host.set(name, data);
    // An untied embedding is only ever read by rows, on the host.
    if (name !== EMBEDDING || config.tieWordEmbeddings) handles.set(name, await device.upload(data, shape, narrow ? 'float16' : 'float32'));
  }
  return new Resident(device, config, matrices, host, handles, embedding!, keepHost);
}

class Resident implements WeightStore {
  readonly matrices: 'float32' | 'float16';
  readonly #device: Device;
  readonly #config: LlamaConfig;
  readonly #host: Map<string, Float32Array>;
  readonly #handles: Map<string, Handle>;
  readonly #embedding: Float32Array | Uint16Array<ArrayBuffer>;
  readonly #keepHost: boolean;
  #layers: Map<LayerPart, Handle>[] = [];

  constructor(
    device: Device,
    config: LlamaConfig,
    matrices: 'float32' | 'float16',
    host: Map<string, Float32Array>,
    handles: Map<string, Handle>,
    embedding: Float32Array | Uint16Array<ArrayBuffer>,
    keepHost: boolean,
  ) {
    this.#device = device;
    this.#config = config;
    this.matrices = matrices;
    this.#host = host;
    this.#handles = handles;
    this.#embedding = embedding;
    this.#keepHost = keepHost;
    this.#arrange();
  }

  #arrange(): void {
    this.#layers = this.#config.layers.map(() => new Map());
    for (const { name, layer, part } of expectedTensors(this.#config))
      if (layer !== undefined) this.#layers[layer]!.set(part!, this.#handles.get(name)!);
  }

  async layer(index: number): Promise<LayerHandles> {
    return this.#layers[index]!;
  }

  release(): void {
    // Resident weights stay.
  }

  async head(): Promise<{ norm: Handle; head: Handle }> {
    return { norm: this.#handles.get(FINAL_NORM)!, head: this.#handles.get(this.#config.tieWordEmbeddings ? EMBEDDING : HEAD)! };
  }

  embed(ids: Int32Array): Float32Array {
    const D = this.#config.hiddenSize;
    const rows = new Float32Array(ids.length * D);
    ids.forEach((id, n) => {
      const row = this.#embedding.subarray(id * D, (id + 1) * D);
      rows.set(row instanceof Float32Array ? row : toFloat32('F16', new Uint8Array(row.buffer, row.byteOffset, row.byteLength)), n * D);
    });
    return rows;
  }

  host(): ReadonlyMap<string, Float32Array> {
    if (!this.#keepHost || this.matrices !== 'float32') throw new Error('this store was not opened as trainable f32');
    return this.#host;
  }

  async refresh(): Promise<void> {
    if (this.#device.kind === 'cpu') return; // the programs read the host arrays themselves
    for (const { name, shape } of expectedTensors(this.#config)) {
      const old = this.#handles.get(name);
      if (old === undefined) continue;
      old.dispose();
      this.#handles.set(name, await this.#device.upload(this.#host.get(name)!, shape, 'float32'));
    }
    this.#arrange();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const handle of this.#handles.values()) handle.dispose();
    this.#handles.clear();
  }
}
