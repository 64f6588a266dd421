// Runs: every move between states, the queue, and what holds a run in place.
import { expect, test } from 'vitest';
import type { Database } from '../../../src/main/db/open.ts';
import { openDatabase } from '../../../src/main/db/open.ts';
import { addModel } from '../../../src/main/db/models.ts';
import {
  createRun,
  deleteRun,
  findDoneRun,
  getRun,
  interruptRunning,
  keepProgress,
  listQueue,
  listRunInputs,
  listRunMoves,
  moveRun,
  reorderQueue,
  takeNextRun,
} from '../../../src/main/db/runs.ts';
import { recipe } from '../../../src/shared/recipe.ts';
import { NEXT_STATES, RUN_STATES, type RunState } from '../../../src/shared/run-states.ts';

const RECIPE = recipe.parse({ kind: 'evaluate', model: { checkpoint: '/m' }, sets: [{ kind: 'perplexity', name: 'p', file: 'p.txt' }] });
/** How a run gets into each state. */
const WAYS: Record<RunState, readonly RunState[]> = {
  queued: [],
  running: ['running'],
  done: ['running', 'done'],
  failed: ['running', 'failed'],
  cancelled: ['running', 'cancelled'],
  interrupted: ['running', 'interrupted'],
};

function queueRun(db: Database, recipeHash = 'h'): string {
  return createRun(db, { recipe: RECIPE, recipeHash, folderPath: '/runs/x' }).id;
}

test.each(RUN_STATES.flatMap((from) => RUN_STATES.map((to) => [from, to, NEXT_STATES[from].includes(to)] as const)))(
  'from %s to %s: %s',
  (from, to, allowed) => {
    const db = openDatabase(':memory:');
    const id = queueRun(db);
    for (const state of WAYS[from]) moveRun(db, id, state);
    if (allowed) {
      expect(moveRun(db, id, to).state).toBe(to);
      expect(listRunMoves(db, id).map((move) => move.state)).toEqual(['queued', ...WAYS[from], to]);
    } else {
      expect(() => moveRun(db, id, to)).toThrow(expect.objectContaining({ code: 'bad-input' }));
      expect(() => db.prepare('UPDATE runs SET state = ?').run(to)).toThrow('cannot move this way');
      expect(getRun(db, id).state).toBe(from);
    }
  },
);

test('a run cannot begin in any state but queued', () => {
  const db = openDatabase(':memory:');
  const insert = `INSERT INTO runs (id, kind, recipe_json, recipe_hash, folder_path, queue_order, created_at, state) VALUES ('r', 'tune', '{}', 'h', 'f', 1, 1, 'done')`;
  expect(() => db.exec(insert)).toThrow('begins queued');
});

test('runs are taken one at a time in the order of the queue, which can be changed', () => {
  const db = openDatabase(':memory:');
  const [a, b, c] = [queueRun(db), queueRun(db), queueRun(db)];
  reorderQueue(db, [c!]);
  expect(listQueue(db).map((run) => run.id)).toEqual([c, a, b]);
  expect(takeNextRun(db)?.id).toBe(c);
  expect(takeNextRun(db)).toBeUndefined();
  moveRun(db, c!, 'failed', { error: { code: 'bad-model', message: 'no' } });
  expect(takeNextRun(db)?.id).toBe(a);
  expect(getRun(db, c!).error).toEqual({ code: 'bad-model', message: 'no' });
});

test('a run queued again goes to the end of the queue and loses its error', () => {
  const db = openDatabase(':memory:');
  const [a, b] = [queueRun(db), queueRun(db)];
  takeNextRun(db);
  expect(interruptRunning(db).map((run) => run.id)).toEqual([a]);
  expect(moveRun(db, a!, 'queued').error).toBeUndefined();
  expect(listQueue(db).map((run) => run.id)).toEqual([b, a]);
});

test('results, progress and inputs come back as they were given, and the same recipe finds its result', () => {
  const db = openDatabase(':memory:');
  const model = addModel(db, {
    name: 'm',
    kind: 'base',
    form: 'checkpoint',
    folderPath: '/m',
    hash: 'mh',
    parameters: 6_700_000_000,
    sizeBytes: 1,
    config: {},
  });
  const run = createRun(db, { id: 'mine', recipe: RECIPE, recipeHash: 'h', folderPath: '/runs/mine', inputs: { models: [model.id] } });
  expect(run).toMatchObject({ id: 'mine', kind: 'evaluate', recipe: RECIPE, result: undefined, progress: undefined });
  expect(listRunInputs(db, 'mine')).toEqual({ models: [model.id], datasets: [], promptVersions: [] });
  const frame = { phase: 'scoring', done: 1, total: 2, unit: 'examples' };
  keepProgress(db, 'mine', frame);
  expect(findDoneRun(db, 'h')).toBeUndefined();
  takeNextRun(db);
  const cost = { elapsedMs: 1, tokens: 2, tokensPerSecond: 3, peakMemoryBytes: 4, device: 'cpu', threads: 1 };
  moveRun(db, 'mine', 'done', { result: { kind: 'evaluate', sets: [], cost } });
  expect(findDoneRun(db, 'h')).toMatchObject({ progress: frame, result: { kind: 'evaluate', sets: [], cost } });
});

test('a running run cannot be deleted, nor one that made a model; others go with their history', () => {
  const db = openDatabase(':memory:');
  const id = queueRun(db);
  takeNextRun(db);
  expect(() => deleteRun(db, id)).toThrow(expect.objectContaining({ code: 'bad-input' }));
  moveRun(db, id, 'done');
  const model = {
    name: 'cut',
    kind: 'pruned',
    form: 'checkpoint',
    folderPath: '/c',
    hash: 'c',
    parameters: 1,
    sizeBytes: 1,
    config: {},
  } as const;
  addModel(db, { ...model, runId: id });
  expect(() => deleteRun(db, id)).toThrow('needed by model cut');
  const other = queueRun(db);
  deleteRun(db, other);
  expect(() => getRun(db, other)).toThrow(expect.objectContaining({ code: 'not-found' }));
  expect(listRunMoves(db, other)).toEqual([]);
});
