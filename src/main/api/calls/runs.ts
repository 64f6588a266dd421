// Runs: listed as the page shows them.
import { listRuns } from '../../db/runs.ts';
import { call } from './call.ts';

export const runs = {
  /** All runs, the newest first, without their recipes. */
  list: call.handler(({ context }) =>
    listRuns(context.app.db).map(({ id, kind, title, state, error, createdAt, queueOrder }) => ({
      id,
      kind,
      title,
      state,
      error,
      createdAt,
      queueOrder,
    })),
  ),
};
