// Writes a LlamaConfig as config.json: plain scalars where transformers can load the model, our `pruning.layers` where it cannot.
import type { LayerShape, LlamaConfig, RopeScaling } from './llama-config.ts';

const ARCHITECTURES: Readonly<Record<string, string>> = {
  llama: 'LlamaForCausalLM',
  mistral: 'MistralForCausalLM',
  qwen2: 'Qwen2ForCausalLM',
  qwen3: 'Qwen3ForCausalLM',
};

/** What a written config says besides the architecture. */
export interface ConfigNotes {
  /** Where the weights came from: recipe, base hash, kept indices. Kept under `pruning`. */
  readonly pruning?: Readonly<Record<string, unknown>>;
  /** The weights' dtype when it differs from the base's. */
  readonly dtype?: 'F32' | 'F16' | 'BF16';
}

/** True when every layer has the same widths and none is empty, so that plain scalars describe the model. */
export function hasUniformWidths({ layers }: Pick<LlamaConfig, 'layers'>): boolean {
  const first = layers[0];
  return first !== undefined && first.kvHeads > 0 && first.ffn > 0 && layers.every((layer) => sameWidths(layer, first));
}

/**
 * The config.json of a model with architecture `config`, made from `base`, the raw config it descends from ({} for a new model).
 * Fields of the base that say nothing about the architecture are kept. Positions and dtype are written in v4 and in v5 spelling.
 * Uneven widths leave the base's width scalars in place and go into `pruning.layers`; `parseLlamaConfig` gives `config` back.
 */
export function writeLlamaConfig(
  base: Readonly<Record<string, unknown>>,
  config: LlamaConfig,
  { pruning, dtype }: ConfigNotes = {},
): Record<string, unknown> {
  const out: Record<string, unknown> = {
    architectures: [ARCHITECTURES[config.modelType]],
    hidden_act: 'silu',
    ...base,
    model_type: config.modelType,
    hidden_size: config.hiddenSize,
    num_hidden_layers: config.layers.length,
    head_dim: config.headSize,
    vocab_size: config.vocabSize,
    max_position_embeddings: config.maxPositions,
    rms_norm_eps: config.rmsNormEps,
    tie_word_embeddings: config.tieWordEmbeddings,
    attention_bias: config.attentionBias,
    mlp_bias: config.mlpBias,
    bos_token_id: config.bosTokenId ?? null,
    eos_token_id: config.eosTokenIds.length > 1 ? config.eosTokenIds : (config.eosTokenIds[0] ?? null),
    ...ropeFields(config),
  };
  if (config.modelType === 'mistral') out['sliding_window'] = null;
  if (Array.isArray(base['layer_types'])) out['layer_types'] = config.layers.map(() => 'full_attention');
  if (dtype !== undefined) out['torch_dtype'] = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' }[dtype];
  const named = out['torch_dtype'] ?? out['dtype'];
  if (named !== undefined) out['torch_dtype'] = out['dtype'] = named;

  const uniform = hasUniformWidths(config);
  const widest = widestLayer(config.layers);
  const scalars = layerFields(uniform || base['num_attention_heads'] === undefined ? widest : undefined);
  Object.assign(out, scalars);
  const layers = uniform ? undefined : config.layers.map(layerFields);
  delete out['pruning'];
  const record = { ...(pruning ?? (base['pruning'] as object | undefined)), layers };
  if (pruning !== undefined || base['pruning'] !== undefined || !uniform) out['pruning'] = record;
  return out;
}

function layerFields(layer: LayerShape | undefined): Record<string, number> {
  if (layer === undefined) return {};
  return { num_attention_heads: layer.queryHeads, num_key_value_heads: layer.kvHeads, intermediate_size: layer.ffn };
}

/** Scalars for an uneven model without a base: the widest layer's heads, and the widest FFN. */
function widestLayer(layers: readonly LayerShape[]): LayerShape {
  const widest = layers.reduce((best, layer) => (layer.queryHeads > best.queryHeads ? layer : best), layers[0]!);
  return { ...widest, ffn: Math.max(...layers.map(({ ffn }) => ffn)) };
}

function sameWidths(a: LayerShape, b: LayerShape): boolean {
  return a.queryHeads === b.queryHeads && a.kvHeads === b.kvHeads && a.ffn === b.ffn;
}

function ropeFields({ ropeTheta, ropeScaling }: LlamaConfig): Record<string, unknown> {
  const scaling = scalingFields(ropeScaling);
  return {
    rope_theta: ropeTheta,
    rope_scaling: ropeScaling.type === 'default' ? null : scaling,
    rope_parameters: { rope_theta: ropeTheta, ...scaling },
  };
}

function scalingFields(scaling: RopeScaling): Record<string, unknown> {
  switch (scaling.type) {
    case 'default':
      return { rope_type: 'default' };
    case 'linear':
      return { rope_type: 'linear', factor: scaling.factor };
    case 'llama3':
      return {
        rope_type: 'llama3',
        factor: scaling.factor,
        low_freq_factor: scaling.lowFreqFactor,
        high_freq_factor: scaling.highFreqFactor,
        original_max_position_embeddings: scaling.originalMaxPositions,
      };
  }
}
