// What long work reports while it goes on, and what it is given to stop it.

/** One frame of progress. `done` of `total` in `unit`; `phase` is a short word for people; `metrics` are live figures by name. */
export interface ProgressFrame {
  readonly phase: string;
  readonly done: number;
  readonly total: number;
  readonly unit: string;
  readonly metrics?: Readonly<Record<string, number>>;
}

/** Every long piece of work takes one of these; both may be left out. */
export interface WorkOptions {
  readonly signal?: AbortSignal;
  readonly progress?: (frame: ProgressFrame) => void;
}
