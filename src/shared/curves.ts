// Curves as they are shown: thinned and smoothed.

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
