// What the page is told as it happens: that records changed, and how far work has come.
import type { ProgressFrame } from '../shared/progress.ts';

/** The tables that a page may watch. */
export type Watched = 'datasets' | 'prompts' | 'models' | 'runs' | 'studies' | 'settings';

export type AppEvent =
  | { readonly kind: 'changed'; readonly table: Watched; readonly id: string }
  /** A frame of a run, or of other work under an id that its caller chose. */
  | { readonly kind: 'progress'; readonly id: string; readonly frame: ProgressFrame };

export interface Events {
  tell(event: AppEvent): void;
  /** Returns the function that ends it. */
  listen(listener: (event: AppEvent) => void): () => void;
}

export function createEvents(): Events {
  const listeners = new Set<(event: AppEvent) => void>();
  return {
    tell(event) {
      for (const listener of listeners) listener(event);
    },
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
