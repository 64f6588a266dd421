// Rows made ready to be written, by whoever reads them: their text, one spelling of it, its hash, and what it draws. Needs no records.
import { hash } from 'node:crypto';
import { canonicalJson } from '../../shared/canonical-json.ts';
import type { RowValues } from './datasets.ts';

/** Bytes of the hash that is kept with a row. */
export const HASH_BYTES = 16;

/** Rows of one split, made ready; each list has one member a row. They go from thread to thread at little cost. */
export interface PreparedRows {
  readonly split: string;
  /** In their file, from 1 on. */
  readonly lines: readonly number[];
  /** Their values in JSON, as they are kept. */
  readonly texts: readonly string[];
  /** The same in canonical JSON; undefined where that is `texts`. */
  readonly canonicals: readonly string[] | undefined;
  /** HASH_BYTES a row. */
  readonly hashes: Uint8Array;
  /** What each row draws where splits are to be made: six bytes of a hash, exact in a double, tell the rows of any dataset apart well enough. */
  readonly draws: readonly number[] | undefined;
}

/** Gathers rows of one split; with a seed, they draw for the splits that are to be made. */
export class RowBatch {
  /** How long their texts are in all. */
  characters = 0;
  readonly #split: string;
  /** The seed and a colon, and room for the hash of a row. */
  readonly #seeded: Buffer | undefined;
  readonly #lines: number[] = [];
  readonly #texts: string[] = [];
  readonly #canonicals: string[] = [];
  readonly #hashes: string[] = [];
  readonly #draws: number[] = [];
  #isCanonical = true;

  constructor(split: string, seed: number | undefined) {
    this.#split = split;
    this.#seeded = seed === undefined ? undefined : Buffer.from(`${seed}:${'\0'.repeat(HASH_BYTES)}`);
  }

  get length(): number {
    return this.#lines.length;
  }

  add(line: number, values: RowValues): void {
    const [text, canonical] = [JSON.stringify(values), canonicalJson(values)];
    const hex = hash('sha256', canonical).slice(0, 2 * HASH_BYTES);
    this.characters += text.length;
    this.#isCanonical &&= text === canonical;
    this.#lines.push(line);
    this.#texts.push(text);
    this.#canonicals.push(canonical);
    this.#hashes.push(hex);
    if (!this.#seeded) return;
    this.#seeded.write(hex, this.#seeded.length - HASH_BYTES, 'hex');
    this.#draws.push(parseInt(hash('sha256', this.#seeded).slice(0, 12), 16));
  }

  prepared(): PreparedRows {
    return {
      split: this.#split,
      lines: this.#lines,
      texts: this.#texts,
      canonicals: this.#isCanonical ? undefined : this.#canonicals,
      hashes: Uint8Array.from(Buffer.from(this.#hashes.join(''), 'hex')), // of its own memory, and no more of it
      draws: this.#seeded && this.#draws,
    };
  }
}
