// AdamW as an init/update pair over lists of typed arrays, in place and in one pass per tensor.

/** Loshchilov & Hutter 2019; the settings as in torch.optim.AdamW. */
export interface AdamWSettings {
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  readonly weightDecay: number;
}

/** Something that is learned. Weight decay leaves out what has `decays` false (norms and biases of a full model). */
export interface Parameter {
  readonly name: string;
  readonly values: Float32Array;
  readonly decays: boolean;
}

/** First and second moments, shaped as the parameters, and the number of updates made. */
export interface AdamWState {
  readonly first: readonly Float32Array[];
  readonly second: readonly Float32Array[];
  updates: number;
}

/** The state before the first update: zeros. */
export function initAdamW(parameters: readonly Parameter[]): AdamWState {
  const zeros = (): Float32Array[] => parameters.map(({ values }) => new Float32Array(values.length));
  return { first: zeros(), second: zeros(), updates: 0 };
}

/**
 * One update of every parameter and of the state, in place. Each gradient is multiplied by `gradientScale` first (clipping).
 * m = β1·m + (1-β1)·g; v = β2·v + (1-β2)·g²; w = w·(1 - lr·decay) - lr·m̂ / (√v̂ + eps), with m̂ = m/(1-β1^t) and v̂ = v/(1-β2^t).
 * Moments are f32, the arithmetic f64.
 */
export function updateAdamW(
  parameters: readonly Parameter[],
  gradients: readonly Float32Array[],
  state: AdamWState,
  settings: AdamWSettings,
  step: { readonly learningRate: number; readonly gradientScale: number },
): void {
  const { beta1, beta2, eps, weightDecay } = settings;
  const { learningRate, gradientScale } = step;
  state.updates += 1;
  const stepSize = learningRate / (1 - beta1 ** state.updates);
  const correction = 1 / Math.sqrt(1 - beta2 ** state.updates);
  for (const [index, { values, decays }] of parameters.entries()) {
    const gradient = gradients[index]!;
    const m = state.first[index]!;
    const v = state.second[index]!;
    const kept = decays ? 1 - learningRate * weightDecay : 1;
    for (let i = 0; i < values.length; i++) {
      const g = gradient[i]! * gradientScale;
      const mean = beta1 * m[i]! + (1 - beta1) * g;
      const square = beta2 * v[i]! + (1 - beta2) * g * g;
      m[i] = mean;
      v[i] = square;
      values[i] = kept * values[i]! - (stepSize * mean) / (Math.sqrt(square) * correction + eps);
    }
  }
}
