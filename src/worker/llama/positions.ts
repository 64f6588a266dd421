// Rotary tables and attention masks, made on the host from a batch's positions and attention tree.
import type { LlamaConfig } from '../../shared/llama-config.ts';
import type { HostTensor } from '../graph/device.ts';
import type { Batch } from './batch.ts';

/** Added to the score of a pair that must not attend; exp() of it is exactly 0 in f32 and f16 alike. */
const NEVER = -30000;

/**
 * Angle per position of each of the E/2 pairs: theta^(-2i/E), stretched by the config's rope scaling.
 * linear: divided by the factor. llama3: low frequencies divided, high ones kept, a smooth blend between (Llama 3.1's rule:
 * wavelengths above original/low are divided, below original/high kept).
 */
export function inverseFrequencies({
  headSize,
  ropeTheta,
  ropeScaling,
}: Pick<LlamaConfig, 'headSize' | 'ropeTheta' | 'ropeScaling'>): Float64Array {
  return Float64Array.from({ length: headSize / 2 }, (_, i) => {
    const frequency = ropeTheta ** (-(2 * i) / headSize);
    if (ropeScaling.type === 'default') return frequency;
    if (ropeScaling.type === 'linear') return frequency / ropeScaling.factor;
    const { factor, lowFreqFactor, highFreqFactor, originalMaxPositions } = ropeScaling;
    const wavelength = (2 * Math.PI) / frequency;
    if (wavelength < originalMaxPositions / highFreqFactor) return frequency;
    if (wavelength > originalMaxPositions / lowFreqFactor) return frequency / factor;
    const blend = (originalMaxPositions / wavelength - lowFreqFactor) / (highFreqFactor - lowFreqFactor);
    return (1 - blend) * (frequency / factor) + blend * frequency;
  });
}

/** cos and sin [B,T,1,E/2] of the given positions. */
export function rotaryTables(frequencies: Float64Array, positions: Int32Array, B: number, T: number): { cos: HostTensor; sin: HostTensor } {
  const half = frequencies.length;
  const [cos, sin] = [new Float32Array(positions.length * half), new Float32Array(positions.length * half)];
  positions.forEach((position, n) => {
    for (let i = 0; i < half; i++) {
      const angle = position * frequencies[i]!;
      cos[n * half + i] = Math.cos(angle);
      sin[n * half + i] = Math.sin(angle);
    }
  });
  const shape = [B, T, 1, half];
  return { cos: { data: cos, shape, dtype: 'float32' }, sin: { data: sin, shape, dtype: 'float32' } };
}

/** The attention mask [B,1,1,T,P+T] of a batch after P shared tokens, which everyone sees (see Batch for the rule). */
export function attentionMask({ rows: B, tokens: T, sequence, branch }: Batch, P: number): HostTensor {
  const S = P + T;
  const data = new Float32Array(B * T * S);
  for (let b = 0; b < B; b++) {
    for (let q = 0; q < T; q++) {
      const at = b * T + q;
      const row = data.subarray(at * S + P, (at + 1) * S);
      for (let k = 0; k < T; k++) {
        const other = b * T + k;
        const seen = k <= q && sequence[other] === sequence[at] && (branch[other] === 0 || branch[other] === branch[at]);
        if (!seen) row[k] = NEVER;
      }
    }
  }
  return { data, shape: [B, 1, 1, T, S], dtype: 'float32' };
}

/** The mask [1,1,1,T,P+T] of a decoder: the first `filled` cached places and the row's own earlier tokens are seen. */
export function decodeMask(filled: number, P: number, T: number): HostTensor {
  const S = P + T;
  const data = new Float32Array(T * S).fill(NEVER);
  for (let q = 0; q < T; q++) {
    data.fill(0, q * S, q * S + filled);
    data.fill(0, q * S + P, q * S + P + q + 1);
  }
  return { data, shape: [1, 1, 1, T, S], dtype: 'float32' };
}
