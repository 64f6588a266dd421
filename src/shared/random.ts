// Counter-based random numbers: the draw is a pure function of (seed, purpose, index), so a resumed run is the uninterrupted one.

/** 32-bit finaliser of MurmurHash3 (Appleby, public domain): a bijection on 32-bit words with full avalanche. */
function mix32(word: number): number {
  let h = word | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

function hashText(text: string): number {
  let h = 0x811c9dc5; // FNV-1a offset basis
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return mix32(h);
}

/**
 * A stream of uniform words keyed by (seed, purpose). `at(i)` may be asked in any order; `next()` walks from 0.
 * Not for cryptography.
 */
export class RandomStream {
  readonly #keyA: number;
  readonly #keyB: number;
  #counter = 0;

  constructor(seed: number, purpose: string) {
    this.#keyA = mix32((seed >>> 0) ^ hashText(purpose));
    this.#keyB = mix32(Math.imul(this.#keyA, 0x9e3779b1) ^ Math.floor(seed / 2 ** 32) ^ 0x6a09e667);
  }

  /** Word `index` of the stream, uniform in [0, 2^32). */
  at(index: number): number {
    return mix32(mix32((index >>> 0) ^ this.#keyA) + this.#keyB + Math.imul(Math.floor(index / 2 ** 32), 0x632be59b));
  }

  /** Words 0, 1, ... of the stream into an array. */
  fill(words: Uint32Array): void {
    const [a, b] = [this.#keyA, this.#keyB];
    for (let i = 0; i < words.length; i++) words[i] = mix32(mix32(i ^ a) + b);
  }

  /** The next word, uniform in [0, 2^32). */
  next(): number {
    return this.at(this.#counter++);
  }

  /** Uniform in [0, 1) with 53 bits. */
  uniform(): number {
    return ((this.next() >>> 5) * 67108864 + (this.next() >>> 6)) / 9007199254740992;
  }

  /** Uniform integer in [0, below). */
  integer(below: number): number {
    return Math.floor(this.uniform() * below);
  }

  /** Standard normal by Box-Muller. */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
  }

  pick<T>(items: readonly T[]): T {
    return items[this.integer(items.length)]!;
  }

  /** A new array in random order (Fisher-Yates). */
  shuffle<T>(items: readonly T[]): T[] {
    const out = items.slice();
    for (let i = out.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      [out[i], out[j]] = [out[j]!, out[i]!];
    }
    return out;
  }

  /** k distinct items in random order. */
  sample<T>(items: readonly T[], k: number): T[] {
    return this.shuffle(items).slice(0, k);
  }
}
