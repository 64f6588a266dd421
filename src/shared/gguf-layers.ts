// How a model's layers are told to llama.cpp: under which architecture, and what stands in for a block that was cut away whole.
import type { LayerShape, LlamaConfig } from './llama-config.ts';
import { hasUniformWidths } from './write-config.ts';

/** A layer as a GGUF file has it. */
export interface GgufLayer extends LayerShape {
  /** The model's own layer that it is; what that one lacks is filled with zeros. */
  readonly from: number;
}

/** The layers of a file, and the architecture that reads them. */
export interface GgufLayers {
  /** `llama` has one width for all layers; `deci` reads each layer's own and computes the same block. */
  readonly architecture: 'llama' | 'deci';
  readonly layers: readonly GgufLayer[];
}

/** Channels of an FFN of zeros: a block of the smallest quantised formats. */
const EMPTY_FFN = 32;

/**
 * Plans the layers so that llama.cpp computes exactly what the model does. A layer that lost both of its blocks is left out. A block that
 * adds zeros stands in for a lost FFN, since `deci` then drops the layer's attention too, and for a lost attention in the first layer,
 * where llama.cpp takes 0 heads for a model without any; elsewhere 0 heads say that there is none.
 */
export function planGgufLayers({ layers }: Pick<LlamaConfig, 'layers'>): GgufLayers {
  const left = layers.map((layer, from) => ({ ...layer, from })).filter(({ kvHeads, ffn }) => kvHeads > 0 || ffn > 0);
  const filled = left.map((layer, index) => {
    const heads = layer.kvHeads === 0 && index === 0 ? { queryHeads: 1, kvHeads: 1 } : {};
    return { ...layer, ...heads, ffn: layer.ffn || EMPTY_FFN };
  });
  return { architecture: hasUniformWidths({ layers: filled }) ? 'llama' : 'deci', layers: filled };
}

/** Why no GGUF file can be written of a model with this config; undefined where one can. */
export function findGgufObstacle({ qkNorm, modelType, layers }: Pick<LlamaConfig, 'qkNorm' | 'modelType' | 'layers'>): string | undefined {
  if (qkNorm) return `${modelType} normalises queries and keys, which llama.cpp's llama and deci architectures do not.`;
  if (layers.every(({ kvHeads, ffn }) => kvHeads === 0 && ffn === 0)) return 'No layer is left, and llama.cpp asks for one.';
  return undefined;
}
