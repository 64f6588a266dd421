// config.json as transformers 4 and 5, and Tailor itself, write it; and the sentences for broken ones.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../src/shared/errors.ts';
import type { LlamaConfig } from '../../src/shared/llama-config.ts';
import { parseLlamaConfig } from '../../src/shared/parse-config.ts';
import { countParameters, expectedTensors } from '../../src/shared/tensor-names.ts';
import { writeLlamaConfig } from '../../src/shared/write-config.ts';

const LLAMA_7B = {
  architectures: ['LlamaForCausalLM'],
  model_type: 'llama',
  hidden_size: 4096,
  intermediate_size: 11008,
  num_hidden_layers: 32,
  num_attention_heads: 32,
  hidden_act: 'silu',
  rms_norm_eps: 1e-6,
  vocab_size: 32000,
  bos_token_id: 1,
  eos_token_id: 2,
  torch_dtype: 'float16',
};
const LLAMA3 = { factor: 8, low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 8192 };
const LLAMA3_SCALING = { type: 'llama3', factor: 8, lowFreqFactor: 1, highFreqFactor: 4, originalMaxPositions: 8192 };

const parse = (changes: Record<string, unknown> = {}): LlamaConfig => parseLlamaConfig({ ...LLAMA_7B, ...changes }, 'llama-7b/config.json');

describe('what is read', () => {
  it('fills in what LLaMA-1 leaves out', () => {
    expect(parse()).toEqual({
      modelType: 'llama',
      hiddenSize: 4096,
      headSize: 128,
      vocabSize: 32000,
      layers: Array.from({ length: 32 }, () => ({ queryHeads: 32, kvHeads: 32, ffn: 11008 })),
      rmsNormEps: 1e-6,
      ropeTheta: 10000,
      ropeScaling: { type: 'default' },
      maxPositions: 2048,
      tieWordEmbeddings: false,
      attentionBias: false,
      outputBias: false,
      mlpBias: false,
      qkNorm: false,
      bosTokenId: 1,
      eosTokenIds: [2],
    });
  });

  it('counts the parameters of LLaMA-7B', () => {
    expect(countParameters(parse())).toBe(6_738_415_616);
  });

  it.each<[string, Record<string, unknown>, Partial<LlamaConfig>]>([
    [
      'v4 positions',
      { rope_theta: 5e5, rope_scaling: { rope_type: 'llama3', ...LLAMA3 } },
      { ropeTheta: 5e5, ropeScaling: LLAMA3_SCALING } as Partial<LlamaConfig>,
    ],
    [
      'v5 positions',
      { rope_parameters: { rope_theta: 5e5, rope_type: 'llama3', ...LLAMA3 } },
      { ropeTheta: 5e5, ropeScaling: LLAMA3_SCALING } as Partial<LlamaConfig>,
    ],
    ['the old name of the rope type', { rope_scaling: { type: 'linear', factor: 2 } }, { ropeScaling: { type: 'linear', factor: 2 } }],
    [
      'v5 default positions',
      { rope_parameters: { rope_theta: 1e4, rope_type: 'default' }, rope_scaling: null },
      { ropeScaling: { type: 'default' } },
    ],
    ['several end tokens', { eos_token_id: [128001, 128009] }, { eosTokenIds: [128001, 128009] }],
    ['no end token', { eos_token_id: null, bos_token_id: null }, { eosTokenIds: [], bosTokenId: undefined }],
    ['an explicit head width', { head_dim: 64 }, { headSize: 64 }],
    ['biases of LLaMA', { attention_bias: true, mlp_bias: true }, { attentionBias: true, outputBias: true, mlpBias: true }],
    [
      'Qwen2: biases on q, k and v only',
      { model_type: 'qwen2', sliding_window: 4096 },
      { attentionBias: true, outputBias: false, qkNorm: false },
    ],
    ['Qwen3: norms on queries and keys', { model_type: 'qwen3', head_dim: 128 }, { attentionBias: false, qkNorm: true }],
    ['Mistral without a window', { model_type: 'mistral', sliding_window: null }, { modelType: 'mistral' }],
  ])('%s', (_, changes, expected) => {
    expect(parse(changes)).toMatchObject(expected);
  });

  it('groups query heads', () => {
    expect(parse({ num_key_value_heads: 8 }).layers[0]).toEqual({ queryHeads: 32, kvHeads: 8, ffn: 11008 });
  });
});

describe('broken values', () => {
  it.each<[Record<string, unknown>, string]>([
    [{ num_key_value_heads: 5 }, 'llama-7b/config.json: num_attention_heads is 32 but num_key_value_heads is 5; it must divide 32'],
    [{ hidden_size: '4096' }, 'llama-7b/config.json: hidden_size is "4096"; expected a whole number from 1 to'],
    [{ vocab_size: undefined }, 'vocab_size is missing'],
    [{ num_hidden_layers: 1e9 }, 'num_hidden_layers is 1000000000; expected a whole number from 1 to 1024'],
    [{ hidden_size: 4100 }, 'num_attention_heads is 32 but hidden_size is 4100'],
    [{ head_dim: 5 }, 'the head width is 5; rotary positions need an even one'],
    [{ rms_norm_eps: 0 }, 'rms_norm_eps is 0; expected a number above 0'],
    [{ model_type: 'gpt2' }, 'model_type is "gpt2"; Tailor works on llama, mistral, qwen2, qwen3'],
    [{ hidden_act: 'gelu' }, 'hidden_act is "gelu"'],
    [{ rope_scaling: { rope_type: 'yarn', factor: 4 } }, 'llama-7b/config.json: rope_scaling: the rope type is "yarn"'],
    [{ rope_scaling: { rope_type: 'linear' } }, 'factor is missing'],
    [{ rope_scaling: { rope_type: 'llama3', ...LLAMA3, high_freq_factor: 1 } }, 'high_freq_factor is 1; it must exceed low_freq_factor'],
    [{ rope_parameters: 3 }, 'rope_parameters: expected a JSON object, found 3'],
    [{ rope_parameters: { partial_rotary_factor: 0.5 } }, 'partial_rotary_factor is 0.5'],
    [{ model_type: 'mistral' }, 'sliding_window is 4096'],
    [{ model_type: 'mistral', sliding_window: 1024 }, 'sliding_window is 1024'],
    [{ layer_types: ['full_attention', 'sliding_attention'] }, 'layer_types holds "sliding_attention"'],
    [{ quantization_config: { bits: 4 } }, 'quantization_config is present'],
    [{ tie_word_embeddings: 1 }, 'tie_word_embeddings is 1; expected true or false'],
    [{ eos_token_id: [2, 'x'] }, 'eos_token_id is [2,"x"]'],
    [{ pruning: { layers: [] } }, 'pruning.layers is 0 entries; expected one entry for each of the 32 layers'],
    [
      { num_hidden_layers: 1, pruning: { layers: [{ num_attention_heads: 6, num_key_value_heads: 4, intermediate_size: 3 }] } },
      'pruning.layers[0]: num_attention_heads is 6',
    ],
  ])('%j', (changes, message) => {
    const attempt = (): LlamaConfig => parse(changes);
    expect(attempt).toThrow(AppError);
    expect(attempt).toThrow(message);
  });

  it('nothing but an AppError comes of any JSON', () => {
    const keys = [
      ...Object.keys(LLAMA_7B),
      'head_dim',
      'rope_scaling',
      'rope_parameters',
      'pruning',
      'num_key_value_heads',
      'layer_types',
      'sliding_window',
    ];
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...keys), fc.jsonValue(), { maxKeys: 3 }), (changes) => {
        try {
          expect(expectedTensors(parse(changes)).length).toBeGreaterThan(0);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(AppError);
        }
      }),
    );
  });
});

describe('what is written', () => {
  const reread = (base: Record<string, unknown>, config: LlamaConfig): LlamaConfig =>
    parseLlamaConfig(JSON.parse(JSON.stringify(writeLlamaConfig(base, config, { pruning: { ratio: 0.5 } }))), 'out/config.json');

  it.each<[string, Record<string, unknown>]>([
    ['LLaMA', {}],
    ['LLaMA 3.1', { num_key_value_heads: 8, rope_theta: 5e5, rope_scaling: { rope_type: 'llama3', ...LLAMA3 }, eos_token_id: [1, 2] }],
    ['Qwen2', { model_type: 'qwen2', tie_word_embeddings: true }],
    ['Qwen3', { model_type: 'qwen3', head_dim: 128 }],
    ['Mistral', { model_type: 'mistral', sliding_window: null }],
  ])('is read back as it was: %s', (_, changes) => {
    const config = parse(changes);
    expect(reread({ ...LLAMA_7B, ...changes }, config)).toEqual(config);
    expect(reread({}, config)).toEqual(config);
  });

  it('says both spellings', () => {
    expect(writeLlamaConfig(LLAMA_7B, parse(), { dtype: 'BF16' })).toMatchObject({
      rope_theta: 10000,
      rope_scaling: null,
      rope_parameters: { rope_theta: 10000, rope_type: 'default' },
      torch_dtype: 'bfloat16',
      dtype: 'bfloat16',
    });
  });

  it('gives even widths as scalars with the head width, so that transformers can load them', () => {
    const config = { ...parse(), layers: Array.from({ length: 32 }, () => ({ queryHeads: 16, kvHeads: 16, ffn: 8192 })) };
    const json = writeLlamaConfig(LLAMA_7B, config, { pruning: { ratio: 0.5 } });
    expect(json).toMatchObject({
      num_attention_heads: 16,
      num_key_value_heads: 16,
      intermediate_size: 8192,
      head_dim: 128,
      pruning: { ratio: 0.5 },
    });
    expect(JSON.stringify(json)).not.toContain('"layers"');
    expect(reread(LLAMA_7B, config)).toEqual(config);
  });

  it('gives uneven widths layer by layer beside the base, and even ones again after another cut', () => {
    const narrow = { queryHeads: 24, kvHeads: 24, ffn: 8256 };
    const uneven = { ...parse(), layers: parse().layers.map((layer, i) => (i > 3 && i < 30 ? narrow : layer)) };
    const json = writeLlamaConfig(LLAMA_7B, uneven);
    expect(json).toMatchObject({ num_attention_heads: 32, intermediate_size: 11008 });
    expect(reread(LLAMA_7B, uneven)).toEqual(uneven);
    const even = { ...uneven, layers: uneven.layers.map(() => narrow) };
    expect(reread(json, even)).toEqual(even);
  });

  it('keeps absent sub-blocks absent', () => {
    const config = {
      ...parse(),
      layers: [
        { queryHeads: 0, kvHeads: 0, ffn: 8 },
        { queryHeads: 4, kvHeads: 2, ffn: 0 },
      ],
    };
    const names = expectedTensors(reread(LLAMA_7B, config)).map(({ name }) => name);
    expect(names.filter((name) => name.includes('layernorm'))).toEqual([
      'model.layers.0.post_attention_layernorm.weight',
      'model.layers.1.input_layernorm.weight',
    ]);
  });
});
