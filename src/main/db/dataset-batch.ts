// Rows made ready to be written, by whoever reads them: their text, one spelling of it, its hash, and what it draws. Needs no records.
import { hash } from 'node:crypto';
import { canonicalJson } from '../../shared/canonical-json.ts';
import type { RowValues } from './datasets.ts';

/** Bytes of the hash that is kept with a row. */
export const HASH_BYTES = 16;

/** Rows of one split, made ready. They go from thread to thread at little cost: one long text is handed over sooner than many short ones. */
export interface PreparedRows {
  readonly split: string;
  /** In their file, from 1 on. */
  readonly lines: Float64Array;
  /** Their values in JSON, as they are kept. */
  readonly texts: Texts;
  readonly isCanonical: boolean;
  /** The same in canonical JSON; undefined where that is `texts`, or where the rows draw and are spelled anew once their splits are known. */
  readonly canonicals: Texts | undefined;
  /** HASH_BYTES a row. */
  readonly hashes: Uint8Array;
  /** What each row draws where splits are to be made: six bytes of a hash, exact in a double, tell the rows of any dataset apart well enough. */
  readonly draws: Float64Array | undefined;
}

/** Texts one after another, and where each ends. */
interface Texts {
  readonly all: string;
  readonly ends: Float64Array;
}

/** One of them. */
export function textAt({ all, ends }: Texts, index: number): string {
  return all.slice(index === 0 ? 0 : ends[index - 1], ends[index]);
}

function joinTexts(texts: readonly string[]): Texts {
  let end = 0;
  return { all: texts.join(''), ends: Float64Array.from(texts, (text) => (end += text.length)) };
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
    this.#hashes.push(hex);
    if (!this.#seeded) return void this.#canonicals.push(canonical);
    this.#seeded.write(hex, this.#seeded.length - HASH_BYTES, 'hex');
    this.#draws.push(parseInt(hash('sha256', this.#seeded).slice(0, 12), 16));
  }

  prepared(): PreparedRows {
    return {
      split: this.#split,
      lines: Float64Array.from(this.#lines),
      texts: joinTexts(this.#texts),
      isCanonical: this.#isCanonical,
      canonicals: this.#isCanonical || this.#seeded ? undefined : joinTexts(this.#canonicals),
      hashes: Uint8Array.from(Buffer.from(this.#hashes.join(''), 'hex')), // of its own memory, and no more of it
      draws: this.#seeded && Float64Array.from(this.#draws),
    };
  }
}
