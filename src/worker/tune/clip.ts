// Clipping of gradients by their norm over all parameters together.

/** The Euclidean norm of all gradients as one vector, summed in f64. */
export function gradientNorm(gradients: readonly Float32Array[]): number {
  let sum = 0;
  for (const gradient of gradients) for (let i = 0; i < gradient.length; i++) sum += gradient[i]! * gradient[i]!;
  return Math.sqrt(sum);
}

/** What to multiply gradients of this norm by so that it is at most `limit`; null clips nothing. */
export function clipScale(norm: number, limit: number | null): number {
  return limit !== null && norm > limit ? limit / norm : 1;
}
