// Short notes at the foot of the window: what was done, with a way to take it back, or what went wrong; what went wrong is also listed.
import { sentenceOf } from './api.ts';
import { parsePlace } from './place.svelte.ts';

export interface Toast {
  readonly text: string;
  readonly kind: 'note' | 'error';
  /** What the undo button does; absent: there is nothing to undo. */
  readonly undo?: () => void;
  /** What happens when the note goes without undo, such as the real deletion. */
  readonly settle?: () => void;
}

/** What went wrong, and when; kept for who did not read it in time. */
export interface Problem {
  readonly at: number;
  readonly text: string;
}

/** An error takes longer to read, and is in the list once it has left. */
const STAY_MS = { note: 8000, error: 20_000 };
const MAX_PROBLEMS = 50;

class Toasts {
  #current = $state.raw<Toast>();
  #problems = $state.raw<readonly Problem[]>([]);
  #timer: ReturnType<typeof setTimeout> | undefined;

  get current(): Toast | undefined {
    return this.#current;
  }

  /** What went wrong since the page was opened, the newest first. */
  get problems(): readonly Problem[] {
    return this.#problems;
  }

  forgetProblems(): void {
    this.#problems = [];
  }

  show(toast: Toast): void {
    this.dismiss();
    this.#current = toast;
    this.resume();
  }

  note(text: string): void {
    this.show({ text, kind: 'note' });
  }

  /** Says what went wrong: until it is dismissed, has been there long enough to be read, or its page is left. */
  error(thrown: unknown): void {
    const text = sentenceOf(thrown);
    this.#problems = [{ at: Date.now(), text }, ...this.#problems].slice(0, MAX_PROBLEMS);
    this.show({ text, kind: 'error' });
  }

  /** The page was left: what went wrong there is of no more use here. A note with an undo stays. */
  leave(): void {
    if (this.#current?.kind === 'error') this.dismiss();
  }

  /**
   * Something to be deleted once the note is gone, unless it is taken back: `settle` deletes, `back` shows it again, as it does when it
   * cannot be deleted; `chosen` is what else is done when the person takes it back.
   */
  deleted(text: string, settle: () => Promise<unknown>, back: () => void, chosen: () => void = () => undefined): void {
    this.show({
      text,
      kind: 'note',
      undo: () => (back(), chosen()),
      settle: () => void settle().catch((thrown: unknown) => (back(), this.error(thrown))),
    });
  }

  undo(): void {
    const toast = this.#current;
    this.#clear();
    toast?.undo?.();
  }

  dismiss(): void {
    const toast = this.#current;
    this.#clear();
    toast?.settle?.();
  }

  /** While it is read the note stays. */
  hold(): void {
    clearTimeout(this.#timer);
  }

  resume(): void {
    clearTimeout(this.#timer);
    if (this.#current) this.#timer = setTimeout(() => this.dismiss(), STAY_MS[this.#current.kind]);
  }

  #clear(): void {
    clearTimeout(this.#timer);
    this.#current = undefined;
  }
}

export const toasts = new Toasts();
window.addEventListener('pagehide', () => toasts.dismiss());
window.addEventListener('hashchange', ({ oldURL, newURL }) => {
  const [from, to] = [oldURL, newURL].map((url) => parsePlace(new URL(url).hash));
  if (from!.page !== to!.page || from!.rest.join('/') !== to!.rest.join('/')) toasts.leave();
});

/** Does something that may fail, and says so when it does; returns whether it went well. */
export async function attempt(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (thrown) {
    toasts.error(thrown);
    return false;
  }
}
