// What is at work, saved and taken up again: before the machine sleeps, and before the program ends.
import type { App } from '../app.ts';
import { getRun } from '../db/runs.ts';
import { resumeStudy, stopStudy, studiesAtWork } from './study-jobs.ts';

/** Whether a run or a study is at work; between two of its runs a study has none. */
export function isAtWork(app: App): boolean {
  return app.queue.runningId !== undefined || studiesAtWork(app).length > 0;
}

/** Brings the run at work to its next safe point, and the studies that would take the next; all of it can be resumed. */
export async function saveWork(app: App): Promise<void> {
  app.queue.hold();
  const { runningId } = app.queue;
  await Promise.all([
    ...studiesAtWork(app).map((id) => stopStudy(app, id)),
    ...(runningId === undefined ? [] : [app.queue.stop(runningId, 'interrupted')]),
  ]);
}

/**
 * Saves what is at work, and resolves with what goes on with it. Undefined where nothing needs saving: only a tuning has safe points on
 * its way, another run would have to begin anew.
 */
export function pauseWork(app: App): Promise<() => void> | undefined {
  const { runningId, isWorking } = app.queue;
  if (runningId === undefined || getRun(app.db, runningId).recipe.kind !== 'tune') return undefined;
  const studies = studiesAtWork(app);
  const takeOn = (): void => {
    if (isWorking) app.queue.work();
  };
  return saveWork(app).then(
    () => () => {
      if (getRun(app.db, runningId).state === 'interrupted') {
        app.queue.resume(runningId);
        if (!isWorking) app.queue.finish(runningId).catch(() => undefined); // a held queue takes no other
      }
      takeOn();
      for (const id of studies) resumeStudy(app, id);
    },
    (thrown: unknown) => {
      takeOn();
      throw thrown;
    },
  );
}
