// The ends of an axis for bars of log-likelihoods, which are never above zero.

export interface BarScale {
  readonly from: number;
  readonly to: number;
}

/**
 * Round ends around the values: up to 0 where the values come near it, else cut off above them, so that small differences between large
 * figures can be seen. All values are at most 0.
 */
export function scaleBars(values: readonly number[]): BarScale {
  const low = Math.min(0, ...values);
  const high = Math.max(...values, low);
  const range = high - low || Math.abs(low) || 1;
  const step = niceStep(range / 4);
  const to = high >= -range ? 0 : Math.ceil((high + range * 0.05) / step) * step;
  const from = Math.floor((low - range * 0.05) / step) * step;
  return { from: round(from), to: Math.min(0, round(to)) };
}

/** 1, 2 or 5 times a power of ten, at least `least`. */
export function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return ([1, 2, 5].find((times) => times * power >= least * 0.999) ?? 10) * power;
}

/** Away with the dust of floating point. */
function round(value: number): number {
  return Number(value.toPrecision(12)) + 0;
}
