// Python's random module as far as the evaluation harness uses it: the same seed gives the same draws, bit for bit.

const WORDS = 624; // state size of MT19937
const SHIFT = 397;

/**
 * Mersenne Twister MT19937 (Matsumoto & Nishimura 1998) with CPython's way of seeding and of drawing integers.
 * Agrees with `random.Random` of CPython 3.2 and later.
 */
export class PythonRandom {
  readonly #state = new Uint32Array(WORDS);
  #index = WORDS;

  /** The seed is an integer; like in Python its sign does not matter. */
  constructor(seed: number | bigint) {
    this.seed(seed);
  }

  /** Starts over. The words of |seed|, least significant first, are the key of MT19937's init_by_array. */
  seed(seed: number | bigint): void {
    let rest = BigInt(seed);
    if (rest < 0n) rest = -rest;
    const key = [Number(rest & 0xffffffffn)];
    for (rest >>= 32n; rest > 0n; rest >>= 32n) key.push(Number(rest & 0xffffffffn));

    const state = this.#state;
    state[0] = 19650218;
    for (let i = 1; i < WORDS; i++) state[i] = Math.imul(1812433253, previousMixed(state, i)) + i;
    let i = 1;
    let j = 0;
    for (let round = Math.max(WORDS, key.length); round > 0; round--) {
      state[i] = (state[i]! ^ Math.imul(previousMixed(state, i), 1664525)) + key[j]! + j;
      if (++i === WORDS) {
        state[0] = state[WORDS - 1]!;
        i = 1;
      }
      j = (j + 1) % key.length;
    }
    for (let round = WORDS - 1; round > 0; round--) {
      state[i] = (state[i]! ^ Math.imul(previousMixed(state, i), 1566083941)) - i;
      if (++i === WORDS) {
        state[0] = state[WORDS - 1]!;
        i = 1;
      }
    }
    state[0] = 0x80000000;
    this.#index = WORDS;
  }

  #word(): number {
    if (this.#index === WORDS) this.#refill();
    let y = this.#state[this.#index++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  #refill(): void {
    const state = this.#state;
    for (let i = 0; i < WORDS; i++) {
      const y = (state[i]! & 0x80000000) | (state[(i + 1) % WORDS]! & 0x7fffffff);
      state[i] = state[(i + SHIFT) % WORDS]! ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    this.#index = 0;
  }

  /** Uniform in [0, 1) with 53 bits. */
  random(): number {
    return ((this.#word() >>> 5) * 67108864 + (this.#word() >>> 6)) / 9007199254740992;
  }

  /** A non-negative integer of `bits` random bits, 1 to 53. */
  getrandbits(bits: number): number {
    if (bits <= 32) return this.#word() >>> (32 - bits);
    const low = this.#word();
    return (this.#word() >>> (64 - bits)) * 2 ** 32 + low;
  }

  /** Uniform integer in [0, below), by rejection as in CPython's `_randbelow`. */
  below(below: number): number {
    const bits = below.toString(2).length;
    let draw = this.getrandbits(bits);
    while (draw >= below) draw = this.getrandbits(bits);
    return draw;
  }

  choice<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  /** Shuffles in place, like Python. */
  shuffle(items: unknown[]): void {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [items[i], items[j]] = [items[j], items[i]];
    }
  }

  /** k distinct items in the order drawn. Throws RangeError when there are fewer than k, as Python does. */
  sample<T>(items: readonly T[], k: number): T[] {
    const n = items.length;
    if (k < 0 || k > n) throw new RangeError(`sample of ${k} from ${n} items`);
    // CPython compares the sizes of a set of k and a list of n to choose between two ways of drawing; the draws depend on it.
    const setSize = 21 + (k > 5 ? 4 ** Math.ceil(Math.log(k * 3) / Math.log(4)) : 0);
    if (n <= setSize) {
      const pool = items.slice();
      return Array.from({ length: k }, (_, i) => {
        const j = this.below(n - i);
        const drawn = pool[j]!;
        pool[j] = pool[n - i - 1]!;
        return drawn;
      });
    }
    const selected = new Set<number>();
    while (selected.size < k) selected.add(this.below(n));
    return [...selected].map((index) => items[index]!);
  }
}

function previousMixed(state: Uint32Array, i: number): number {
  const previous = state[i - 1]!;
  return previous ^ (previous >>> 30);
}
