// Chooses the next token from logits: greedy, or drawn at a temperature from the most likely ones.
import { argmax } from '../text/argmax.ts';

/** How the next token is chosen. Temperature 0 is greedy; topK 0 and topP 1 leave nothing out. */
export interface Sampling {
  readonly temperature: number;
  readonly topK: number;
  readonly topP: number;
}

/**
 * Index of the chosen logit. Ties go to the lower index. The order is temperature, then top-k, then top-p: of the k most likely, the
 * fewest whose probability reaches topP (Holtzman et al. 2020). `uniform` is asked once, for a number in [0, 1), unless greedy.
 */
export function pickToken(logits: Float32Array, { temperature, topK, topP }: Sampling, uniform: () => number): number {
  const best = argmax(logits);
  if (temperature === 0) return best;
  const candidates = topK > 0 || topP < 1 ? sortedByLogit(logits) : Uint32Array.from(logits.keys());
  let kept = topK > 0 ? Math.min(topK, candidates.length) : candidates.length;
  const weights = Float64Array.from(candidates.subarray(0, kept), (index) => Math.exp((logits[index]! - logits[best]!) / temperature));
  let total = weights.reduce((sum, weight) => sum + weight, 0);
  if (topP < 1) {
    const enough = topP * total;
    let sum = 0;
    for (kept = 0; kept < weights.length && sum < enough; kept++) sum += weights[kept]!;
    total = sum;
  }
  let left = uniform() * total;
  for (let i = 0; i < kept - 1; i++) {
    left -= weights[i]!;
    if (left < 0) return candidates[i]!;
  }
  return candidates[kept - 1]!;
}

function sortedByLogit(logits: Float32Array): Uint32Array {
  return Uint32Array.from(logits.keys()).sort((a, b) => logits[b]! - logits[a]! || a - b);
}
