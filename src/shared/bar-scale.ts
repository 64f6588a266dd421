// The axis for bars of log-likelihoods, which are never above zero.
import { scaleLinear, type ScaleLinear } from 'd3-scale';

/** Beyond the values, this share of their range. */
const MARGIN = 0.05;
/** Its round ends are those of about as many steps. */
const STEPS = 4;

/**
 * From round ends around the values to percent of a bar's length: up to 0 where the values come near it, else cut off above them, so
 * that small differences between large figures can be seen. All values are at most 0.
 */
export function scaleBars(values: readonly number[]): ScaleLinear<number, number> {
  const low = Math.min(0, ...values);
  const high = Math.max(...values, low);
  const range = high - low || Math.abs(low) || 1;
  const to = high >= -range ? 0 : high + range * MARGIN;
  return scaleLinear([low - range * MARGIN, to], [0, 100]).nice(STEPS);
}
