// Rows of a dataset by their index, read a page at a time as they come into sight and kept while they are near.
import { api, sentenceOf } from '../../state/api.ts';

export type Row = Awaited<ReturnType<typeof api.datasets.rows>>[number];

const PAGE_ROWS = 200; // as many as one call gives
const MAX_PAGES = 60;
const MAX_ASKED = 2; // pages read at once; a fast hand passes over the others

export class RowPages {
  readonly #id: string;
  readonly #split: string | undefined;
  readonly #total: number;
  readonly #pages = new Map<number, readonly Row[]>();
  readonly #asked = new Set<number>();
  #wanted: readonly number[] = [];
  #version = $state(0);
  #failure = $state<string>();

  constructor(id: string, split: string | undefined, total: number) {
    this.#id = id;
    this.#split = split;
    this.#total = total;
  }

  /** Why the last page could not be read. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** The row, or undefined while it is being read. */
  at(index: number): Row | undefined {
    void this.#version;
    return this.#pages.get(Math.floor(index / PAGE_ROWS))?.[index % PAGE_ROWS];
  }

  /** Asks for the rows in sight, and for the page on either side of them after these. */
  want(first: number, last: number): void {
    const [from, to] = [Math.floor(first / PAGE_ROWS), Math.floor(last / PAGE_ROWS)];
    const near = Array.from({ length: to - from + 1 }, (_, i) => from + i);
    this.#wanted = [...near, to + 1, from - 1].filter((page) => page >= 0 && page * PAGE_ROWS < this.#total);
    this.#ask();
  }

  /** Reads on after a failure. */
  retry(): void {
    this.#failure = undefined;
    this.#ask();
  }

  #ask(): void {
    while (this.#asked.size < MAX_ASKED && this.#failure === undefined) {
      const page = this.#wanted.find((one) => !this.#pages.has(one) && !this.#asked.has(one));
      if (page === undefined) return;
      this.#asked.add(page);
      void this.#read(page);
    }
  }

  async #read(page: number): Promise<void> {
    try {
      const split = this.#split === undefined ? {} : { split: this.#split };
      const rows = await api.datasets.rows({ id: this.#id, offset: page * PAGE_ROWS, limit: PAGE_ROWS, ...split });
      this.#pages.set(page, rows);
      for (const old of this.#pages.keys()) {
        if (this.#pages.size <= MAX_PAGES) break;
        if (!this.#wanted.includes(old)) this.#pages.delete(old);
      }
      this.#version += 1;
    } catch (thrown) {
      this.#failure = sentenceOf(thrown);
    } finally {
      this.#asked.delete(page);
      this.#ask();
    }
  }
}
