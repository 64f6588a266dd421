// What a person sets layer by layer, locks and kept widths, with every step to be taken back.
import { withSetWidth, type WidthKind } from '../../../shared/prune/set-widths.ts';
import type { SetWidth } from '../../../shared/recipe.ts';

interface Choices {
  readonly locked: readonly number[];
  readonly widths: readonly SetWidth[];
}

/** So many steps can be taken back. */
const STEPS_KEPT = 200;

export class ByHand {
  #now = $state.raw<Choices>({ locked: [], widths: [] });
  #past = $state.raw<readonly Choices[]>([]);
  #future = $state.raw<readonly Choices[]>([]);
  /** What the last step belongs to: more of the same, such as a drag or a key held down, is no step of its own. */
  #gesture: unknown;

  constructor(locked: readonly number[], widths: readonly SetWidth[]) {
    // A locked layer has no other width than its own.
    this.#now = { locked, widths: widths.filter(({ layer }) => !locked.includes(layer)) };
  }

  get locked(): readonly number[] {
    return this.#now.locked;
  }

  get widths(): readonly SetWidth[] {
    return this.#now.widths;
  }

  /** The number that is being typed on a row, until Enter sets it. */
  typed = $state('');

  readonly canUndo = $derived(this.#past.length > 0);

  /** Whether the width of a kind is set in a layer. */
  isSet(layer: number, kind: WidthKind): boolean {
    return this.widths.some((own) => own.layer === layer && own[kind] !== undefined);
  }

  /** Sets a width, or gives it back to the ranking where it is undefined. `gesture` is the same for what is one step to a person. */
  setWidth(layer: number, kind: WidthKind, width: number | undefined, gesture?: unknown): void {
    const widths = withSetWidth(this.widths, layer, kind, width);
    if (JSON.stringify(widths) !== JSON.stringify(this.widths)) this.#take({ locked: this.locked, widths }, gesture);
  }

  resetWidths(): void {
    this.#take({ locked: this.locked, widths: [] });
  }

  /** A layer that is locked gives its set widths back. */
  toggleLock(layer: number): void {
    const isLocked = this.locked.includes(layer);
    const locked = isLocked ? this.locked.filter((one) => one !== layer) : [...this.locked, layer].sort((a, b) => a - b);
    this.#take({ locked, widths: this.widths.filter((own) => own.layer !== layer) });
  }

  unlockAll(): void {
    this.#take({ locked: [], widths: this.widths });
  }

  undo(): void {
    const before = this.#past.at(-1);
    if (before === undefined) return;
    [this.#past, this.#future] = [this.#past.slice(0, -1), [...this.#future, this.#now]];
    [this.#now, this.#gesture] = [before, undefined];
  }

  redo(): void {
    const after = this.#future.at(-1);
    if (after === undefined) return;
    [this.#past, this.#future] = [[...this.#past, this.#now], this.#future.slice(0, -1)];
    [this.#now, this.#gesture] = [after, undefined];
  }

  #take(next: Choices, gesture?: unknown): void {
    if (gesture === undefined || gesture !== this.#gesture) this.#past = [...this.#past, this.#now].slice(-STEPS_KEPT);
    [this.#now, this.#future, this.#gesture] = [next, [], gesture];
  }
}
