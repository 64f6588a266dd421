// The one scale on which an import tells how far it is.
import type { ProgressFrame, WorkOptions } from '../../shared/progress.ts';

/** Where the phases end, in percent of the whole, by how long they were seen to take. */
const [READ_END, LABELS_END, ALL] = [80, 85, 100];
const FINISHING = 'making splits and comparing rows';

/** Tells the phases of an import as parts of one whole, which never goes back and is whole only at the end. */
export class Scale {
  readonly #tell: WorkOptions['progress'];
  readonly #sizes: readonly number[];
  #done = -1;
  #phase = '';

  constructor(files: readonly { readonly sizeBytes: number }[], tell: WorkOptions['progress']) {
    this.#tell = tell;
    this.#sizes = files.map((file) => file.sizeBytes);
  }

  /** Takes a frame of a file that is read, which counts to its end in whatever unit. */
  reading(file: number, { phase, done, total }: ProgressFrame): void {
    const sum = (sizes: readonly number[]): number => sizes.reduce((all, size) => all + size, 0);
    const [before, size, all] = [sum(this.#sizes.slice(0, file)), this.#sizes[file]!, Math.max(1, sum(this.#sizes))];
    this.#show(phase, (READ_END * (before + size * Math.min(1, done / Math.max(1, total)))) / all);
  }

  /** Takes what share of the rows was looked through for labels. */
  readonly listingLabels = (share: number): void => this.#show('listing labels', READ_END + (LABELS_END - READ_END) * Math.min(1, share));

  /** Takes what share of the last phase is done; it is not over before the dataset can be seen. */
  readonly finishing = (share: number): void => this.#show(FINISHING, LABELS_END + (ALL - 0.1 - LABELS_END) * share);

  /** The dataset can be seen. */
  end(): void {
    this.#show(FINISHING, ALL);
  }

  /** The rows of an import that failed are being removed. */
  readonly tidying = (): void => this.#show('tidying up', Math.max(0, this.#done));

  #show(phase: string, done: number): void {
    const reached = Math.max(this.#done, Math.round(done * 10) / 10);
    if (reached === this.#done && phase === this.#phase) return; // nothing that would be seen
    this.#done = reached;
    this.#phase = phase;
    this.#tell?.({ phase, done: this.#done, total: ALL, unit: '%' });
  }
}
