// What stays of snapshots: so many of a tuning that is done, so many bytes of all that have ended, and all of a run that may go on.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { trimCheckpoints } from '../../../src/main/api/retention.ts';
import { openRecords, type Records } from '../../../src/main/db/open.ts';
import { createRun, moveRun, type Run } from '../../../src/main/db/runs.ts';
import { keepSetting } from '../../../src/main/db/settings.ts';
import { recipe } from '../../../src/shared/recipe.ts';

let folder: string;
let records: Records;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tailor-retention-'));
  records = openRecords(folder);
});
afterEach(() => {
  records.close();
  rmSync(folder, { recursive: true, force: true });
});

const TUNE = recipe.parse({ kind: 'tune', model: { checkpoint: '/m' }, steps: 1 });
const BYTES = 1000;

/** A run with snapshots of `steps`, one second apart; runs that are added later have newer ones. */
function addRun(name: string, state: Run['state'], steps: readonly number[]): Run {
  const { db } = records;
  const folderPath = join(folder, 'runs', name);
  const snapshots = join(folderPath, 'snapshots');
  mkdirSync(snapshots, { recursive: true });
  for (const step of steps) {
    const path = join(snapshots, `step-${String(step).padStart(8, '0')}.safetensors`);
    writeFileSync(path, Buffer.alloc(BYTES));
    utimesSync(path, step, step);
  }
  const { id } = createRun(db, { recipe: TUNE, recipeHash: name, folderPath });
  moveRun(db, id, 'running');
  return moveRun(db, id, state);
}
const stepsOf = (run: Run): number[] => readdirSync(join(run.folderPath, 'snapshots')).map((name) => Number(name.slice(5, 13)));

it('keeps the newest of a tuning that is done, as many as are asked for', () => {
  keepSetting(records.db, 'keepSnapshots', 2);
  const run = addRun('a', 'done', [10, 20, 30]);
  trimCheckpoints(records.db, run);
  expect(stepsOf(run)).toEqual([20, 30]);
});

it.each([
  [undefined, [10, 20], [30], [40, 50]],
  [4 * BYTES, [20], [30], [40, 50]],
  [3 * BYTES, [], [30], [40, 50]],
  [0, [], [], [40, 50]],
])('keeps %s bytes of all, the oldest going first, and what a run needs to go on', (budget, failed, done, interrupted) => {
  keepSetting(records.db, 'checkpointBudgetBytes', budget);
  const runs = [addRun('a', 'failed', [10, 20]), addRun('b', 'done', [30]), addRun('c', 'interrupted', [40, 50])] as const;
  trimCheckpoints(records.db, runs[1]);
  expect(runs.map(stepsOf)).toEqual([failed, done, interrupted]);
});
