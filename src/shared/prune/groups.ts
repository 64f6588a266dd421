// The groups that pruning may remove, what each one costs in parameters, and the model that stays when widths are cut.
import { AppError } from '../errors.ts';
import type { LayerShape, LlamaConfig } from '../llama-config.ts';
import type { ChooseSettings } from '../recipe.ts';
import type { Kept } from '../scores.ts';

/** Widths that stay, layer by layer of the unpruned model (null: the layer goes), and across the hidden axis. */
export interface Widths {
  readonly layers: readonly (LayerShape | null)[];
  readonly hidden: number;
}

/** Query heads to each KV group; 0 in a layer without attention. */
export function headsPerGroup({ queryHeads, kvHeads }: LayerShape): number {
  return kvHeads === 0 ? 0 : queryHeads / kvHeads;
}

/** Parameters that leave with one KV group: rows of q, k, v with their biases, and columns of o, for its query heads and itself. */
export function kvGroupParameters(config: LlamaConfig, layer: LayerShape): number {
  const heads = headsPerGroup(layer);
  const bias = config.attentionBias ? heads + 2 : 0;
  return config.headSize * ((2 * heads + 2) * config.hiddenSize + bias);
}

/** Parameters that leave with one FFN channel: a row of gate and up with their biases, and a column of down. */
export function ffnChannelParameters(config: LlamaConfig): number {
  return 3 * config.hiddenSize + (config.mlpBias ? 2 : 0);
}

/** The architecture that stays when `config` is cut to `widths`. */
export function cutConfig(config: LlamaConfig, widths: Widths): LlamaConfig {
  return { ...config, hiddenSize: widths.hidden, layers: widths.layers.filter((layer) => layer !== null) };
}

/** The widths of the unpruned model. */
export function fullWidths(config: LlamaConfig): Widths {
  return { layers: config.layers, hidden: config.hiddenSize };
}

/** How many of everything `kept` names; query heads go with their KV group. */
export function widthsOf(config: LlamaConfig, kept: Kept): Widths {
  return {
    layers: kept.layers.map((layer, i) => layer && withWidths(config.layers[i]!, layer.kvGroups.length, layer.ffn.length)),
    hidden: kept.hidden?.length ?? config.hiddenSize,
  };
}

/** The layer with other numbers of KV groups and FFN channels. */
export function withWidths(layer: LayerShape, kvHeads: number, ffn: number): LayerShape {
  return { queryHeads: kvHeads * headsPerGroup(layer), kvHeads, ffn };
}

const everything = new WeakMap<LlamaConfig, Kept>();

/** Everything in the model, as indices; the same object for the same config, and one list for all layers of a width. */
export function keepAll(config: LlamaConfig): Kept {
  const known = everything.get(config);
  if (known) return known;
  const lists = new Map<number, number[]>();
  const list = (count: number): number[] => lists.get(count) ?? lists.set(count, indices(count)).get(count)!;
  const all: Kept = {
    layers: config.layers.map(({ kvHeads, ffn }) => ({ kvGroups: list(kvHeads), ffn: list(ffn) })),
    hidden: undefined,
  };
  everything.set(config, all);
  return all;
}

/** [0, 1, ..., count - 1]. */
export function indices(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

/**
 * The layers that the settings allow to be cut: those of the range, both ends included, that are not protected.
 * Throws AppError `bad-input` when the settings name layers that the model does not have, or leave none.
 */
export function layersToCut(config: LlamaConfig, { layers: range, protectedLayers, unit }: ChooseSettings): number[] {
  const count = config.layers.length;
  const { first, last } = range ?? { first: 0, last: count - 1 };
  if (first > last || last >= count) {
    throw new AppError('bad-input', `Layers ${first}-${last} were asked for; give a range within 0-${count - 1}, both ends included.`);
  }
  const stranger = protectedLayers.find((layer) => layer >= count);
  if (stranger !== undefined) throw new AppError('bad-input', `Layer ${stranger} is to be protected, but the layers are 0-${count - 1}.`);
  if (unit === 'hidden' && (range !== undefined || protectedLayers.length > 0)) {
    throw new AppError('bad-input', 'Hidden channels run through every layer; leave out the layer range and the protected layers.');
  }
  const chosen = indices(count).filter((layer) => layer >= first && layer <= last && !protectedLayers.includes(layer));
  if (chosen.length === 0) throw new AppError('bad-input', `Every layer of ${first}-${last} is protected; nothing is left to cut.`);
  return chosen;
}
