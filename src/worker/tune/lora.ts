// LoRA adapters at their start, by PEFT's rules, and their weights as a list of parameters.
import { AppError } from '../../shared/errors.ts';
import type { LlamaConfig } from '../../shared/llama-config.ts';
import { RandomStream } from '../../shared/random.ts';
import type { LoraSettings } from '../../shared/recipe.ts';
import { layerWidths, projectionSize } from '../llama/block.ts';
import type { Adapter } from '../llama/model.ts';
import type { Parameter } from './adamw.ts';

/** W' = W + scale·B·A with scale = alpha/R, or alpha/√R for rsLoRA (Kalajdzievski 2023). */
export function adapterScale(settings: Pick<LoraSettings, 'rank' | 'alpha' | 'rsLora'>): number {
  return settings.alpha / (settings.rsLora ? Math.sqrt(settings.rank) : settings.rank);
}

/**
 * An adapter that changes nothing yet: B is 0 and A uniform in ±1/√in, which is Kaiming's rule with a = √5 as PEFT applies it.
 * Each A is drawn from its own stream of (seed, layer, projection). Projections that a layer does not have (all of its heads or FFN
 * channels are gone) get none. Throws AppError `bad-recipe` when no layer has any of the targets.
 */
export function createAdapter(config: LlamaConfig, settings: LoraSettings, seed: number): Adapter {
  const { rank, targets } = settings;
  const weights = new Map<string, { a: Float32Array; b: Float32Array }>();
  for (const layer of config.layers.keys()) {
    for (const projection of targets) {
      const size = projectionSize(layerWidths(config, layer), projection);
      if (size.out === 0 || size.in === 0) continue;
      const key = `${layer}.${projection}`;
      const random = new RandomStream(seed, `adapter ${key}`);
      const bound = 1 / Math.sqrt(size.in);
      const a = Float32Array.from({ length: rank * size.in }, () => (2 * random.uniform() - 1) * bound);
      weights.set(key, { a, b: new Float32Array(size.out * rank) });
    }
  }
  if (weights.size === 0) {
    throw new AppError('bad-recipe', `No layer of the model has any of the projections ${targets.join(', ')}: choose other LoRA targets.`);
  }
  return { rank, scale: adapterScale(settings), targets, weights };
}

/** The adapter's arrays themselves as parameters, `${layer}.${projection}.a` and `.b`, in the adapter's order. */
export function adapterParameters(adapter: Adapter): Parameter[] {
  return [...adapter.weights].flatMap(([key, { a, b }]) => [
    { name: `${key}.a`, values: a, decays: true },
    { name: `${key}.b`, values: b, decays: true },
  ]);
}
