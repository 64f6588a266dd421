// The states of a run and the only moves between them, as records, queue and page agree on them.

export const RUN_STATES = ['queued', 'running', 'done', 'failed', 'cancelled', 'interrupted'] as const;
export type RunState = (typeof RUN_STATES)[number];

/** Where a run may go from each state. An interrupted run resumes by being queued again; the other ends are final. */
export const NEXT_STATES: Readonly<Record<RunState, readonly RunState[]>> = {
  queued: ['running'],
  running: ['done', 'failed', 'cancelled', 'interrupted'],
  done: [],
  failed: [],
  cancelled: [],
  interrupted: ['queued'],
};
