// A small random model in memory, in any of the shapes that the family has.
import type { LlamaConfig } from '../../../src/shared/llama-config.ts';
import { RandomStream } from '../../../src/shared/random.ts';
import { expectedTensors } from '../../../src/shared/tensor-names.ts';
import type { Device } from '../../../src/worker/graph/device.ts';
import type { Batch, Counted } from '../../../src/worker/llama/batch.ts';
import type { LlamaModel } from '../../../src/worker/llama/model.ts';
import { openModelFrom, weightsInMemory } from '../../../src/worker/weights/open-model.ts';

export const TINY_CONFIG: LlamaConfig = {
  modelType: 'llama',
  hiddenSize: 16,
  headSize: 4,
  vocabSize: 40,
  layers: [
    { queryHeads: 4, kvHeads: 2, ffn: 24 },
    { queryHeads: 4, kvHeads: 2, ffn: 24 },
  ],
  rmsNormEps: 1e-5,
  ropeTheta: 10000,
  ropeScaling: { type: 'default' },
  maxPositions: 256,
  tieWordEmbeddings: true,
  attentionBias: false,
  outputBias: false,
  mlpBias: false,
  qkNorm: false,
  bosTokenId: 1,
  eosTokenIds: [2],
};

/** The shapes that the engine promises to serve. */
export const FAMILY: Readonly<Record<string, Partial<LlamaConfig>>> = {
  'grouped-query attention, tied embeddings': {},
  'layers of different widths': { layers: [TINY_CONFIG.layers[0]!, { queryHeads: 2, kvHeads: 1, ffn: 20 }] },
  'untied embeddings': { tieWordEmbeddings: false },
  'biases everywhere': { attentionBias: true, outputBias: true, mlpBias: true },
  'q/k norm': { qkNorm: true },
  'linear rope scaling': { ropeScaling: { type: 'linear', factor: 2 } },
  'llama3 rope scaling': { ropeScaling: { type: 'llama3', factor: 8, lowFreqFactor: 1, highFreqFactor: 4, originalMaxPositions: 16 } },
  'a layer without attention': { layers: [TINY_CONFIG.layers[0]!, { queryHeads: 0, kvHeads: 0, ffn: 20 }] },
  'a layer without FFN': { layers: [{ queryHeads: 4, kvHeads: 2, ffn: 0 }, TINY_CONFIG.layers[1]!] },
};

/** Weights large enough that every part of the model matters. */
export async function tinyModel(device: Device, change: Partial<LlamaConfig> = {}, weights: 'f32' | 'f16' = 'f32'): Promise<LlamaModel> {
  const config = { ...TINY_CONFIG, ...change };
  const drawn = expectedTensors(config).map(({ name, shape }): [string, Float32Array] => {
    const random = new RandomStream(7, name);
    const center = name.endsWith('norm.weight') ? 1 : 0;
    const size = shape.reduce((a, b) => a * b, 1);
    return [name, Float32Array.from({ length: size }, () => center + 0.3 * random.normal())];
  });
  return openModelFrom(weightsInMemory(config, new Map(drawn)), { device, weights, trainable: weights === 'f32' });
}

/** Rows of random tokens, one sequence each. */
export function plainBatch(rows: number, tokens: number, seed = 1): Batch {
  const random = new RandomStream(seed, 'tokens');
  const N = rows * tokens;
  const ids = Int32Array.from({ length: N }, () => random.integer(TINY_CONFIG.vocabSize));
  return { rows, tokens, ids, positions: ids.map((_, n) => n % tokens), sequence: new Int32Array(N), branch: new Int32Array(N) };
}

/** Every next-token prediction of a plain batch, equally weighted. */
export function countAll({ tokens, ids }: Batch): Counted {
  const at = Int32Array.from(ids.keys()).filter((n) => n % tokens !== tokens - 1);
  return { at, targets: at.map((n) => ids[n + 1]!), weights: new Float32Array(at.length).fill(1 / at.length) };
}
