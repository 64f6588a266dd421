// Weights to begin training from scratch with.
import type { LlamaConfig } from '../../shared/llama-config.ts';
import { RandomStream } from '../../shared/random.ts';
import { expectedTensors } from '../../shared/tensor-names.ts';

/** GPT-2's standard deviation (Radford et al. 2019), as nearly all LLaMA trainings use it. */
const DEVIATION = 0.02;

/**
 * Seeded weights by checkpoint name: matrices normal with deviation 0.02, those that write to the residual stream (o_proj, down_proj)
 * scaled by 1/√(2L), so that the stream's variance does not grow with depth; norms 1, biases 0. Each tensor has its own random stream.
 */
export function initialWeights(config: LlamaConfig, seed: number): Map<string, Float32Array> {
  const residual = DEVIATION / Math.sqrt(2 * config.layers.length);
  const weights = new Map<string, Float32Array>();
  for (const { name, shape, part } of expectedTensors(config)) {
    const values = new Float32Array(shape.reduce((product, size) => product * size, 1));
    if (shape.length > 1) {
      const deviation = part === 'self_attn.o_proj.weight' || part === 'mlp.down_proj.weight' ? residual : DEVIATION;
      const random = new RandomStream(seed, `initial ${name}`);
      for (let i = 0; i < values.length; i++) values[i] = deviation * random.normal();
    } else if (!name.endsWith('.bias')) {
      values.fill(1);
    }
    weights.set(name, values);
  }
  return weights;
}
