// What the Prune page calls criteria, rankings, units and exports.
import type { ExportChoice } from '../../../shared/prune/exports.ts';
import type { ChooseSettings, Criterion, Target } from '../../../shared/recipe.ts';

export const CRITERION_NAMES: Readonly<Record<Criterion, string>> = {
  param_first: 'Taylor, first order',
  param_second: 'Taylor, second order',
  param_mix: 'Taylor, mixed',
  vectorize: 'Taylor, whole vectors',
  l1: 'L1',
  l2: 'L2',
  random: 'Chance',
};
export const CRITERION_ORDER = Object.keys(CRITERION_NAMES) as Criterion[];

export const RANKING_NAMES: Readonly<Record<ChooseSettings['ranking'], string>> = {
  local: 'Within each layer',
  global: 'Across layers',
  'global-normalised': 'Across, by kind',
};

export const UNIT_NAMES: Readonly<Record<ChooseSettings['unit'], string>> = {
  block: 'Heads and FFN',
  attention: 'Heads only',
  ffn: 'FFN only',
  layer: 'Whole layers',
  hidden: 'Hidden channels',
};

export const KIND_NAMES: Readonly<Record<Target['kind'], string>> = { parameters: 'Parameters', ratio: 'Nominal', bytes: 'Bytes' };

export const EXPORT_NAMES: Readonly<Record<ExportChoice['target'], string>> = {
  tailored: 'Tailor, and Hugging Face with its code',
  huggingface: 'Hugging Face, plain LLaMA',
  'gguf-llama': 'GGUF, plain LLaMA',
  'gguf-deci': 'GGUF, uneven widths',
};
