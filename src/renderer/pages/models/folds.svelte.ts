// Which folds of the lineage stand open; the picture and the list share it, and it outlives a visit to another page.

class Folds {
  #open = $state.raw<ReadonlySet<string>>(new Set());

  isOpen(id: string): boolean {
    return this.#open.has(id);
  }
  open(id: string): void {
    this.#open = new Set([...this.#open, id]);
  }
  toggle(id: string): void {
    this.#open = this.#open.symmetricDifference(new Set([id]));
  }
}
export const folds = new Folds();
