// What stays of the snapshots of runs that have ended: so many of each, and so many bytes of all of them together.
import { rmSync } from 'node:fs';
import { userSettings } from '../../shared/settings.ts';
import type { Database } from '../db/open.ts';
import { listRuns, type Run } from '../db/runs.ts';
import { listSettings } from '../db/settings.ts';
import { listCheckpoints, pathOfCheckpoint } from './run-details.ts';

/**
 * Deletes what the settings do not keep, now that a run has ended: of this run, when it is done, all snapshots but the newest few, and of
 * all runs that have ended the oldest ones until the rest fits the budget. A run that may still go on loses none.
 */
export function trimCheckpoints(db: Database, ended: Run): void {
  const { keepSnapshots, checkpointBudgetBytes: budget } = userSettings.safeParse(listSettings(db)).data ?? userSettings.parse({});
  if (ended.state === 'done')
    for (const { step } of listCheckpoints(ended).slice(keepSnapshots)) rmSync(pathOfCheckpoint(ended, step), { force: true });
  if (budget === undefined) return;
  const all = listRuns(db).flatMap((run) => listCheckpoints(run).map((checkpoint) => ({ run, ...checkpoint })));
  let total = all.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const mayGo = all.filter(({ run }) => run.state === 'done' || run.state === 'failed' || run.state === 'cancelled');
  for (const { run, step, sizeBytes } of mayGo.sort((a, b) => a.savedAt - b.savedAt)) {
    if (total <= budget) return;
    rmSync(pathOfCheckpoint(run, step), { force: true });
    total -= sizeBytes;
  }
}
