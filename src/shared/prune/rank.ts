// Orders of scores in linear time, so that a slider can be dragged over hundreds of thousands of them.

/** From so many values on, fewer passes are worth more buckets. */
const MANY = 1 << 16;

/**
 * The indices of `values` from the lowest value to the highest; of equal values the lower index comes first, as in a stable sort.
 * Radix sort on the bits of a double. NaN has no place in an order: keep it out.
 */
export function orderAscending(values: Float64Array): Uint32Array {
  const count = values.length;
  const radixBits = count < MANY ? 8 : 16;
  const buckets = 1 << radixBits;
  const mask = buckets - 1;
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
  const starts = new Uint32Array(buckets);
  for (const half of halves) {
    for (let shift = 0; shift < 32; shift += radixBits) {
      starts.fill(0);
      for (let i = 0; i < count; i++) starts[(half[i]! >>> shift) & mask]!++;
      if (count > 0 && starts[(half[0]! >>> shift) & mask] === count) continue; // all alike here
      let sum = 0;
      for (let b = 0; b < buckets; b++) {
        const own = starts[b]!;
        starts[b] = sum;
        sum += own;
      }
      for (let i = 0; i < count; i++) {
        const index = from[i]!;
        to[starts[(half[index]! >>> shift) & mask]!++] = index;
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
