// The published tensor names of a LLaMA-family checkpoint, and the shapes that a config asks of them.
import type { LlamaConfig } from './llama-config.ts';
import type { Projection } from './recipe.ts';

export const EMBEDDING = 'model.embed_tokens.weight'; // [V, D]
export const FINAL_NORM = 'model.norm.weight'; // [D]
export const HEAD = 'lm_head.weight'; // [V, D], absent when the embeddings are tied

/** A tensor's place inside a decoder layer, such as `self_attn.q_proj.weight`. */
export type LayerPart =
  | 'input_layernorm.weight'
  | 'post_attention_layernorm.weight'
  | `self_attn.${'q' | 'k' | 'v' | 'o'}_proj.${'weight' | 'bias'}`
  | `self_attn.${'q' | 'k'}_norm.weight`
  | `mlp.${'gate' | 'up' | 'down'}_proj.${'weight' | 'bias'}`;

/** What an axis of a tensor counts: hidden channels, heads times head width, FFN channels, the vocabulary, or one head's width. */
export type Axis = 'hidden' | 'query' | 'keyValue' | 'ffn' | 'vocabulary' | 'head';

/** A tensor that a config asks for. `layer` and `part` are undefined outside the decoder layers. */
export interface ExpectedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly axes: readonly Axis[];
  readonly layer: number | undefined;
  readonly part: LayerPart | undefined;
}

/** The checkpoint name of a part of layer `layer`. */
export function layerTensor(layer: number, part: LayerPart): string {
  return `model.layers.${layer}.${part}`;
}

/** The module that holds a projection, such as `self_attn.q_proj`. */
export function projectionModule(projection: Projection): `self_attn.${'q' | 'k' | 'v' | 'o'}_proj` | `mlp.${'gate' | 'up' | 'down'}_proj` {
  switch (projection) {
    case 'gate_proj':
    case 'up_proj':
    case 'down_proj':
      return `mlp.${projection}`;
    default:
      return `self_attn.${projection}`;
  }
}

/**
 * Every tensor of a model with this config, in the order in which it is used. A layer without heads has neither attention
 * tensors nor `input_layernorm`; a layer without FFN channels neither MLP tensors nor `post_attention_layernorm`.
 */
export function expectedTensors(config: LlamaConfig): ExpectedTensor[] {
  const tensors: ExpectedTensor[] = [];
  const add = (name: string, axes: readonly Axis[], layer?: number, part?: LayerPart): void => {
    tensors.push({ name, shape: axes.map((axis) => axisSize(config, axis, layer)), axes, layer, part });
  };
  add(EMBEDDING, ['vocabulary', 'hidden']);
  for (const [i, { kvHeads, ffn }] of config.layers.entries()) {
    const part = (name: LayerPart, axes: readonly Axis[]): void => add(layerTensor(i, name), axes, i, name);
    if (kvHeads > 0) {
      part('input_layernorm.weight', ['hidden']);
      for (const projection of ['q', 'k', 'v'] as const) {
        const rows = projection === 'q' ? 'query' : 'keyValue';
        part(`self_attn.${projection}_proj.weight`, [rows, 'hidden']);
        if (config.attentionBias) part(`self_attn.${projection}_proj.bias`, [rows]);
      }
      if (config.qkNorm) {
        part('self_attn.q_norm.weight', ['head']);
        part('self_attn.k_norm.weight', ['head']);
      }
      part('self_attn.o_proj.weight', ['hidden', 'query']);
      if (config.outputBias) part('self_attn.o_proj.bias', ['hidden']);
    }
    if (ffn > 0) {
      part('post_attention_layernorm.weight', ['hidden']);
      for (const projection of ['gate', 'up'] as const) {
        part(`mlp.${projection}_proj.weight`, ['ffn', 'hidden']);
        if (config.mlpBias) part(`mlp.${projection}_proj.bias`, ['ffn']);
      }
      part('mlp.down_proj.weight', ['hidden', 'ffn']);
      if (config.mlpBias) part('mlp.down_proj.bias', ['hidden']);
    }
  }
  add(FINAL_NORM, ['hidden']);
  if (!config.tieWordEmbeddings) add(HEAD, ['vocabulary', 'hidden']);
  return tensors;
}

function axisSize(config: LlamaConfig, axis: Axis, layer: number | undefined): number {
  switch (axis) {
    case 'hidden':
      return config.hiddenSize;
    case 'vocabulary':
      return config.vocabSize;
    case 'head':
      return config.headSize;
    case 'query':
      return config.layers[layer!]!.queryHeads * config.headSize;
    case 'keyValue':
      return config.layers[layer!]!.kvHeads * config.headSize;
    case 'ffn':
      return config.layers[layer!]!.ffn;
  }
}

/** The number of weights of a model with this config, tied embeddings counted once. */
export function countParameters(config: LlamaConfig): number {
  return expectedTensors(config).reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
}
