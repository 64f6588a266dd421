// Whether main can be reached; everything that shows records reads them anew after a break.

class Connection {
  #isOpen = $state(false);
  #returns = $state(0);
  #wasOpen = false;

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** How often it was opened again after a break: something may have been missed. */
  get returns(): number {
    return this.#returns;
  }

  opened(): void {
    this.#isOpen = true;
    if (this.#wasOpen) this.#returns += 1;
    this.#wasOpen = true;
  }

  closed(): void {
    this.#isOpen = false;
  }
}

export const connection = new Connection();
