// Short notes at the foot of the window: what was done, with a way to take it back, or what went wrong.
import { sentenceOf } from './api.ts';

export interface Toast {
  readonly text: string;
  readonly kind: 'note' | 'error';
  /** What the undo button does; absent: there is nothing to undo. */
  readonly undo?: () => void;
  /** What happens when the note goes without undo, such as the real deletion. */
  readonly settle?: () => void;
}

const STAY_MS = 8000;

class Toasts {
  #current = $state.raw<Toast>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  get current(): Toast | undefined {
    return this.#current;
  }

  show(toast: Toast): void {
    this.dismiss();
    this.#current = toast;
    this.resume();
  }

  note(text: string): void {
    this.show({ text, kind: 'note' });
  }

  /** Says what went wrong; an error stays until it is dismissed. */
  error(thrown: unknown): void {
    this.show({ text: sentenceOf(thrown), kind: 'error' });
  }

  /** Something to be deleted once the note is gone, unless it is taken back: `settle` deletes, `undo` shows it again. */
  deleted(text: string, settle: () => Promise<unknown>, undo: () => void): void {
    this.show({ text, kind: 'note', undo, settle: () => void settle().catch((thrown: unknown) => (undo(), this.error(thrown))) });
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
    if (this.#current?.kind === 'note') this.#timer = setTimeout(() => this.dismiss(), STAY_MS);
  }

  #clear(): void {
    clearTimeout(this.#timer);
    this.#current = undefined;
  }
}

export const toasts = new Toasts();
window.addEventListener('pagehide', () => toasts.dismiss());

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
