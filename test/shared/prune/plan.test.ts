// What a plan says, from a config alone: the published counts, worked out from the architecture.
import { describe, expect, it } from 'vitest';
import type { LlamaConfig } from '../../../src/shared/llama-config.ts';
import { choose } from '../../../src/shared/prune/choose.ts';
import { cutConfig, widthsOf } from '../../../src/shared/prune/groups.ts';
import { countMacs } from '../../../src/shared/prune/macs.ts';
import { loraParameters, makePlan, planCut } from '../../../src/shared/prune/plan.ts';
import { PROJECTIONS } from '../../../src/shared/recipe.ts';
import type { ChooseSettings } from '../../../src/shared/recipe.ts';
import { llama, llama3, llama7b, settings } from './configs.ts';

const ratio = (value: number, first?: number, last?: number): ChooseSettings =>
  settings({ target: { kind: 'ratio', ratio: value }, layers: first === undefined ? undefined : { first, last: last! } });
const plan = (config: LlamaConfig, wanted: ChooseSettings) => planCut(config, wanted, { dtypeBytes: 2 });
const possible = (config: LlamaConfig, wanted: ChooseSettings): string[] =>
  plan(config, wanted)
    .exports.filter((choice) => choice.possible)
    .map(({ target }) => target);

describe('the plan of LLaMA-7B', () => {
  it.each([
    { name: 'dense', wanted: ratio(0), parameters: 6_738_415_616, macs: '424.02', heads: 32, ffn: 11008, layers: 32 },
    {
      name: 'ratio 0.25 at layers 4-29',
      wanted: ratio(0.25, 4, 29),
      parameters: 5_422_977_024,
      macs: '339.60',
      heads: 24,
      ffn: 8256,
      layers: 26,
    },
    {
      name: 'ratio 0.5 at layers 4-29',
      wanted: ratio(0.5, 4, 29),
      parameters: 4_107_538_432,
      macs: undefined,
      heads: 16,
      ffn: 5504,
      layers: 26,
    },
    {
      name: 'ratio 0.5 at layers 3-30',
      wanted: ratio(0.5, 3, 30),
      parameters: 3_905_163_264,
      macs: undefined,
      heads: 16,
      ffn: 5504,
      layers: 28,
    },
    {
      name: 'ratio 0.6 at layers 3-30',
      wanted: ratio(0.6, 3, 30),
      parameters: 3_350_188_032,
      macs: '206.59',
      heads: 13,
      ffn: 4403,
      layers: 28,
    },
  ])('has the published counts: $name', ({ wanted, parameters, macs, heads, ffn, layers }) => {
    const found = plan(llama7b, wanted);
    expect(found.parameters).toBe(parameters);
    expect(found.parametersBefore).toBe(6_738_415_616);
    expect(found.trueReduction).toBeCloseTo(1 - parameters / 6_738_415_616, 12);
    expect([found.sizeBytes, found.f16WeightBytes]).toEqual([2 * parameters, 2 * parameters]);
    if (macs !== undefined) expect((found.macs / 1e9).toFixed(2)).toBe(macs);
    expect(found.widths.filter((layer) => layer.queryHeads === heads && layer.kvHeads === heads && layer.ffn === ffn)).toHaveLength(layers);
    expect(found.nominalRatio).toBe(wanted.target.kind === 'ratio' && wanted.target.ratio);
  });

  it('drops six layers for Shortened-LLaMA’s 20%, and does not claim to know which', () => {
    const found = plan(llama7b, settings({ unit: 'layer', target: { kind: 'parameters', fraction: 0.18 } }));
    expect(found.parameters).toBe(5_524_115_456);
    expect(found.removedLayers).toBe('unknown');
    expect(found.widths.map(({ layer }) => layer)).toEqual(Array(26).fill('unknown'));
    const drawn = planCut(llama7b, settings({ unit: 'layer', target: { kind: 'parameters', fraction: 0.18 } }), {
      dtypeBytes: 2,
      randomSeed: 1,
    });
    expect(drawn.parameters).toBe(5_524_115_456);
    expect(drawn.removedLayers).toHaveLength(6);
  });

  it('cuts hidden channels everywhere at once', () => {
    const found = plan(llama7b, settings({ unit: 'hidden', target: { kind: 'ratio', ratio: 0.2 } }));
    expect(found.hiddenSize).toBe(3276);
    expect(found.parameters / 1e9).toBeCloseTo(5.39, 2);
    expect(found.parameters).toBe((6_738_415_616 / 4096) * 3276);
  });

  it('has LoRA adapters of the published sizes', () => {
    expect(loraParameters(llama7b, 8, [...PROJECTIONS])).toBe(19_988_480);
    const wanted = ratio(0.25, 4, 29);
    const pruned = cutConfig(llama7b, widthsOf(llama7b, choose(llama7b, { randomSeed: 0 }, wanted, { dtypeBytes: 2 })));
    expect(loraParameters(pruned, 8, [...PROJECTIONS])).toBe(17_419_264);
    expect(loraParameters(llama7b, 4, ['q_proj', 'v_proj'])).toBe(32 * 2 * 4 * 8192);
  });
});

describe('the plan of other shapes', () => {
  it('cuts whole KV groups of Llama 3 with their query heads', () => {
    const found = plan(llama3, ratio(0.25));
    expect(found.parametersBefore).toBe(8_030_261_248);
    expect(new Set(found.widths.map(({ queryHeads, kvHeads, ffn }) => `${queryHeads}/${kvHeads}/${ffn}`))).toEqual(new Set(['24/6/10752']));
    const perLayer = 2 * 1024 * 4096 + 2 * 256 * 4096 + 3 * 3584 * 4096;
    expect(found.parameters).toBe(8_030_261_248 - 32 * perLayer);
  });

  it('counts tied embeddings once and biases with their channels', () => {
    const config = llama(
      { D: 16, E: 4, V: 50, L: 2, H: 4, K: 2, F: 20 },
      { tieWordEmbeddings: true, attentionBias: true, outputBias: true, mlpBias: true },
    );
    const layer = (H: number, K: number, F: number): number =>
      32 + H * 4 * 17 + 2 * K * 4 * 17 + 16 * H * 4 + 16 + 2 * F * 17 + 16 * F + 16;
    expect(plan(config, ratio(0)).parameters).toBe(50 * 16 + 16 + 2 * layer(4, 2, 20));
    expect(plan(config, ratio(0.5)).parameters).toBe(50 * 16 + 16 + 2 * layer(2, 1, 10));
  });

  it('counts MACs of biases, head norms and shared key/value heads', () => {
    const [D, E, V, H, K, F, T] = [16, 4, 50, 4, 2, 20, 8];
    const config = llama({ D, E, V, L: 1, H, K, F }, { attentionBias: true, outputBias: true, mlpBias: true, qkNorm: true });
    const linear = 2 * H * E * D + 2 * K * E * D + 3 * D * F + V * D;
    const biases = H * E + 2 * K * E + D + 2 * F + D;
    const norms = 2 * (3 * D + (H + K) * E);
    const rotary = 2 * (H + K) * E;
    expect(countMacs(config, T)).toBe(T * (linear + biases + norms + rotary + F) + H * (2 * T * T * E + T * T));
  });

  it('takes indices and widths alike', () => {
    const wanted = ratio(0.3, 0, 1);
    const config = llama({ D: 24, E: 4, V: 30, L: 3, H: 6, K: 3, F: 33 });
    const kept = choose(config, { randomSeed: 3 }, wanted, { dtypeBytes: 4 });
    const options = { dtypeBytes: 4, settings: wanted };
    expect(makePlan(config, kept, options)).toEqual(makePlan(config, widthsOf(config, kept), options));
  });
});

describe('the exports that stay possible', () => {
  it.each([
    { name: 'the whole model', config: llama7b, wanted: ratio(0), exports: ['tailored', 'huggingface', 'gguf-llama', 'gguf-deci'] },
    { name: 'uneven layers', config: llama7b, wanted: ratio(0.25, 4, 29), exports: ['tailored', 'gguf-deci'] },
    { name: '24 heads, which do not divide 4096', config: llama7b, wanted: ratio(0.25), exports: ['tailored', 'gguf-llama', 'gguf-deci'] },
    {
      name: '16 heads in every layer',
      config: llama7b,
      wanted: ratio(0.5),
      exports: ['tailored', 'huggingface', 'gguf-llama', 'gguf-deci'],
    },
    {
      name: 'uniform widths by request',
      config: llama7b,
      wanted: settings({ target: { kind: 'parameters', fraction: 0.2 }, uniform: true }),
      exports: ['tailored', 'huggingface', 'gguf-llama', 'gguf-deci'],
    },
    {
      name: 'a model with biases',
      config: { ...llama7b, modelType: 'qwen2', attentionBias: true },
      wanted: ratio(0, 0, 1),
      exports: ['tailored', 'huggingface', 'gguf-llama', 'gguf-deci'],
    },
    {
      name: 'whole layers, which leaves the others alike',
      config: { ...llama7b, layers: llama7b.layers.with(3, { queryHeads: 0, kvHeads: 0, ffn: 0 }) },
      wanted: ratio(0),
      exports: ['tailored', 'gguf-llama', 'gguf-deci'],
    },
    {
      name: 'a model with head norms',
      config: { ...llama7b, modelType: 'qwen3', qkNorm: true },
      wanted: ratio(0.5),
      exports: ['tailored', 'huggingface'],
    },
  ])('$name', ({ config, wanted, exports }) => {
    expect(possible(config, wanted)).toEqual(exports);
  });

  it('says why not', () => {
    const [, huggingface] = plan(llama7b, ratio(0.25)).exports;
    expect(huggingface!.why).toMatch(/24 heads do not divide the hidden size 4096/);
  });
});
