// The queue: takes runs one at a time through the worker, and keeps their states true whatever happens to it.
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError, asAppError, type ErrorCode } from '../../shared/errors.ts';
import type { ProgressFrame } from '../../shared/progress.ts';
import type { RunResult } from '../../shared/results.ts';
import type { Database } from '../db/open.ts';
import { inTransaction } from '../db/query.ts';
import {
  createRun,
  findDoneRun,
  getRun,
  keepProgress,
  listRuns,
  moveRun,
  reorderQueue,
  takeNextRun,
  type Run,
  type RunInputs,
} from '../db/runs.ts';
import { asShortage, countMemoryKills } from './memory-shortage.ts';
import type { StagedRun } from './run-folder.ts';
import { takeResults } from './take-results.ts';
import type { Worker } from './worker-client.ts';
import { newId } from '../db/ids.ts';

/** How a running run is stopped: for good, or to be resumed later. */
export type StopKind = 'cancelled' | 'interrupted';

/** What the queue tells as it happens. */
export type QueueEvent =
  { readonly kind: 'moved'; readonly run: Run } | { readonly kind: 'progress'; readonly runId: string; readonly frame: ProgressFrame };

export interface Queue {
  /**
   * Puts a staged run at the head of the queue, or at its end; a run of the same recipe that is done, waiting or can be resumed takes
   * its place.
   */
  admit(staged: StagedRun, about: { title: string; inputs: RunInputs }, place?: 'head' | 'end'): Run;
  /** Queues an interrupted run again, at the head. Throws AppError `bad-input` for any other. */
  resume(runId: string): Run;
  /** Asks the running run to stop at its next safe point; resolves when it has stopped. False when it is not running. */
  stop(runId: string, kind: StopKind): Promise<boolean>;
  /** Works through the queue until the run has come to an end, and returns it as it then is. */
  finish(runId: string): Promise<Run>;
  /** Works through the queue in the background until it is empty or held; runs that are queued later are taken too. */
  work(): void;
  /** Takes no further run until `work` is called; the running one goes on. */
  hold(): void;
  /** Whether runs are taken as they come. */
  readonly isWorking: boolean;
  /** Whether it was told to take no further run. */
  readonly isHeld: boolean;
  /** The run that is being carried out. */
  readonly runningId: string | undefined;
  /** Tells every move and every frame; returns the function that ends it. */
  listen(listener: (event: QueueEvent) => void): () => void;
}

/** The last frame is written to the records at most this often: it only has to outlive a crash. */
const KEEP_PROGRESS_MS = 2000;

/** Ends after which a run goes on once the world is mended: what it needs is back, or there is room again. */
const RESUMABLE: readonly ErrorCode[] = ['worker-lost', 'out-of-memory', 'disk-full', 'cannot-resume'];

/** A stop may overtake the call that begins the run; it is then asked for again. */
const ASK_AGAIN_MS = 50;

/** A killed process ends in moments, unless a driver or a disk of the network holds it in the kernel; then nothing more can be done. */
const KILL_PATIENCE_MS = 5000;

/** `worker` gives the living worker process, starting one where there is none. */
export function openQueue(db: Database, worker: () => Worker, log: (line: string) => void, killPatienceMs = KILL_PATIENCE_MS): Queue {
  const listeners = new Set<(event: QueueEvent) => void>();
  let stopping: { readonly runId: string; readonly kind: StopKind } | undefined;
  let current: { readonly runId: string; readonly ended: Promise<Run> } | undefined;
  /** asked: runs are carried out when someone waits for them; working: as they come; held: none until further notice. */
  let mode: 'asked' | 'working' | 'held' = 'asked';

  const tell = (event: QueueEvent): void => {
    for (const listener of listeners) listener(event);
  };
  const move = (...parameters: Parameters<typeof moveRun>): Run => {
    const run = moveRun(...parameters);
    tell({ kind: 'moved', run });
    return run;
  };

  async function runInWorker(run: Run): Promise<RunResult> {
    const stream = await worker().calls.run({ folder: run.folderPath });
    let keptAt = 0;
    let last: ProgressFrame | undefined;
    try {
      for (;;) {
        const step = await stream.next();
        if (step.done) return step.value;
        last = step.value;
        tell({ kind: 'progress', runId: run.id, frame: last });
        if (Date.now() - keptAt >= KEEP_PROGRESS_MS) {
          keptAt = Date.now();
          keepProgress(db, run.id, last);
        }
      }
    } finally {
      if (last) keepProgress(db, run.id, last); // how far it came, however it ended
    }
  }

  /** Takes a running run to its end: the only place where a run leaves `running`, start-up aside. */
  async function carry(run: Run): Promise<Run> {
    let result: RunResult;
    const killsBefore = countMemoryKills();
    try {
      result = await runInWorker(run);
    } catch (thrown) {
      let held: string | undefined;
      const shortage = asShortage(thrown, run.recipe, killsBefore);
      if (shortage) {
        log(`run ${run.id}: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
        if (!(thrown instanceof AppError && thrown.code === 'worker-lost')) held = await retire(worker(), killPatienceMs);
      }
      const { code, message: what } = shortage ?? (thrown instanceof AppError ? thrown : describeFault(thrown, log));
      const message = held === undefined ? what : `${what} ${held}`;
      const kind = stopping?.runId === run.id ? stopping.kind : undefined;
      if (code === 'cancelled') return move(db, run.id, kind ?? 'interrupted', { error: { code, message } });
      if (RESUMABLE.includes(code)) return move(db, run.id, 'interrupted', { error: { code, message } });
      return move(db, run.id, 'failed', { error: { code, message } });
    }
    try {
      return inTransaction(db, () => {
        takeResults(db, run, result);
        return move(db, run.id, 'done', { result });
      });
    } catch (thrown) {
      const { code, message } = asAppError(thrown);
      return move(db, run.id, 'interrupted', { error: { code, message } }); // the result file stands: a resume takes it in
    }
  }

  function next(): boolean {
    const run = takeNextRun(db);
    if (!run) return false;
    const ended = carry(run).finally(() => {
      current = undefined;
      stopping = undefined;
      queueMicrotask(takeOn);
    });
    current = { runId: run.id, ended };
    tell({ kind: 'moved', run });
    return true;
  }

  /** Takes the next run where none is at work and the queue is not held. */
  function takeOn(): void {
    if (mode === 'working' && !current) next();
  }

  return {
    admit(staged, about, place = 'head') {
      const waiting = (['running', 'queued', 'interrupted'] as const).flatMap((state) => listRuns(db, state));
      const known = findDoneRun(db, staged.recipeHash) ?? waiting.find((run) => run.recipeHash === staged.recipeHash);
      if (known) {
        staged.drop();
        return known.state === 'interrupted' ? this.resume(known.id) : known;
      }
      const id = newId();
      const folderPath = staged.commit(id);
      const run = createRun(db, {
        id,
        title: about.title,
        recipe: staged.recipe,
        recipeHash: staged.recipeHash,
        folderPath,
        inputs: about.inputs,
      });
      tell({ kind: 'moved', run });
      if (place === 'head') reorderQueue(db, [id]);
      queueMicrotask(takeOn);
      return run;
    },
    resume(runId) {
      const run = move(db, runId, 'queued');
      reorderQueue(db, [runId]);
      queueMicrotask(takeOn);
      return run;
    },
    async stop(runId, kind) {
      if (current?.runId !== runId) return false;
      stopping = { runId, kind };
      const { folderPath } = getRun(db, runId);
      const { ended } = current;
      const ask = (): Promise<boolean> =>
        worker()
          .calls.stop({ folder: folderPath })
          .catch(() => true); // a worker that is gone has stopped
      while (current?.runId === runId && !(await ask())) await sleep(ASK_AGAIN_MS);
      await ended;
      return true;
    },
    async finish(runId) {
      for (;;) {
        const run = getRun(db, runId);
        if (run.state !== 'queued' && run.state !== 'running') return run;
        if (!current && !next()) throw new AppError('bad-input', `Run ${runId} is ${run.state}, but the queue has nothing to take.`);
        await current?.ended;
      }
    },
    work() {
      mode = 'working';
      takeOn();
    },
    hold() {
      mode = 'held';
    },
    get isWorking() {
      return mode === 'working';
    },
    get isHeld() {
      return mode === 'held';
    },
    get runningId() {
      return current?.runId;
    },
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/**
 * Kills a worker whose memory is full of what it no longer needs, so that the next run gets a new one. Returns a sentence where it has not
 * ended after `patienceMs`, undefined where it has.
 */
async function retire(worker: Worker, patienceMs: number): Promise<string | undefined> {
  worker[Symbol.dispose]();
  const hasEnded = await Promise.race([worker.ended.then(() => true), sleep(patienceMs, false, { ref: false })]);
  if (hasEnded) return undefined;
  return `The worker process ${worker.processId} was killed but has not ended after ${patienceMs / 1000} seconds, and may hold its memory; the next run gets a new one. If it stays, restart the machine.`;
}

/** An error that is nobody's input is a fault of the program: the log gets its stack, the run its sentence. */
function describeFault(thrown: unknown, log: (line: string) => void): { code: AppError['code']; message: string } {
  log(thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown));
  return { code: 'internal', message: thrown instanceof Error ? thrown.message : String(thrown) };
}
