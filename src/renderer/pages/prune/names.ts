// What the Prune page calls exports, and in which order it lists criteria; the other words are those of every page.
import type { ExportChoice } from '../../../shared/prune/exports.ts';
import type { Criterion } from '../../../shared/recipe.ts';
import { CRITERION_NAMES } from '../../../shared/recipe-words.ts';

export { CRITERION_NAMES, KIND_NAMES, RANKING_NAMES, REDUCTION_NAMES, UNIT_NAMES } from '../../../shared/recipe-words.ts';

export const CRITERION_ORDER = Object.keys(CRITERION_NAMES) as Criterion[];

export const EXPORT_NAMES: Readonly<Record<ExportChoice['target'], string>> = {
  tailored: 'Tailor, and Hugging Face with its code',
  huggingface: 'Hugging Face, plain LLaMA',
  'gguf-llama': 'GGUF, plain LLaMA',
  'gguf-deci': 'GGUF, uneven widths',
};
