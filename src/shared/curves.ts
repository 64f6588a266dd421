// Curves as they are shown: thinned, smoothed, and laid on an axis with round labels.

/** A span smaller than this share of its values is no span. */
const LEAST_SPAN = 1e-9;

/** A point of a curve: step and value. */
export type Point = readonly [x: number, y: number];

/**
 * At most `limit` points that keep the curve's shape: the first and the last, and from each stretch between them the lowest and the
 * highest, in their order.
 */
export function thinCurve(points: readonly Point[], limit: number): Point[] {
  if (points.length <= limit) return [...points];
  const inner = points.slice(1, -1);
  const stretches = Math.max(1, Math.floor((limit - 2) / 2));
  const kept: Point[] = [points[0]!];
  for (let stretch = 0; stretch < stretches; stretch++) {
    const from = Math.floor((stretch * inner.length) / stretches);
    const to = Math.floor(((stretch + 1) * inner.length) / stretches);
    let low = from;
    let high = from;
    for (let index = from; index < to; index++) {
      if (inner[index]![1] < inner[low]![1]) low = index;
      if (inner[index]![1] > inner[high]![1]) high = index;
    }
    for (const index of low === high ? [low] : [Math.min(low, high), Math.max(low, high)]) kept.push(inner[index]!);
  }
  kept.push(points.at(-1)!);
  return kept;
}

/**
 * An exponential mean that gives the past a weight of `smoothing` (0: the points themselves), corrected for the missing past at the
 * start. Values that are not finite are passed over.
 */
export function smoothCurve(points: readonly Point[], smoothing: number): Point[] {
  let mean = 0;
  let weight = 0;
  const smooth: Point[] = [];
  for (const [x, y] of points) {
    if (!Number.isFinite(y)) continue;
    mean = smoothing * mean + (1 - smoothing) * y;
    weight = smoothing * weight + (1 - smoothing);
    smooth.push([x, mean / weight]);
  }
  return smooth;
}

/** Round values from `low` to `high`, about `count` of them; on a logarithmic axis 1, 2 and 5 of each decade, or its decades alone. */
export function roundTicks(low: number, high: number, count: number, isLog = false): number[] {
  // A span that is nothing but rounding has no ticks to tell apart.
  if (!(high - low > LEAST_SPAN * Math.max(Math.abs(low), Math.abs(high)))) return [low];
  if (isLog && low > 0) {
    const decades = Array.from(
      { length: Math.ceil(Math.log10(high)) - Math.floor(Math.log10(low)) + 1 },
      (_, index) => 10 ** (Math.floor(Math.log10(low)) + index),
    );
    const fine = decades.flatMap((decade) => [decade, 2 * decade, 5 * decade]);
    const inside = (values: number[]): number[] => values.filter((value) => value >= low * 0.999 && value <= high * 1.001);
    const found = inside(fine).length <= 2 * count ? inside(fine) : inside(decades);
    if (found.length >= 2) return found;
  }
  const raw = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= raw * 0.999) ?? 10);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, index) => Number(((first + index) * step).toPrecision(12)));
}
