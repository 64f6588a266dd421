// The queue tells the truth: what a run's state is after success, failure, a stop, a crash of the worker, and a kill of everything.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { resumeRun } from '../../../src/main/api/runs.ts';
import type { App } from '../../../src/main/app.ts';
import { listChoiceOutcomes, listEvaluations } from '../../../src/main/db/evaluations.ts';
import { getRun, listRunMoves, listRuns } from '../../../src/main/db/runs.ts';
import { openQueue } from '../../../src/main/jobs/queue.ts';
import { connectWorker, type Worker } from '../../../src/main/jobs/worker-client.ts';
import { readRunLog } from '../../../src/main/jobs/run-log.ts';
import { reportError } from '../../../src/main/node/terminal.ts';
import type { WorkerRouter } from '../../../src/worker/api.ts';
import { admitCount, openCountingApp, spawnCounting } from '../../fixtures/counting-app.ts';

let folder: string;
let app: App;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tailor-queue-'));
  app = openCountingApp(folder);
});
afterEach(() => {
  app[Symbol.dispose]();
  rmSync(folder, { recursive: true, force: true });
});

const movesOf = (id: string): string[] => listRunMoves(app.db, id).map((move) => move.state);

describe('a run', () => {
  it('goes through queued and running to done, and its results are in the records', async () => {
    const run = admitCount(app, 'quick');
    expect(run.state).toBe('queued');
    expect(readdirSync(run.folderPath).sort()).toEqual(['examples.jsonl', 'log.jsonl', 'origin.json', 'spec.json']);
    const ended = await app.queue.finish(run.id);
    expect(ended).toMatchObject({ state: 'done', result: { kind: 'evaluate' } });
    expect(movesOf(run.id)).toEqual(['queued', 'running', 'done']);
    const evaluation = listEvaluations(app.db, run.id)[0]!;
    expect(evaluation).toMatchObject({ setName: 'quick', modelHash: 'h', datasetHash: 'd' });
    expect(listChoiceOutcomes(app.db, evaluation.id)).toMatchObject([{ id: 'a', picked: 0, pickedNorm: 1 }]);
    expect(existsSync(join(run.folderPath, 'claim'))).toBe(false);
  });

  it('names a model of the data folder from its own folder on, so that the whole can be moved', async () => {
    const place = join(folder, 'runs', 'm', 'model');
    const { id, folderPath } = admitCount(app, 'quick', { id: 'a' }, place);
    const spec = JSON.parse(readFileSync(join(folderPath, 'spec.json'), 'utf8')) as { model: object };
    expect(spec.model).toEqual({ checkpoint: '../m/model', hash: 'h' });
    expect(getRun(app.db, id).recipe.model.checkpoint).toBe(place);
    app[Symbol.dispose]();
    const moved = join(folder, '..', `${basename(folder)}-moved`);
    renameSync(folder, moved);
    folder = moved;
    app = openCountingApp(moved);
    expect(getRun(app.db, id).recipe.model.checkpoint).toBe(join(moved, 'runs', 'm', 'model'));
    expect(await app.queue.finish(id)).toMatchObject({ state: 'done' });
  });

  it('that fails keeps the sentence that says why, and the worker goes on to the next', async () => {
    const failed = await app.queue.finish(admitCount(app, 'fails').id);
    expect(failed).toMatchObject({ state: 'failed', error: { code: 'bad-model', message: 'the model is broken.' } });
    const fault = await app.queue.finish(admitCount(app, 'faults').id);
    expect(fault).toMatchObject({ state: 'failed', error: { code: 'internal', message: 'TypeError: a mistake in the program' } });
    expect(await app.queue.finish(admitCount(app, 'quick').id)).toMatchObject({ state: 'done' });
  });

  it('is taken again from the records when the same recipe and data are asked for, and run anew when the data differ', async () => {
    const first = await app.queue.finish(admitCount(app, 'quick').id);
    expect(admitCount(app, 'quick').id).toBe(first.id);
    expect(admitCount(app, 'quick', { id: 'b' }).id).not.toBe(first.id);
    expect(readdirSync(app.runsFolder).filter((name) => name.startsWith('.staged'))).toEqual([]);
  });

  it.each(['cancelled', 'interrupted'] as const)('that is stopped as %s stops at the next safe point and says so', async (kind) => {
    const run = admitCount(app, 'slow');
    let last: unknown;
    const begun = new Promise((resolve) => app.queue.listen((event) => event.kind === 'progress' && resolve((last = event.frame))));
    const ending = app.queue.finish(run.id);
    await begun;
    expect(await app.queue.stop(run.id, kind)).toBe(true);
    expect(await ending).toMatchObject({ state: kind, error: { code: 'cancelled' }, progress: last });
    expect(existsSync(join(run.folderPath, 'result.json'))).toBe(false);
    // What was asked for is not told as an error.
    expect(readRunLog(run).filter((line) => line.kind === 'error')).toEqual([]);
    expect(readRunLog(run).at(-1)!.text).toBe(kind === 'cancelled' ? 'cancelled for good' : 'stopped as asked; it can be resumed');
  });

  it('can be stopped only while it runs', async () => {
    const run = await app.queue.finish(admitCount(app, 'quick').id);
    expect(await app.queue.stop(run.id, 'cancelled')).toBe(false);
    expect(getRun(app.db, run.id).state).toBe('done');
  });
});

describe('a worker killed in the middle of a run', () => {
  it('leaves the run interrupted, and a resume goes on from its snapshot in a new worker', async () => {
    const run = admitCount(app, 'crashes');
    expect(await app.queue.finish(run.id)).toMatchObject({ state: 'interrupted', error: { code: 'worker-lost' } });
    expect(app.queue.resume(run.id)).toMatchObject({ error: undefined, progress: undefined }); // how far it was is no longer true
    expect(await app.queue.finish(run.id)).toMatchObject({ state: 'done', error: undefined });
    expect(readFileSync(join(run.folderPath, 'begun'), 'utf8')).toBe('10');
    expect(movesOf(run.id)).toEqual(['queued', 'running', 'interrupted', 'queued', 'running', 'done']);
  });

  it('is resumed when the same recipe is asked for again', async () => {
    const run = await app.queue.finish(admitCount(app, 'crashes').id);
    const again = admitCount(app, 'crashes');
    expect(again).toMatchObject({ id: run.id, state: 'queued' });
  });

  it('is told by its own sentence on every page, to which the command line alone adds its way to go on', async () => {
    const { id } = admitCount(app, 'crashes');
    const thrown: unknown = await resumeRun(app, id).catch((error: unknown) => error);
    expect((thrown as Error).message).toBe(getRun(app.db, id).error?.message);
    const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    reportError(thrown, false);
    expect(written.mock.lastCall?.[0]).toContain(`To go on: tailor run ${id}`);
    written.mockRestore();
  });
});

describe('memory that runs out', () => {
  it('ends neither the program nor the record: the run says what to change, stays resumable, and the next one is taken by a new worker', async () => {
    const run = admitCount(app, 'starves');
    const before = app.worker().processId;
    for (const how of ['the process dies of it', 'an allocation fails']) {
      const ended = await app.queue.finish(run.id);
      expect(ended, how).toMatchObject({
        state: 'interrupted',
        error: { code: 'out-of-memory', message: 'The memory ran out. Close other programs and resume it, or measure a smaller model.' },
      });
      app.queue.resume(run.id);
    }
    app.queue.hold();
    expect(await app.queue.finish(admitCount(app, 'quick').id)).toMatchObject({ state: 'done' });
    expect(app.worker().processId).not.toBe(before);
  });

  it('is not waited for without end: a worker that outlives its kill is named, and the next run gets another', async () => {
    const run = admitCount(app, 'starves');
    expect(await app.queue.finish(run.id)).toMatchObject({ state: 'interrupted' }); // the process dies of it; at the next an allocation fails
    app.queue.resume(run.id);
    const processes: ReturnType<typeof spawnCounting>[] = [];
    const workers: Worker[] = [];
    const living = (): Worker => {
      if (workers.at(-1)?.isAlive) return workers.at(-1)!;
      const process = spawnCounting();
      processes.push(process);
      workers.push(connectWorker<WorkerRouter>({ ...process, kill: () => undefined })); // as one that the kernel holds
      return workers.at(-1)!;
    };
    const queue = openQueue(app.db, living, () => undefined, 100);
    try {
      const ended = await queue.finish(run.id);
      expect(ended).toMatchObject({ state: 'interrupted', error: { code: 'out-of-memory' } });
      expect(ended.error!.message).toContain(
        `The worker process ${processes[0]!.processId} was killed but has not ended after 0.1 seconds`,
      );
      expect(await queue.finish(admitCount(app, 'quick').id)).toMatchObject({ state: 'done' });
      expect(workers).toHaveLength(2);
    } finally {
      for (const process of processes) process.kill();
    }
  });
});

describe('the whole program killed in the middle of a run', () => {
  it('finds the run interrupted when it opens again, with its worker gone, and resumes it', async () => {
    app[Symbol.dispose]();
    const program = fileURLToPath(new URL('../../fixtures/run-slowly.ts', import.meta.url));
    const child = spawn(process.execPath, [program, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));

    app = openCountingApp(folder);
    const [run] = listRuns(app.db);
    expect(run).toMatchObject({ state: 'interrupted', error: { code: 'worker-lost' } });
    const log = (): string[] => readRunLog(run!).flatMap(({ kind, text }) => (kind === 'frame' ? [] : [text]));
    expect(log()).toEqual(['waits in the queue', 'started', 'interrupted; it can be resumed', run!.error!.message]);
    app[Symbol.dispose]();
    app = openCountingApp(folder);
    expect(log()).toHaveLength(4); // said once
    app.queue.resume(run!.id);
    expect(await app.queue.finish(run!.id)).toMatchObject({ state: 'done' });
    expect(Number(readFileSync(join(run!.folderPath, 'begun'), 'utf8'))).toBeGreaterThan(0);
  });
});
