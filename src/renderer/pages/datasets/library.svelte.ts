// The datasets and the imports that go on, as the page shows them; what is being deleted is hidden until that can no more be taken back.
import { api } from '../../state/api.ts';
import type { Drop } from '../../state/drops.svelte.ts';
import { here } from '../../state/place.svelte.ts';
import { toasts } from '../../state/toasts.svelte.ts';

export type Dataset = Awaited<ReturnType<typeof api.datasets.list>>[number];
export type DatasetFacts = Awaited<ReturnType<typeof api.datasets.get>>;
export type ImportRow = Awaited<ReturnType<typeof api.datasets.imports>>[number];

/** Longer names keep their end, which tells the kind of file. */
const MAX_NAME = 200;

class Library {
  #all = $state.raw<readonly Dataset[]>();
  #imports = $state.raw<readonly ImportRow[]>([]);
  #hidden = $state.raw<ReadonlySet<string>>(new Set());
  /** Imports begun from this window, whose first dataset is opened when it is there. */
  readonly #begun = new Set<string>();

  /** The newest first; undefined before the first reading. */
  get datasets(): readonly Dataset[] | undefined {
    return this.#all?.filter((dataset) => !this.#hidden.has(dataset.id)).toReversed();
  }
  get imports(): readonly ImportRow[] {
    return this.#imports;
  }

  async refetch(): Promise<void> {
    const [all, imports] = await Promise.all([api.datasets.list(), api.datasets.imports()]);
    this.#all = all;
    this.#imports = imports;
    const done = imports.find((one) => this.#begun.has(one.id) && one.datasetId !== undefined);
    if (!done) return;
    this.#begun.clear();
    if (here.page === 'datasets') here.go('datasets', [done.datasetId!]);
  }

  /** Takes in what came in at once. */
  async add(drop: Drop): Promise<void> {
    const files = drop.folder
      ? [{ id: drop.folder.id, name: drop.folder.name }]
      : drop.files.map((file) => ({ id: file.id, name: file.name.slice(-MAX_NAME) }));
    if (files.length === 0) return;
    const work = crypto.randomUUID();
    this.#begin(work);
    await api.datasets.import({ work, files });
  }

  async addDemo(): Promise<void> {
    const work = crypto.randomUUID();
    this.#begin(work);
    await api.datasets.importDemo({ work });
  }

  #begin(work: string): void {
    this.#begun.clear();
    this.#begun.add(work);
  }

  /** Hides a dataset, and deletes it once that can no more be taken back. One that a run reads is refused at once, by main's own sentence. */
  async delete(dataset: Pick<DatasetFacts, 'id' | 'name' | 'readers'>): Promise<void> {
    if (dataset.readers.length > 0) return await api.datasets.delete({ id: dataset.id });
    this.#hidden = new Set([...this.#hidden, dataset.id]);
    if (here.rest[0] === dataset.id) here.go('datasets');
    toasts.deleted(
      `“${dataset.name}” is deleted.`,
      async () => {
        await api.datasets.delete({ id: dataset.id });
        this.#show(dataset.id);
      },
      () => {
        this.#show(dataset.id);
        here.go('datasets', [dataset.id]);
      },
    );
  }

  #show(id: string): void {
    this.#hidden = new Set([...this.#hidden].filter((other) => other !== id));
  }
}

export const library = new Library();
