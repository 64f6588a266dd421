// Chooses what stays: from a target and its constraints to widths, and from scores to the indices kept.
import { AppError } from '../errors.ts';
import type { LlamaConfig } from '../llama-config.ts';
import type { ChooseSettings } from '../recipe.ts';
import type { Kept, Scores } from '../scores.ts';
import { countParameters } from '../tensor-names.ts';
import { globalWidths, localWidths, nominalChannels } from './block-widths.ts';
import { cutConfig, indices, keepAll, layersToCut, widthsOf } from './groups.ts';
import type { Widths } from './groups.ts';
import { readSetWidths } from './set-widths.ts';
import { goalOf, requireReachable } from './target.ts';
import type { Goal } from './target.ts';
import { randomUnitScores, unitScores } from './unit-scores.ts';
import type { UnitScores } from './unit-scores.ts';

export interface ChooseOptions {
  /** Bytes of one weight as it will be stored: what a target in bytes counts. */
  readonly dtypeBytes: number;
  /** What earlier steps left, in indices of the unpruned model; everything when absent. */
  readonly left?: Kept;
}

/** Scores of the model as it stands (with `left`, of the model that earlier steps left), or a seed when chance decides. */
export type ScoreSource = Scores | { readonly randomSeed: number };

/**
 * The indices to keep, always those of the unpruned `config`, so that a later step only passes the last result as `left`.
 * Ratio targets round as LLM-Pruner does; parameter and byte targets are never missed and exceeded by less than one unit
 * (one step of FFN widths). At least one KV group and one FFN channel stay wherever there were any, where LLM-Pruner would skip
 * the group; at least one layer stays. Widths set by hand are kept exactly, and other layers make up for them as far as they go. With `uniform`, heads are cut to counts that divide the hidden size.
 * Throws AppError `bad-input` for settings that do not fit the model or a target out of reach, with the largest reachable figure.
 */
export function choose(config: LlamaConfig, source: ScoreSource, settings: ChooseSettings, options: ChooseOptions): Kept {
  const left = options.left ?? keepAll(config);
  const units = unitsOf(config, source, settings, left);
  return pickBest(config, chooseWidths(config, settings, options, units), left, units);
}

/**
 * How much of everything `choose` would keep. Without `units` (indexed as in the unpruned model) it serves every choice whose counts do not
 * depend on scores; when whole layers go, the last ones then stand in for those that scores would name.
 * Throws AppError `bad-input` as `choose` does, and when scores are needed but absent.
 */
export function chooseWidths(config: LlamaConfig, settings: ChooseSettings, options: ChooseOptions, units?: UnitScores): Widths {
  const left = options.left ?? keepAll(config);
  const goal = goalOf(config, settings.target, options.dtypeBytes);
  if (settings.unit === 'hidden' || settings.unit === 'layer') readSetWidths(config, settings); // for its complaint about set widths
  if (settings.unit === 'hidden') return hiddenWidths(config, settings, left, goal);
  if (settings.unit === 'layer') return layerWidths(config, settings, left, goal, units?.layer);
  if (settings.ranking === 'local') return localWidths(config, settings, left, goal);
  if (units === undefined) {
    throw new AppError('bad-input', 'A global ranking is decided by the scores; score the model first, or plan with local ranking.');
  }
  return globalWidths(config, settings, left, goal, units);
}

/** One number per unit, at its index in the unpruned model; NaN where nothing is left. */
export function unitsOf(config: LlamaConfig, source: ScoreSource, settings: ChooseSettings, left: Kept): UnitScores {
  if ('randomSeed' in source) return randomUnitScores(config, source.randomSeed);
  const own = unitScores(cutConfig(config, widthsOf(config, left)), source, settings.reduction);
  const place = (values: Float64Array, at: readonly number[] | undefined, size: number): Float64Array => {
    if (at === undefined || at.length === size) return values;
    const out = new Float64Array(size).fill(NaN);
    for (const [i, index] of at.entries()) out[index] = values[i]!;
    return out;
  };
  const present = left.layers.flatMap((layer, i) => (layer === null ? [] : [i]));
  return {
    layers: config.layers.map(({ kvHeads, ffn }, i) => {
      const [kept, scores] = [left.layers[i], own.layers[present.indexOf(i)]];
      if (!kept || !scores) return { kvGroups: new Float64Array(), ffn: new Float64Array() };
      return { kvGroups: place(scores.kvGroups, kept.kvGroups, kvHeads), ffn: place(scores.ffn, kept.ffn, ffn) };
    }),
    layer: place(own.layer, present, config.layers.length),
    hidden: own.hidden && place(own.hidden, left.hidden, config.hiddenSize),
  };
}

function pickBest(config: LlamaConfig, widths: Widths, left: Kept, units: UnitScores): Kept {
  const layers = widths.layers.map((width, i) => {
    const kept = left.layers[i];
    if (!width || !kept) return null;
    const scores = units.layers[i]!;
    return { kvGroups: highest(kept.kvGroups, scores.kvGroups, width.kvHeads), ffn: highest(kept.ffn, scores.ffn, width.ffn) };
  });
  const hidden = left.hidden ?? indices(config.hiddenSize);
  if (widths.hidden === hidden.length) return { layers, hidden: left.hidden };
  if (units.hidden === undefined) {
    throw new AppError('bad-input', 'These scores hold no hidden channels; score the model again with hidden channels included.');
  }
  return { layers, hidden: highest(hidden, units.hidden, widths.hidden) };
}

/** The `count` of `from` with the highest scores, ascending; of equal scores the lower index stays. */
function highest(from: readonly number[], scores: Float64Array, count: number): readonly number[] {
  if (count === from.length) return from;
  return from
    .toSorted((a, b) => scores[b]! - scores[a]! || a - b)
    .slice(0, count)
    .sort((a, b) => a - b);
}

function hiddenWidths(config: LlamaConfig, settings: ChooseSettings, left: Kept, goal: Goal): Widths {
  layersToCut(config, settings); // for its complaint about a layer range
  const present = widthsOf(config, left);
  if (goal.kind === 'ratio') {
    return { ...present, hidden: Math.max(1, Math.min(present.hidden, nominalChannels(config.hiddenSize, goal.ratio))) };
  }
  const parametersWith = (hidden: number): number => countParameters(cutConfig(config, { ...present, hidden }));
  const least = parametersWith(1);
  requireReachable(config, goal.parameters, least);
  const channels = 1 + Math.floor((goal.parameters - least) / (parametersWith(2) - least));
  return { ...present, hidden: Math.min(present.hidden, channels) };
}

/** Layers go lowest score first, until the count or the budget is met. Without scores all layers in range must be alike. */
function layerWidths(config: LlamaConfig, settings: ChooseSettings, left: Kept, goal: Goal, scores: Float64Array | undefined): Widths {
  const present = widthsOf(config, left);
  const layers = [...present.layers];
  const cuttable = layersToCut(config, settings);
  const order = cuttable.filter((layer) => layers[layer] !== null).reverse();
  if (scores !== undefined) order.sort((a, b) => scores[a]! - scores[b]!);
  else if (new Set(order.map((layer) => JSON.stringify(layers[layer]))).size > 1) {
    throw new AppError('bad-input', 'The layers differ in width, so which ones go decides the size; score the model first.');
  }
  const parameters = (): number => countParameters(cutConfig(config, { ...present, layers }));
  const removable = Math.min(order.length, layers.filter((layer) => layer !== null).length - 1);
  for (const [removed, layer] of order.slice(0, removable).entries()) {
    const met =
      goal.kind === 'ratio' ? order.length - removed <= nominalChannels(cuttable.length, goal.ratio) : parameters() <= goal.parameters;
    if (met) break;
    layers[layer] = null;
  }
  if (goal.kind === 'budget') requireReachable(config, goal.parameters, parameters());
  return { ...present, layers };
}
