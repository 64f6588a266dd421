// What a cut would leave, before anything is written: widths, true parameters, MACs, bytes, and the exports that stay possible.
import type { LlamaConfig } from '../llama-config.ts';
import type { ChooseSettings, LoraSettings } from '../recipe.ts';
import type { Kept } from '../scores.ts';
import { countParameters, expectedTensors } from '../tensor-names.ts';
import { prunableParameters } from './block-widths.ts';
import { chooseWidths } from './choose.ts';
import type { ChooseOptions } from './choose.ts';
import { judgeExports } from './exports.ts';
import type { ExportChoice } from './exports.ts';
import { cutConfig, layersToCut, widthsOf } from './groups.ts';
import type { Widths } from './groups.ts';
import { countMacs } from './macs.ts';
import { judgeTarget } from './set-widths.ts';
import { randomUnitScores } from './unit-scores.ts';
import type { UnitScores } from './unit-scores.ts';

/** MACs are quoted for one row of this many tokens (pruning.md 2.9). */
export const MACS_TOKENS = 64;

/** The widths of one layer that stays. `layer` is its place in the unpruned model, unknown until scores say which layers go. */
export interface PlannedLayer {
  readonly layer: number | 'unknown';
  readonly queryHeads: number;
  readonly kvHeads: number;
  readonly ffn: number;
}

export interface Plan {
  readonly hiddenSize: number;
  readonly widths: readonly PlannedLayer[];
  readonly removedLayers: readonly number[] | 'unknown';
  readonly parameters: number;
  readonly parametersBefore: number;
  /** Share of all parameters removed, 0..1. */
  readonly trueReduction: number;
  /** The target's nominal ratio, or for other targets the share removed of what the settings allow to be cut; null without settings. */
  readonly nominalRatio: number | null;
  /** A sentence for people where widths set by hand keep the cut from its target; null where it is met, or without settings. */
  readonly missed: string | null;
  /** For one row of 64 tokens. */
  readonly macs: number;
  readonly macsBefore: number;
  /** All weights in the checkpoint's dtype. */
  readonly sizeBytes: number;
  readonly sizeBytesBefore: number;
  /** All weights in half precision, what a GPU needs to hold. */
  readonly f16WeightBytes: number;
  readonly exports: readonly ExportChoice[];
}

export interface PlanOptions {
  /** Bytes of one stored weight. */
  readonly dtypeBytes: number;
  /** What led to the widths: names the nominal ratio. */
  readonly settings?: ChooseSettings;
  /** The widths are right, but which layers go is not known. */
  readonly layersUnknown?: boolean;
}

/** Reports on what `cut`, indices or widths alone, would leave of `config`. */
export function makePlan(config: LlamaConfig, cut: Kept | Widths, { dtypeBytes, settings, layersUnknown = false }: PlanOptions): Plan {
  const widths = isKept(cut) ? widthsOf(config, cut) : cut;
  const after = cutConfig(config, widths);
  const [parameters, parametersBefore] = [countParameters(after), countParameters(config)];
  const missed = settings && judgeTarget(config, settings, widths, dtypeBytes);
  const numbered = widths.layers.map((shape, layer) => ({ shape, layer }));
  return {
    hiddenSize: widths.hidden,
    widths: numbered.flatMap(({ shape, layer }) =>
      shape === null ? [] : [{ layer: layersUnknown ? ('unknown' as const) : layer, ...shape }],
    ),
    removedLayers: layersUnknown ? 'unknown' : numbered.filter(({ shape }) => shape === null).map(({ layer }) => layer),
    parameters,
    parametersBefore,
    trueReduction: 1 - parameters / parametersBefore,
    nominalRatio: settings ? nominalRatio(config, settings, parametersBefore - parameters, missed !== undefined) : null,
    missed: missed ?? null,
    macs: countMacs(after, MACS_TOKENS),
    macsBefore: countMacs(config, MACS_TOKENS),
    sizeBytes: parameters * dtypeBytes,
    sizeBytesBefore: parametersBefore * dtypeBytes,
    f16WeightBytes: parameters * 2,
    exports: judgeExports(after),
  };
}

/**
 * Plans a cut from the architecture: enough for every target whose counts do not depend on scores, and for chance, given its seed.
 * `units` are the scores where they decide (global ranking). Throws AppError `bad-input` as `choose` does.
 */
export function planCut(
  config: LlamaConfig,
  settings: ChooseSettings,
  options: ChooseOptions & { readonly units?: UnitScores; readonly randomSeed?: number },
): Plan {
  const units = options.units ?? (options.randomSeed === undefined ? undefined : randomUnitScores(config, options.randomSeed));
  const widths = chooseWidths(config, settings, options, units);
  return makePlan(config, widths, { ...options, settings, layersUnknown: units === undefined && widths.layers.includes(null) });
}

/** Trainable parameters of a LoRA adapter: rank · (inputs + outputs) of every projection it targets. */
export function loraParameters(config: LlamaConfig, rank: number, targets: LoraSettings['targets']): number {
  return expectedTensors(config)
    .filter(({ part }) => targets.some((target) => part?.endsWith(`.${target}.weight`)))
    .reduce((sum, { shape }) => sum + rank * (shape[0]! + shape[1]!), 0);
}

function isKept(cut: Kept | Widths): cut is Kept {
  return typeof cut.hidden !== 'number';
}

function nominalRatio(config: LlamaConfig, settings: ChooseSettings, removed: number, isMissed: boolean): number {
  if (settings.target.kind === 'ratio' && !isMissed) return settings.target.ratio;
  const total = countParameters(config);
  switch (settings.unit) {
    case 'layer': {
      const cuttable = layersToCut(config, settings);
      return removed / (total - countParameters({ ...config, layers: config.layers.filter((_, layer) => !cuttable.includes(layer)) }));
    }
    case 'hidden':
      return removed / (total - countParameters({ ...config, hiddenSize: 0 }));
    default:
      return removed / prunableParameters(config, settings);
  }
}
