// Studies at work in the background: started, stopped, and told about as they go.
import { AppError } from '../../shared/errors.ts';
import type { StudySettings } from '../../shared/study/settings.ts';
import { shapeOfStudy, studySteps, type StudyStep } from '../../shared/study/steps.ts';
import type { App } from '../app.ts';
import { deleteStudy, getStudy, type Study, type StudyState } from '../db/studies.ts';
import { findOrCreateStudy, runStudy } from './studies.ts';

/** What a study is busy with: finding model, data and prompts; measuring the base; cutting and measuring; tuning and measuring. */
export type StudyPart = 'find' | 'base' | 'cut' | 'tune';

/** How far a study at work has come. */
export interface StudyProgress {
  readonly title: string;
  readonly part: StudyPart;
  readonly done: number;
  readonly total: number;
  /** Undefined until a step has been done. */
  readonly msLeft: number | undefined;
  /** A stop was asked for; the run at work comes to its next safe point first. */
  readonly isStopping: boolean;
}

interface Job {
  readonly controller: AbortController;
  readonly ended: Promise<void>;
  progress: StudyProgress;
}

const jobsOfApps = new WeakMap<App, Map<string, Job>>();

/** The studies at work, by id. */
function jobsOf(app: App): Map<string, Job> {
  let jobs = jobsOfApps.get(app);
  if (!jobs) jobsOfApps.set(app, (jobs = new Map()));
  return jobs;
}

/** Starts a study, or goes on with the one of these very settings, in the background. One that is at work already is left alone. */
export function startStudy(app: App, settings: StudySettings): Study {
  const study = findOrCreateStudy(app, settings);
  const atWork = jobsOf(app);
  if (atWork.has(study.id)) return study;
  const controller = new AbortController();
  const job: Job = {
    controller,
    progress: { title: 'find model and data', part: 'find', done: 0, total: 1, msLeft: undefined, isStopping: false },
    ended: Promise.resolve(),
  };
  atWork.set(study.id, job);
  const changed = (): void => app.events.tell({ kind: 'changed', table: 'studies', id: study.id });
  const clock = timeSteps(settings);
  const tell = (share: number, metrics: Readonly<Record<string, number>> = {}): void => {
    const { done, total, title } = job.progress;
    app.events.tell({ kind: 'progress', id: study.id, frame: { phase: title, done: done + share, total, unit: 'steps', metrics } });
  };
  const work = runStudy(app, settings, {
    signal: controller.signal,
    step: ({ role, done, total, title }) => {
      job.progress = { title, part: partOf(role), done, total, msLeft: clock.enter(role), isStopping: controller.signal.aborted };
      tell(0, {});
      changed();
    },
    progress: (frame) => {
      const share = frame.total > 0 ? Math.min(1, frame.done / frame.total) : 0;
      const msLeft = clock.within(share);
      job.progress = { ...job.progress, msLeft, isStopping: controller.signal.aborted };
      tell(share, msLeft === undefined ? {} : { msLeft });
    },
    table: changed,
  });
  const ended = (): void => {
    atWork.delete(study.id);
    changed();
  };
  Object.assign(job, { ended: work.then(ended, ended) });
  changed();
  return getStudy(app.db, study.id);
}

/** Asks a study to stop at the next safe point and resolves when it has; what was measured stays, and it can be resumed. */
export async function stopStudy(app: App, id: string): Promise<void> {
  const job = jobsOf(app).get(getStudy(app.db, id).id);
  if (!job) return;
  job.progress = { ...job.progress, isStopping: true };
  job.controller.abort();
  app.events.tell({ kind: 'changed', table: 'studies', id });
  await job.ended;
}

/** The studies at work, by their ids. */
export function studiesAtWork(app: App): readonly string[] {
  return [...jobsOf(app).keys()];
}

/** Goes on with a study where it is. Throws AppError `not-found`. */
export function resumeStudy(app: App, id: string): Study {
  return startStudy(app, getStudy(app.db, id).settings as StudySettings);
}

/** Forgets a study; its runs and models stay. Throws AppError `bad-input` while it is at work. */
export function forgetStudy(app: App, id: string): void {
  const { name } = getStudy(app.db, id);
  if (jobsOf(app).has(id)) throw new AppError('bad-input', `The study ${name} is at work. Stop it first.`);
  deleteStudy(app.db, id);
  app.events.tell({ kind: 'changed', table: 'studies', id });
}

/** The study's state as it is, why it is not at work, and how far it has come. */
export function stateOfStudy(
  app: App,
  study: Study,
): { state: StudyState; reason: string | undefined; progress: StudyProgress | undefined } {
  const progress = jobsOf(app).get(study.id)?.progress;
  return { state: progress ? 'running' : study.state === 'running' ? 'stopped' : study.state, reason: study.reason, progress };
}

/**
 * Tells the time left from the work of the steps that took time, the newest of which count most, so that it follows a machine that is
 * slowed down or freed; those done before are passed in no time and do not count.
 */
function timeSteps(settings: StudySettings): {
  enter(role: string | undefined): number | undefined;
  within(share: number): number | undefined;
} {
  let steps: readonly StudyStep[] = [];
  let at = -1;
  let enteredAt = 0;
  let passes = 0;
  let elapsedMs = 0;
  const left = (share: number): number | undefined => {
    const here = steps[at];
    if (!here) return undefined;
    const donePasses = passes + here.passes * share;
    const spentMs = elapsedMs + (performance.now() - enteredAt);
    if (donePasses === 0 || spentMs < FIRST_GUESS_MS) return undefined;
    const rest = here.passes * (1 - share) + steps.slice(at + 1).reduce((sum, step) => sum + step.passes, 0);
    return (rest * spentMs) / donePasses;
  };
  return {
    enter(role) {
      const now = performance.now();
      const last = steps[at];
      if (last && now - enteredAt > DONE_BEFORE_MS) {
        passes = passes * FADING + last.passes;
        elapsedMs = elapsedMs * FADING + (now - enteredAt);
      }
      if (role === undefined) return undefined;
      // Names of tasks are known once the first run is planned; roles say them.
      if (steps.length === 0) steps = studySteps(shapeOfStudy(settings, (task) => task.task ?? task.dataset));
      at += 1;
      enteredAt = now;
      return left(0);
    },
    within: left,
  };
}

function partOf(role: string | undefined): StudyPart {
  if (role === undefined) return 'find';
  if (role === 'evaluate/base') return 'base';
  return role.includes('/draw-') ? 'tune' : 'cut';
}

/** What a step counts when one more has followed it. */
const FADING = 0.75;
/** A step that took less was done before. */
const DONE_BEFORE_MS = 300;
/** Nothing is said of the time left before this much has been seen. */
const FIRST_GUESS_MS = 4000;
