// Token-by-token decoding with a key/value cache that stays on the device.
import { AppError } from '../../shared/errors.ts';
import type { HostTensor } from '../graph/device.ts';
import { decodeProgram } from './block.ts';
import { headLogits } from './head-sweep.ts';
import type { Adapter, Decoder } from './model.ts';
import { decodeMask } from './positions.ts';
import { feedBatch, isIdentity, releaseFed, runBlock, type PastHandles, type Runner } from './sweep.ts';

/** Tokens fed at once: a step of generation, or a stretch of the prompt (filled up and masked). */
const WIDTHS = [1, 16, 64] as const;
/** Caches are rounded up to this, so that few shapes compile. */
const CAPACITY_MULTIPLE = 64;

export class CachedDecoder implements Decoder {
  readonly #runner: Runner;
  readonly #adapter: Adapter | undefined;
  readonly #capacity: number;
  readonly #past: (PastHandles | undefined)[];
  #length = 0;

  private constructor(runner: Runner, adapter: Adapter | undefined, capacity: number, past: (PastHandles | undefined)[]) {
    this.#runner = runner;
    this.#adapter = adapter;
    this.#capacity = capacity;
    this.#past = past;
  }

  /** An empty cache of at least `capacity` tokens. */
  static async open(runner: Runner, capacity: number, adapter: Adapter | undefined): Promise<CachedDecoder> {
    const { device, config } = runner;
    const P = Math.ceil(capacity / CAPACITY_MULTIPLE) * CAPACITY_MULTIPLE;
    const past: (PastHandles | undefined)[] = [];
    for (const { kvHeads: K } of config.layers) {
      const shape = [1, K, P, config.headSize];
      const zeros = (): Promise<PastHandles['k']> => device.upload(new Float32Array(K * P * config.headSize), shape, 'float32');
      past.push(K > 0 ? { k: await zeros(), v: await zeros() } : undefined);
    }
    return new CachedDecoder(runner, adapter, P, past);
  }

  get length(): number {
    return this.#length;
  }

  async feed(ids: readonly number[]): Promise<Float32Array> {
    if (ids.length === 0) throw new AppError('bad-input', 'Nothing was fed: a decoder needs at least one token.');
    if (this.#length + ids.length > this.#capacity)
      throw new AppError(
        'bad-input',
        `${this.#length} + ${ids.length} tokens do not fit the decoder's ${this.#capacity}; shorten the prompt or ask for fewer tokens.`,
      );
    let logits = new Float32Array();
    for (let start = 0; start < ids.length;) {
      const left = ids.length - start;
      const T = WIDTHS.find((width) => width >= left) ?? WIDTHS.at(-1)!;
      const count = Math.min(T, left);
      const last = start + count === ids.length;
      logits = (await this.#step(ids.slice(start, start + count), T, last)) ?? logits;
      start += count;
    }
    return logits;
  }

  async #step(ids: readonly number[], T: number, wantLogits: boolean): Promise<Float32Array<ArrayBuffer> | undefined> {
    const { device, config, store } = this.#runner;
    const P = this.#capacity;
    const filled = this.#length;
    const padded = Int32Array.from({ length: T }, (_, t) => ids[t] ?? 0);
    const batch = { rows: 1, tokens: T, ids: padded, positions: padded.map((_, t) => t), sequence: padded, branch: padded };
    const fed = await feedBatch(this.#runner, batch, {
      adapter: this.#adapter,
      P,
      offset: filled,
      past: this.#past,
      mask: decodeMask(filled, P, T),
    });
    const select: HostTensor = { data: new Float32Array(T * P), shape: [1, 1, T, P], dtype: 'float32' };
    ids.forEach((_, t) => (select.data[t * P + filled + t] = 1));
    let x = await device.upload(store.embed(padded), [T, config.hiddenSize], 'float32');
    for (let layer = 0; layer < config.layers.length; layer++) {
      if (isIdentity(this.#runner, layer)) continue;
      const { kept } = await runBlock(this.#runner, fed, layer, 'decode', decodeProgram, { x, select });
      x.dispose();
      x = kept['y']!;
      const before = this.#past[layer];
      if (before === undefined) continue;
      before.k.dispose();
      before.v.dispose();
      this.#past[layer] = { k: kept['past.k']!, v: kept['past.v']! };
    }
    this.#length += ids.length;
    const logits = wantLogits ? await headLogits(this.#runner, x, Int32Array.of(ids.length - 1)) : undefined;
    x.dispose();
    releaseFed(fed);
    return logits as Float32Array<ArrayBuffer> | undefined;
  }

  [Symbol.dispose](): void {
    for (const kv of this.#past) {
      kv?.k.dispose();
      kv?.v.dispose();
    }
  }
}
