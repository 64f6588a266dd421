// Writing datasets: rows are streamed in batches into a dataset that nobody sees until it is finished, and what they amount to is kept as
// they pass by, so that little is left to do at the end.
import { createHash } from 'node:crypto';
import { canonicalJson } from '../../shared/canonical-json.ts';
import { HASH_BYTES, RowBatch, textAt, type PreparedRows } from './dataset-batch.ts';
import { getDataset, type Dataset, type DatasetSource, type RejectedRow, type SplitShares } from './datasets.ts';
import { newId } from './ids.ts';
import type { Database } from './open.ts';
import { execute, inTransaction, insertRow, selectAll, updateRow } from './query.ts';

/** Splits that are to be made: shares of the rows, which sum to 1, and the seed that rows are drawn by. */
export interface SplitMaking {
  readonly shares: SplitShares;
  readonly seed: number;
}

type Finish = Pick<Dataset, 'columns' | 'mappingReason' | 'splitReason' | 'rejectedCount'> & {
  readonly mapping: Dataset['mapping'];
};

const STEP_ROWS = 128; // handled at once by work that lets others in between
const STEP_NUMBERS = 16_384; // as many again of what is quick
const DRAW_END = 2 ** 48;
const MAX_TAKEN = 2 ** 20; // characters that wait to be hashed
const ROWS_A_TRANSACTION = 256; // a few milliseconds, in which no one else can write
const ROWS_AN_INSERT = 32; // one statement for many rows costs a third less
const insertOf = (rows: number): string =>
  `INSERT INTO dataset_rows (dataset_id, position, split, line, hash, values_json) VALUES ${Array<string>(rows).fill('(?, ?, ?, ?, ?, ?)').join(', ')}`;
const [INSERT_ONE, INSERT_MANY] = [insertOf(1), insertOf(ROWS_AN_INSERT)];

/**
 * A dataset that is being written. Where splits are made, each row goes by the seed and its content alone, so that equal rows never
 * stand in two splits: it is put where it will most probably belong, and the few near a bound are moved when all are known.
 * Holds about 16 bytes a row in memory.
 */
export class DatasetWriter {
  readonly id: string;
  readonly #db: Database;
  readonly #making: SplitMaking | undefined;
  readonly #hash = createHash('sha256');
  #taken = '';
  readonly #splits = new Map<string, number>();
  /** The first eight bytes of each row's hash, in two lanes. */
  readonly #highs = new Numbers(Uint32Array);
  readonly #lows = new Numbers(Uint32Array);
  /** What each row drew, below DRAW_END. */
  readonly #draws = new Numbers(Float64Array);
  #isCanonical = true;

  /** Begins a dataset; without `making`, rows keep the splits they are added with. */
  constructor(
    db: Database,
    { id = newId(), ...dataset }: { readonly id?: string; readonly name: string; readonly sources: readonly DatasetSource[] },
    making?: SplitMaking,
  ) {
    this.id = id;
    this.#db = db;
    this.#making = making;
    insertRow(db, 'datasets', { ...dataset, id, state: 'importing', createdAt: Date.now() });
  }

  /** How many rows there are. */
  get count(): number {
    return this.#highs.length;
  }

  /** An empty batch for rows of a split. */
  newBatch(split: string): RowBatch {
    return new RowBatch(split, this.#making?.seed);
  }

  /** Adds the rows of a batch, which may have been gathered elsewhere with the seed of the splits that are to be made. */
  addRows({ split, lines, texts, isCanonical, canonicals, hashes, draws }: PreparedRows): void {
    const first = this.count;
    const bytes = Buffer.from(hashes.buffer, hashes.byteOffset, hashes.byteLength);
    const splits: string[] = [];
    this.#isCanonical &&= isCanonical;
    for (let i = 0; i < lines.length; i++) {
      this.#highs.push(bytes.readUInt32LE(i * HASH_BYTES));
      this.#lows.push(bytes.readUInt32LE(i * HASH_BYTES + 4) || 1);
      if (this.#making) {
        this.#draws.push(draws![i]!);
        splits.push(guessOf(draws![i]!, this.#making.shares));
      } else {
        this.#take(split, textAt(canonicals ?? texts, i));
        splits.push(split);
      }
    }
    this.#hashTaken();
    const insert = (from: number, to: number): void => {
      for (let i = from; i < to;) {
        const rows = i + ROWS_AN_INSERT <= to ? ROWS_AN_INSERT : 1;
        const values: unknown[] = [];
        for (const end = i + rows; i < end; i++)
          values.push(this.id, first + i, splits[i], lines[i], bytes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES), textAt(texts, i));
        execute(this.#db, rows === 1 ? INSERT_ONE : INSERT_MANY, values);
      }
    };
    for (let i = 0; i < lines.length; i += ROWS_A_TRANSACTION)
      inTransaction(this.#db, () => insert(i, Math.min(lines.length, i + ROWS_A_TRANSACTION)));
  }

  /** Takes the next row into the dataset's hash and counts. */
  #take(split: string, canonical: string): void {
    this.#splits.set(split, (this.#splits.get(split) ?? 0) + 1);
    this.#taken += `[${JSON.stringify(split)},${canonical}]\n`;
    if (this.#taken.length > MAX_TAKEN) this.#hashTaken();
  }

  /** Hashes what was taken: many rows at once, which is quicker. */
  #hashTaken(): void {
    this.#hash.update(this.#taken);
    this.#taken = '';
  }

  addRejectedRows(rejected: readonly RejectedRow[]): void {
    inTransaction(this.#db, () => rejected.forEach((row) => insertRow(this.#db, 'dataset_rejects', { datasetId: this.id, ...row })));
  }

  /** Shows the dataset to everyone, with its counts and its hash. */
  finish(facts: Finish): Dataset {
    const steps = this.finishInSteps(facts);
    for (;;) {
      const step = steps.next();
      if (step.done) return step.value;
    }
  }

  /** As `finish`, in short steps between which others may work; yields the share that is done. */
  *finishInSteps(facts: Finish): Generator<number, Dataset> {
    if (this.#making && this.count > 0) yield* this.#makeSplits(this.#making);
    this.#draws.clear();
    const different = yield* this.#countDifferent();
    updateRow(this.#db, 'datasets', this.id, {
      ...facts,
      splits: Object.fromEntries(this.#splits),
      rowCount: this.count,
      duplicateCount: this.count - different,
      hash: this.#hash.digest('hex'),
      state: 'ready',
    });
    return getDataset(this.#db, this.id);
  }

  /** Moves the rows that were put into another split than theirs, and takes all into the dataset's hash. */
  *#makeSplits({ shares }: SplitMaking): Generator<number, void> {
    const draws = this.#draws;
    let end = 0;
    // The first so many of the drawn order, with whatever equals the last of them.
    const bounds = Object.entries(shares).map(([split, share]) => ({
      split,
      last: nthSmallest(draws, Math.round((end += share) * draws.length) - 1),
    }));
    for (let position = 0; position < draws.length; position += STEP_ROWS) {
      const rows = selectAll<{ text: string }>(
        this.#db,
        'SELECT values_json AS text FROM dataset_rows WHERE dataset_id = ? AND position >= ? AND position < ? ORDER BY position',
        [this.id, position, position + STEP_ROWS],
      );
      const moves: [split: string, position: number][] = [];
      rows.forEach(({ text }, i) => {
        const draw = draws.at(position + i);
        const split = bounds.find(({ last }) => draw <= last)?.split ?? bounds.at(-1)!.split;
        this.#take(split, this.#isCanonical ? text : canonicalJson(JSON.parse(text)));
        if (split !== guessOf(draw, shares)) moves.push([split, position + i]);
      });
      this.#hashTaken();
      if (moves.length > 0) this.#move(moves);
      yield (0.95 * (position + rows.length)) / draws.length;
    }
  }

  #move(moves: readonly [split: string, position: number][]): void {
    const sql = 'UPDATE dataset_rows SET split = ? WHERE dataset_id = ? AND position = ?';
    inTransaction(this.#db, () => moves.forEach(([split, position]) => execute(this.#db, sql, [split, this.id, position])));
  }

  /**
   * How many rows repeat no earlier one. Eight bytes of a hash tell rows apart: among a hundred million, a false repeat has a chance of
   * one in three thousand.
   */
  *#countDifferent(): Generator<number, number> {
    // A hash set with open addressing in two lanes; (0, 0) is an empty place.
    const places = 2 ** Math.ceil(Math.log2(this.count * 1.4 + 2));
    const [highs, lows] = [new Uint32Array(places), new Uint32Array(places)];
    let different = 0;
    for (let row = 0; row < this.count; row++) {
      if (row % STEP_NUMBERS === 0) yield 0.95 + (0.05 * row) / this.count;
      const [high, low] = [this.#highs.at(row), this.#lows.at(row)];
      let place = high & (places - 1);
      while ((highs[place] !== high || lows[place] !== low) && lows[place] !== 0) place = (place + 1) & (places - 1);
      if (lows[place] !== 0) continue;
      highs[place] = high;
      lows[place] = low;
      different++;
    }
    return different;
  }
}

/** Where a row belongs if the draws are spread as evenly as is to be expected. */
function guessOf(draw: number, shares: SplitShares): string {
  let guess = '';
  let end = 0;
  for (const split in shares) {
    guess = split;
    if (draw < (end += shares[split]! * DRAW_END)) break;
  }
  return guess;
}

/** What would stand at an index if draws of 48 bits were sorted, found without sorting them all; -1 before the first. */
function nthSmallest(draws: Numbers<Float64Array>, index: number): number {
  if (index < 0) return -1;
  const counts = new Float64Array(2 ** 16);
  const bucketOf = (draw: number): number => Math.floor(draw / 2 ** 32);
  for (const chunk of draws.chunks()) for (const draw of chunk) counts[bucketOf(draw)]! += 1;
  let bucket = 0;
  let before = 0;
  while (before + counts[bucket]! <= index) before += counts[bucket++]!;
  const near = [...draws.chunks()].flatMap((chunk) => [...chunk.filter((draw) => bucketOf(draw) === bucket)]);
  return near.sort((a, b) => a - b)[index - before]!;
}

type NumberArray = Uint32Array | Float64Array;

/** A list of numbers that grows without ever being copied. */
class Numbers<T extends NumberArray> {
  length = 0;
  readonly #kind: new (length: number) => T;
  readonly #chunks: T[] = [];

  constructor(kind: new (length: number) => T) {
    this.#kind = kind;
  }

  push(value: number): void {
    const inside = this.length % STEP_NUMBERS;
    if (inside === 0) this.#chunks.push(new this.#kind(STEP_NUMBERS));
    this.#chunks.at(-1)![inside] = value;
    this.length++;
  }

  at(index: number): number {
    return this.#chunks[Math.floor(index / STEP_NUMBERS)]![index % STEP_NUMBERS]!;
  }

  *chunks(): Generator<T> {
    for (const [i, chunk] of this.#chunks.entries()) yield chunk.subarray(0, this.length - i * STEP_NUMBERS) as T;
  }

  /** Forgets them all. */
  clear(): void {
    this.#chunks.length = 0;
    this.length = 0;
  }
}
