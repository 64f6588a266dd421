// Orders of scores in linear time, so that a slider can be dragged over hundreds of thousands of them.

const RADIX_BITS = 16;
const BUCKETS = 1 << RADIX_BITS;
const MASK = BUCKETS - 1;

/**
 * The indices of `values` from the lowest value to the highest; of equal values the lower index comes first, as in a stable sort.
 * Radix sort on the bits of a double, sixteen at a time. NaN has no place in an order: keep it out.
 */
export function orderAscending(values: Float64Array): Uint32Array {
  const count = values.length;
  const bits = new Uint32Array(values.slice().buffer);
  const halves = [new Uint32Array(count), new Uint32Array(count)] as const;
  for (let i = 0; i < count; i++) {
    // A double's bits order like an integer once the sign is flipped, or all bits when it is negative; -0 is made 0 first.
    const isZero = values[i] === 0;
    const [low, high] = isZero ? [0, 0] : [bits[2 * i]!, bits[2 * i + 1]!];
    const isNegative = high >>> 31 === 1;
    halves[0][i] = isNegative ? ~low : low;
    halves[1][i] = isNegative ? ~high : high ^ 0x80000000;
  }
  let from = new Uint32Array(count);
  for (let i = 0; i < count; i++) from[i] = i;
  let to = new Uint32Array(count);
  const starts = new Uint32Array(BUCKETS);
  for (const half of halves) {
    for (const shift of [0, RADIX_BITS]) {
      starts.fill(0);
      for (let i = 0; i < count; i++) starts[(half[i]! >>> shift) & MASK]!++;
      if (count > 0 && starts[(half[0]! >>> shift) & MASK] === count) continue; // all alike here
      let sum = 0;
      for (let b = 0; b < BUCKETS; b++) {
        const own = starts[b]!;
        starts[b] = sum;
        sum += own;
      }
      for (let i = 0; i < count; i++) {
        const index = from[i]!;
        to[starts[(half[index]! >>> shift) & MASK]!++] = index;
      }
      [from, to] = [to, from];
    }
  }
  return from;
}

/** The rank of each value: 0 for the highest; of equal values the lower index ranks higher, as `choose` keeps them. */
export function ranksDescending(values: Float64Array): Uint32Array {
  const ranks = new Uint32Array(values.length);
  orderAscending(values.map((value) => -value)).forEach((index, rank) => (ranks[index] = rank));
  return ranks;
}
