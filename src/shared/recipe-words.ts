// What people read for the values of a recipe: one word for each, the same on every page.
import type { ChooseSettings, Criterion, Machine, Reduction, Target, Tokenisation, TuneRecipe } from './recipe.ts';

export const CRITERION_NAMES: Readonly<Record<Criterion, string>> = {
  param_first: 'Taylor, first order',
  param_second: 'Taylor, second order',
  param_mix: 'Taylor, mixed',
  vectorize: 'Taylor, whole vectors',
  l1: 'L1',
  l2: 'L2',
  random: 'Chance',
};

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

export const REDUCTION_NAMES: Readonly<Record<Reduction, string>> = { sum: 'Sum', mean: 'Mean', max: 'Largest', prod: 'Product' };

export const METHOD_NAMES: Readonly<Record<TuneRecipe['method'], string>> = {
  lora: 'LoRA adapter',
  full: 'every weight',
  scratch: 'every weight, from nothing',
};

export const SCHEDULE_NAMES: Readonly<Record<TuneRecipe['schedule']['kind'], string>> = {
  linear: 'falls in a line',
  cosine: 'falls as a cosine',
  constant: 'stays',
};

export const LOSS_NAMES: Readonly<Record<TuneRecipe['loss'], string>> = { answer: 'the answer', everything: 'everything' };

export const DEVICE_NAMES: Readonly<Record<Machine['device'], string>> = {
  auto: 'the best that is found',
  cpu: 'CPU',
  webgpu: 'GPU, by WebGPU',
};

export const PAIR_NAMES: Readonly<Record<Tokenisation['pair'], string>> = { joint: 'as one text', separate: 'apart' };
