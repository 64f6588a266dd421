// Reads a checkpoint's config.json, as transformers 4 and 5 write it, into a checked LlamaConfig.
import { AppError } from './errors.ts';
import type { LayerShape, LlamaConfig, RopeScaling } from './llama-config.ts';

/** Far above any published model; keeps a lying config from asking for absurd tables. */
const LIMITS = { layers: 1024, width: 1 << 20, heads: 4096, vocabulary: 1 << 22, positions: 1 << 28 } as const;

const MODEL_TYPES = ['llama', 'mistral', 'qwen2', 'qwen3'] as const;
type ModelType = (typeof MODEL_TYPES)[number];

type Json = Readonly<Record<string, unknown>>;

/** Reads single fields of one JSON object; every complaint names the file and the field. */
interface Fields {
  readonly json: Json;
  fail(sentence: string): never;
  integer(key: string, limit: number, fallback?: number, least?: number): number;
  positive(key: string, fallback?: number): number;
  flag(key: string, fallback: boolean): boolean;
}

function fieldsOf(json: unknown, where: string): Fields {
  const fail = (sentence: string): never => {
    throw new AppError('bad-model', `${where}: ${sentence}`);
  };
  if (!isObject(json)) return fail(`expected a JSON object, found ${show(json)}`);
  return {
    json,
    fail,
    integer(key, limit, fallback, least = 1) {
      const value = json[key] ?? fallback;
      if (Number.isInteger(value) && (value as number) >= least && (value as number) <= limit) return value as number;
      return fail(`${key} is ${show(value)}; expected a whole number from ${least} to ${limit}`);
    },
    positive(key, fallback) {
      const value = json[key] ?? fallback;
      if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value;
      return fail(`${key} is ${show(value)}; expected a number above 0`);
    },
    flag(key, fallback) {
      const value = json[key] ?? fallback;
      return typeof value === 'boolean' ? value : fail(`${key} is ${show(value)}; expected true or false`);
    },
  };
}

/**
 * Reads a parsed config.json. `where` names the file in messages, such as "llama-7b/config.json".
 * Understands LLaMA, Mistral without a sliding window, Qwen2 and Qwen3; v4 and v5 spelling; and our `pruning.layers`, the widths of
 * each layer of an unevenly pruned model. Throws AppError `bad-model` with the field, what was found, and what was expected.
 */
export function parseLlamaConfig(json: unknown, where: string): LlamaConfig {
  const fields = fieldsOf(json, where);
  const { fail, integer } = fields;
  const modelType = fields.json['model_type'] as ModelType;
  if (!MODEL_TYPES.includes(modelType)) {
    fail(`model_type is ${show(modelType)}; Tailor works on ${MODEL_TYPES.join(', ')} models`);
  }
  refuseUnsupported(fields, modelType);
  const hiddenSize = integer('hidden_size', LIMITS.width);
  const scalars = readScalarWidths(fields);
  if (isAbsent(fields.json['head_dim']) && hiddenSize % scalars.queryHeads !== 0) {
    fail(`num_attention_heads is ${scalars.queryHeads} but hidden_size is ${hiddenSize}; without head_dim it must divide ${hiddenSize}`);
  }
  const headSize = integer('head_dim', LIMITS.width, Math.floor(hiddenSize / scalars.queryHeads));
  if (headSize % 2 !== 0) fail(`the head width is ${headSize}; rotary positions need an even one`);
  const bias = fields.flag('attention_bias', modelType === 'qwen2');
  const bosTokenId = isAbsent(fields.json['bos_token_id']) ? undefined : integer('bos_token_id', LIMITS.vocabulary, undefined, 0);
  return {
    modelType,
    hiddenSize,
    headSize,
    vocabSize: integer('vocab_size', LIMITS.vocabulary),
    layers: readLayers(fields, scalars, where),
    rmsNormEps: fields.positive('rms_norm_eps', 1e-6),
    ...readRope(fields, where),
    maxPositions: integer('max_position_embeddings', LIMITS.positions, 2048),
    tieWordEmbeddings: fields.flag('tie_word_embeddings', false),
    attentionBias: bias,
    outputBias: bias && modelType !== 'qwen2',
    mlpBias: fields.flag('mlp_bias', false),
    qkNorm: modelType === 'qwen3',
    bosTokenId,
    eosTokenIds: readEos(fields),
  };
}

function refuseUnsupported({ json, fail, flag, integer }: Fields, modelType: ModelType): void {
  const activation = json['hidden_act'] ?? 'silu';
  if (activation !== 'silu') fail(`hidden_act is ${show(activation)}; only silu is supported`);
  if (!isAbsent(json['quantization_config'])) {
    fail('quantization_config is present; quantised weights cannot be cut or tuned here, use the F32, F16 or BF16 checkpoint');
  }
  // MistralConfig has a window of 4,096 unless told otherwise; the Qwen families carry one that is switched off by default.
  const windowed = modelType === 'mistral' || (modelType.startsWith('qwen') && flag('use_sliding_window', false));
  const window = 'sliding_window' in json ? json['sliding_window'] : 4096;
  if (windowed && window !== null && !(Number(window) >= integer('max_position_embeddings', LIMITS.positions, 131_072))) {
    fail(`sliding_window is ${show(window)}; sliding-window attention is not supported, only null (or a window as long as the context)`);
  }
  const layerTypes = json['layer_types'];
  if (Array.isArray(layerTypes)) {
    const other = layerTypes.find((type) => type !== 'full_attention');
    if (other !== undefined) fail(`layer_types holds ${show(other)}; only full_attention is supported`);
  }
}

function readScalarWidths({ json, integer, fail }: Fields): LayerShape {
  const queryHeads = integer('num_attention_heads', LIMITS.heads);
  const kvHeads = integer('num_key_value_heads', LIMITS.heads, queryHeads);
  if (queryHeads % kvHeads !== 0) {
    fail(
      `num_attention_heads is ${queryHeads} but num_key_value_heads is ${show(json['num_key_value_heads'])}; it must divide ${queryHeads}`,
    );
  }
  return { queryHeads, kvHeads, ffn: integer('intermediate_size', LIMITS.width) };
}

function readLayers({ json, integer, fail }: Fields, scalars: LayerShape, where: string): LayerShape[] {
  const count = integer('num_hidden_layers', LIMITS.layers);
  const uneven = isObject(json['pruning']) ? json['pruning']['layers'] : undefined;
  if (isAbsent(uneven)) return Array.from({ length: count }, () => scalars);
  if (!Array.isArray(uneven) || uneven.length !== count) {
    const found = Array.isArray(uneven) ? `${uneven.length} entries` : show(uneven);
    return fail(`pruning.layers is ${found}; expected one entry for each of the ${count} layers of num_hidden_layers`);
  }
  return uneven.map((entry, i) => {
    const layer = fieldsOf(entry, `${where}: pruning.layers[${i}]`);
    const queryHeads = layer.integer('num_attention_heads', LIMITS.heads, undefined, 0);
    const kvHeads = layer.integer('num_key_value_heads', LIMITS.heads, undefined, 0);
    if (kvHeads === 0 ? queryHeads !== 0 : queryHeads === 0 || queryHeads % kvHeads !== 0) {
      layer.fail(`num_attention_heads is ${queryHeads} but num_key_value_heads is ${kvHeads}; it must divide ${queryHeads}, or both be 0`);
    }
    return { queryHeads, kvHeads, ffn: layer.integer('intermediate_size', LIMITS.width, undefined, 0) };
  });
}

/** v5 keeps everything in `rope_parameters`; v4 has `rope_theta` beside `rope_scaling`, whose kind was once called `type`. */
function readRope({ json, fail, positive }: Fields, where: string): Pick<LlamaConfig, 'ropeTheta' | 'ropeScaling'> {
  const key = !isAbsent(json['rope_parameters']) ? 'rope_parameters' : 'rope_scaling';
  const rope = fieldsOf(json[key] ?? {}, `${where}: ${key}`);
  const theta = rope.json['rope_theta'] === undefined ? positive('rope_theta', 10_000) : rope.positive('rope_theta');
  for (const source of [json, rope.json]) {
    const share = source['partial_rotary_factor'] ?? 1;
    if (share !== 1) fail(`partial_rotary_factor is ${show(share)}; only whole-head rotary positions (1) are supported`);
  }
  return { ropeTheta: theta, ropeScaling: readScaling(rope, key) };
}

function readScaling(rope: Fields, key: string): RopeScaling {
  const type: unknown = rope.json['rope_type'] ?? rope.json['type'] ?? 'default';
  switch (type) {
    case 'default':
      return { type: 'default' };
    case 'linear':
      return { type: 'linear', factor: rope.positive('factor') };
    case 'llama3': {
      const lowFreqFactor = rope.positive('low_freq_factor');
      const highFreqFactor = rope.positive('high_freq_factor');
      if (highFreqFactor <= lowFreqFactor)
        rope.fail(`high_freq_factor is ${highFreqFactor}; it must exceed low_freq_factor, ${lowFreqFactor}`);
      const originalMaxPositions = rope.integer('original_max_position_embeddings', LIMITS.positions);
      return { type: 'llama3', factor: rope.positive('factor'), lowFreqFactor, highFreqFactor, originalMaxPositions };
    }
    default:
      return rope.fail(`the rope type is ${show(type)}; ${key} may be default, linear or llama3`);
  }
}

function readEos({ json, fail }: Fields): number[] {
  const value = json['eos_token_id'];
  const ids: unknown[] = isAbsent(value) ? [] : Array.isArray(value) ? value : [value];
  if (!ids.every((id) => Number.isInteger(id) && (id as number) >= 0)) {
    fail(`eos_token_id is ${show(value)}; expected a token id or a list of token ids`);
  }
  return ids as number[];
}

/** JSON's null says as little as leaving the field out. */
function isAbsent(value: unknown): value is null | undefined {
  return value === undefined || value === null;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function show(value: unknown): string {
  return value === undefined ? 'missing' : (JSON.stringify(value)?.slice(0, 80) ?? String(value));
}
