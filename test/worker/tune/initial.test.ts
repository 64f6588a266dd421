// Adapters and weights at their start.
import { describe, expect, it } from 'vitest';
import type { LlamaConfig } from '../../../src/shared/llama-config.ts';
import { PROJECTIONS } from '../../../src/shared/recipe.ts';
import { initialWeights } from '../../../src/worker/tune/initial-weights.ts';
import { adapterParameters, adapterScale, createAdapter } from '../../../src/worker/tune/lora.ts';

const config: LlamaConfig = {
  modelType: 'llama',
  hiddenSize: 64,
  headSize: 8,
  vocabSize: 100,
  layers: [
    { queryHeads: 8, kvHeads: 4, ffn: 172 },
    { queryHeads: 4, kvHeads: 2, ffn: 0 },
  ],
  rmsNormEps: 1e-5,
  ropeTheta: 10000,
  ropeScaling: { type: 'default' },
  maxPositions: 64,
  tieWordEmbeddings: true,
  attentionBias: true,
  outputBias: false,
  mlpBias: false,
  qkNorm: false,
  bosTokenId: 1,
  eosTokenIds: [2],
};
const lora = { rank: 4, alpha: 16, dropout: 0, rsLora: false, targets: [...PROJECTIONS] };
const deviation = (values: Float32Array): number => Math.sqrt(values.reduce((sum, x) => sum + x * x, 0) / values.length);

describe('an adapter at its start', () => {
  const { weights } = createAdapter(config, lora, 7);

  it('has a pair for every projection that a layer has, shaped [R, in] and [out, R]', () => {
    expect([...weights.keys()]).toEqual([...PROJECTIONS.map((p) => `0.${p}`), ...PROJECTIONS.slice(0, 4).map((p) => `1.${p}`)]);
    expect(weights.get('0.down_proj')!.a).toHaveLength(4 * 172);
    expect(weights.get('0.down_proj')!.b).toHaveLength(64 * 4);
    expect(weights.get('1.k_proj')!.b).toHaveLength(16 * 4);
  });

  it('has B = 0 and A uniform within 1/√in', () => {
    for (const { a, b } of weights.values()) {
      expect(b.every((x) => x === 0)).toBe(true);
      const bound = 1 / Math.sqrt(a.length / 4);
      expect(Math.max(...a.map(Math.abs))).toBeLessThanOrEqual(bound);
      expect(deviation(a) / bound).toBeCloseTo(1 / Math.sqrt(3), 1); // that of a uniform distribution
    }
  });

  it('is the same for the same seed only', () => {
    const first = (seed: number): Float32Array => adapterParameters(createAdapter(config, lora, seed))[0]!.values;
    expect(first(7)).toEqual(weights.get('0.q_proj')!.a);
    expect(first(8)).not.toEqual(first(7));
  });

  it('scales by alpha/r, or alpha/√r for rsLoRA', () => {
    expect(adapterScale(lora)).toBe(4);
    expect(adapterScale({ ...lora, rsLora: true })).toBe(8);
  });

  it('is refused when no layer has a target', () => {
    const pruned = { ...config, layers: config.layers.map((layer) => ({ ...layer, ffn: 0 })) };
    expect(() => createAdapter(pruned, { ...lora, targets: ['up_proj'] }, 1)).toThrow(/up_proj.*choose other LoRA targets/);
  });
});

describe('weights to train from scratch', () => {
  const weights = initialWeights(config, 5);

  it('are normal with deviation 0.02, and 0.02/√(2L) where they write to the residual stream', () => {
    expect(deviation(weights.get('model.embed_tokens.weight')!)).toBeCloseTo(0.02, 3);
    expect(deviation(weights.get('model.layers.0.mlp.down_proj.weight')!)).toBeCloseTo(0.01, 3);
    expect(deviation(weights.get('model.layers.0.self_attn.o_proj.weight')!)).toBeCloseTo(0.01, 3);
  });

  it('have norms of 1 and biases of 0', () => {
    expect(new Set(weights.get('model.norm.weight'))).toEqual(new Set([1]));
    expect(new Set(weights.get('model.layers.0.self_attn.q_proj.bias'))).toEqual(new Set([0]));
  });
});
