// Whether main can be reached; everything that shows records reads them anew after a break.

class Connection {
  #isOpen = $state(false);
  #opens = $state(0);

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** How often it was opened: more than once means that something may have been missed. */
  get opens(): number {
    return this.#opens;
  }

  opened(): void {
    this.#isOpen = true;
    this.#opens += 1;
  }

  closed(): void {
    this.#isOpen = false;
  }
}

export const connection = new Connection();
