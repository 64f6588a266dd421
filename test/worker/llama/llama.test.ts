// The model's drivers obey their laws in every shape of the family: gradients, caches, packing, slicing.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../../src/shared/random.ts';
import { Device } from '../../../src/worker/graph/device.ts';
import type { Batch } from '../../../src/worker/llama/batch.ts';
import type { Adapter, LlamaModel } from '../../../src/worker/llama/model.ts';
import { createAdapter } from '../../../src/worker/tune/lora.ts';
import { FAMILY, TINY_CONFIG, countAll, plainBatch, tinyModel } from './tiny-model.ts';

let device: Device;
beforeAll(async () => {
  device = await Device.open('cpu', 2);
});
afterAll(() => device.dispose());

const SETTINGS = {
  rank: 3,
  alpha: 6,
  dropout: 0,
  rsLora: false,
  targets: ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'],
} as const;

/** An adapter whose B is not zero, so that it matters. */
function busyAdapter(model: LlamaModel): Adapter {
  const adapter = createAdapter(model.config, { ...SETTINGS, targets: [...SETTINGS.targets] }, 5);
  const random = new RandomStream(9, 'B');
  for (const { b } of adapter.weights.values()) for (let i = 0; i < b.length; i++) b[i] = 0.2 * random.normal();
  return adapter;
}

/**
 * Central difference of the loss along a direction near the gradient (each component stretched at random, the whole of length 1), and what
 * the gradients say of it: a strong signal, which f32 can measure, that any wrong component spoils.
 */
async function compareWithDifference(
  arrays: readonly Float32Array[],
  gradients: readonly Float32Array[],
  loss: () => Promise<number>,
): Promise<{ measured: number; expected: number }> {
  const random = new RandomStream(3, 'direction');
  const norm = Math.hypot(...gradients.map((gradient) => Math.hypot(...gradient)));
  const direction = gradients.map((gradient) => gradient.map((g) => (g * 2 * random.uniform()) / norm));
  const before = arrays.map((array) => array.slice());
  const h = 3e-3;
  const at = async (sign: number): Promise<number> => {
    arrays.forEach((array, k) => array.forEach((_, i) => (array[i] = before[k]![i]! + sign * h * direction[k]![i]!)));
    const value = await loss();
    arrays.forEach((array, k) => array.set(before[k]!));
    return value;
  };
  const measured = ((await at(1)) - (await at(-1))) / (2 * h);
  let expected = 0;
  gradients.forEach((gradient, k) => gradient.forEach((g, i) => (expected += g * direction[k]![i]!)));
  return { measured, expected };
}

const largestDifference = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((max, v, i) => Math.max(max, Math.abs(v - b[i]!)), 0);

describe.each(Object.entries(FAMILY))('a model with %s', (_, change) => {
  it('has the weight gradients that central differences measure', async () => {
    await using model = await tinyModel(device, change);
    const batch = plainBatch(2, 12);
    const counted = countAll(batch);
    const { gradients } = await model.weightGradients(batch, counted);
    const names = [...model.store.host().keys()];
    expect([...gradients.keys()].sort()).toEqual([...names].sort());
    const loss = async (): Promise<number> => -(await model.logProbs(batch, counted)).reduce((a, b) => a + b, 0) / counted.at.length;
    const { measured, expected } = await compareWithDifference(
      names.map((name) => model.store.host().get(name)!),
      names.map((name) => gradients.get(name)!),
      loss,
    );
    expect(Math.abs(measured - expected)).toBeLessThan(2e-3 * expected);
  });

  it('has the adapter gradients that central differences measure', async () => {
    await using model = await tinyModel(device, change);
    const adapter = busyAdapter(model);
    const batch = plainBatch(2, 12);
    const counted = countAll(batch);
    const { loss, gradients } = await model.adapterGradients(batch, counted, adapter);
    const keys = [...adapter.weights.keys()];
    const { measured, expected } = await compareWithDifference(
      keys.flatMap((key) => [adapter.weights.get(key)!.a, adapter.weights.get(key)!.b]),
      keys.flatMap((key) => [gradients.get(key)!.a, gradients.get(key)!.b]),
      async () => -(await model.logProbs(batch, counted, { adapter })).reduce((a, b) => a + b, 0) / counted.at.length,
    );
    expect(Math.abs(measured - expected)).toBeLessThan(2e-3 * expected);
    expect(loss.loss).toBeCloseTo(-(await model.logProbs(batch, counted, { adapter })).reduce((a, b) => a + b, 0) / counted.at.length, 5);
  });

  it('decodes token by token to the logits of the whole row', async () => {
    await using model = await tinyModel(device, change);
    const batch = plainBatch(1, 24);
    const adapter = busyAdapter(model);
    const whole = await model.logits(batch, Int32Array.of(20, 22, 23), { adapter });
    using decoder = await model.decoder(40, { adapter });
    const V = model.config.vocabSize;
    expect(largestDifference(await decoder.feed([...batch.ids.subarray(0, 21)]), whole.subarray(0, V))).toBeLessThan(1e-4);
    expect(largestDifference(await decoder.feed([...batch.ids.subarray(21, 23)]), whole.subarray(V, 2 * V))).toBeLessThan(1e-4);
    expect(largestDifference(await decoder.feed([batch.ids[23]!]), whole.subarray(2 * V))).toBeLessThan(1e-4);
    expect(decoder.length).toBe(24);
  });

  it('gives rows that continue a shared prefix the log-probabilities of whole rows', async () => {
    await using model = await tinyModel(device, change);
    const [P, T] = [10, 6];
    const shared = plainBatch(1, P, 4).ids;
    const tails = plainBatch(3, T, 5);
    const ids = new Int32Array(3 * (P + T));
    for (let b = 0; b < 3; b++) {
      ids.set(shared, b * (P + T));
      ids.set(tails.ids.subarray(b * T, (b + 1) * T), b * (P + T) + P);
    }
    const whole: Batch = { ...plainBatch(3, P + T), ids };
    const counted = countAll(tails);
    const inWhole = counted.at.map((n) => Math.floor(n / T) * (P + T) + P + (n % T));
    using prefix = await model.prefix(shared);
    const continued = await model.logProbs(tails, counted, { prefix });
    const separate = await model.logProbs(whole, { ...counted, at: inWhole });
    expect(largestDifference(continued, separate)).toBeLessThan(1e-4);
  });
});

describe('rows of several sequences', () => {
  it('a sequence in a packed row is scored as if it were alone', async () => {
    await using model = await tinyModel(device);
    const alone = plainBatch(1, 10);
    const ids = new Int32Array([...plainBatch(1, 7, 8).ids, ...alone.ids, 0, 0, 0]);
    const sequence = Int32Array.from(ids, (_, n) => (n < 7 ? 0 : n < 17 ? 1 : -1));
    const packed: Batch = {
      rows: 1,
      tokens: 20,
      ids,
      positions: ids.map((_, n) => (n < 7 ? n : n - 7)),
      sequence,
      branch: new Int32Array(20),
    };
    const counted = countAll(alone);
    const inPacked = await model.logProbs(packed, { ...counted, at: counted.at.map((n) => n + 7) });
    expect(largestDifference(inPacked, await model.logProbs(alone, counted))).toBeLessThan(1e-4);
  });

  it('branches see their context and not each other', async () => {
    await using model = await tinyModel(device);
    const [context, one, two] = [plainBatch(1, 6, 1).ids, plainBatch(1, 3, 2).ids, plainBatch(1, 4, 3).ids];
    const tree: Batch = {
      rows: 1,
      tokens: 13,
      ids: new Int32Array([...context, ...one, ...two]),
      positions: new Int32Array([0, 1, 2, 3, 4, 5, 6, 7, 8, 6, 7, 8, 9]),
      sequence: new Int32Array(13),
      branch: new Int32Array([0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 2]),
    };
    const path: Batch = { ...plainBatch(1, 10), ids: new Int32Array([...context, ...two]) };
    const inTree = await model.logits(tree, Int32Array.of(5, 9, 12));
    const alone = await model.logits(path, Int32Array.of(5, 6, 9));
    expect(largestDifference(inTree, alone)).toBeLessThan(1e-4);
  });
});

describe('f16 weights', () => {
  it('give nearly the log-probabilities of f32 weights', async () => {
    await using wide = await tinyModel(device);
    await using narrow = await tinyModel(device, {}, 'f16');
    const batch = plainBatch(2, 12);
    const difference = largestDifference(await wide.logProbs(batch, countAll(batch)), await narrow.logProbs(batch, countAll(batch)));
    expect(difference).toBeGreaterThan(0); // they really are narrower
    expect(difference).toBeLessThan(2e-2); // 11 bits of mantissa through two layers
  });
});

describe('adapters', () => {
  it('with B = 0 change nothing', async () => {
    await using model = await tinyModel(device);
    const adapter = createAdapter(model.config, { ...SETTINGS, targets: [...SETTINGS.targets] }, 5);
    const batch = plainBatch(2, 12);
    expect(largestDifference(await model.logProbs(batch, countAll(batch), { adapter }), await model.logProbs(batch, countAll(batch)))).toBe(
      0,
    );
  });

  it('see the same dropout mask again for the same seed and step, and another for another step', async () => {
    await using model = await tinyModel(device);
    const adapter = busyAdapter(model);
    const batch = plainBatch(2, 12);
    const loss = async (step: number): Promise<number> =>
      (await model.adapterGradients(batch, countAll(batch), adapter, { dropout: { rate: 0.3, seed: 1, step } })).loss.loss;
    expect(await loss(1)).toBe(await loss(1));
    expect(await loss(1)).not.toBe(await loss(2));
  });

  it('that follow a teacher equal to the student itself see no divergence', async () => {
    await using model = await tinyModel(device);
    const adapter = createAdapter(model.config, { ...SETTINGS, targets: [...SETTINGS.targets] }, 5);
    const batch = plainBatch(2, 12);
    const counted = countAll(batch);
    const hidden = await model.finalHidden(batch, counted.at);
    const teacher = { model, hidden, weight: 0.5, temperature: 2 };
    const { loss } = await model.adapterGradients(batch, counted, adapter, { teacher });
    expect(Math.abs(loss.divergence)).toBeLessThan(1e-6);
    expect(loss.loss).toBeCloseTo(0.5 * loss.crossEntropy, 5);
  });
});

it('refuses a decoder longer than the model has positions for', async () => {
  await using model = await tinyModel(device);
  await expect(model.decoder(TINY_CONFIG.maxPositions + 1)).rejects.toThrow('positions for 1 to 256');
});
