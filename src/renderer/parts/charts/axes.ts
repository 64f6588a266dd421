// Where the axes of a chart end, and which of their ticks have room for a label.
import type { ScaleLinear, ScaleLogarithmic } from 'd3-scale';

/** A scale upwards. */
export type UprightScale = ScaleLinear<number, number> | ScaleLogarithmic<number, number>;
/** The ends of an axis, or of what it has to show. */
export type Ends = [low: number, high: number];

/** A span smaller than this share of its figures is no span but rounding. */
const LEAST_SPAN = 1e-6;
/** Figures whose least is below this share of the largest are shown from nought. */
const NEAR_NOUGHT = 0.35;
/** Which multiples of a decade are labelled first where there is no room for all. */
const LABELLED_FIRST = [1, 5, 2, 3, 8, 4, 6, 7, 9];

/** The ends of an axis with a margin of this share on both sides. */
export function withMargin([low, high]: Ends, share: number): Ends {
  const largest = Math.max(Math.abs(low), Math.abs(high));
  const margin = (high - low > LEAST_SPAN * largest ? high - low : largest || 1) * share;
  return [low - margin, high + margin];
}

/** The same, but from nought where the figures come near it. */
export function nearNought([low, high]: Ends, share: number): Ends {
  const [from, to] = withMargin([low, high], share);
  return [low >= 0 && low < NEAR_NOUGHT * high ? 0 : from, to];
}

/** The ends of a logarithmic axis: so many times smaller and larger than the figures. */
export const timesMargin = ([low, high]: Ends, times: number): Ends => [low / times, high * times];

/**
 * An upright scale's ticks, about `count` of them, or as few as it takes for every label to differ: those with a label, which stand at
 * least `gap` pixels apart on a logarithmic scale, and those without, which only such a scale has.
 */
export function uprightTicks(
  scale: UprightScale,
  count: number,
  gap: number,
  format: (value: number) => string,
): { labelled: number[]; bare: number[] } {
  let all = scale.ticks(count);
  if (!('base' in scale)) {
    while (count > 1 && new Set(all.map(format)).size < all.length) all = scale.ticks(--count);
    return { labelled: all, bare: [] };
  }
  const rank = (tick: number): number => LABELLED_FIRST.indexOf(Math.round(tick / 10 ** Math.floor(Math.log10(tick) + 1e-9)));
  const labelled: number[] = [];
  for (const tick of all.toSorted((a, b) => rank(a) - rank(b)))
    if (labelled.every((other) => Math.abs(scale(other) - scale(tick)) >= gap)) labelled.push(tick);
  return { labelled, bare: all.filter((tick) => !labelled.includes(tick)) };
}

/** A tick's figure without noughts behind its point. */
export const withoutNoughts = (text: string): string => text.replace(/(\.\d*?)0+(?!\d)/, '$1').replace(/\.(?!\d)/, '');
