// Studies: what was planned, and which run fills which role of the table.
import { isAbsolute } from 'node:path';
import { AppError } from '../../shared/errors.ts';
import { placeStudy } from '../../shared/study/settings.ts';
import { newId } from './ids.ts';
import type { Database } from './open.ts';
import { execute, fromStoredPath, insertRow, selectAll, toStoredPath } from './query.ts';

export type StudyState = 'planned' | 'running' | 'done' | 'failed' | 'stopped';

export interface Study {
  readonly id: string;
  readonly name: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly state: StudyState;
  /** Why it failed or stopped, where that was not asked for. */
  readonly reason: string | undefined;
  readonly createdAt: number;
}

/** A run's place in a study. `role` is a key the study gives, such as "evaluate/0.5/tuned/draw-1". */
export interface StudyRun {
  readonly role: string;
  readonly runId: string;
}

export function createStudy(db: Database, study: { name: string; settings: Readonly<Record<string, unknown>> }): Study {
  const id = newId();
  const settings = placeStudy(study.settings, (name) => toStoredName(db, name));
  insertRow(db, 'studies', { ...study, settings, id, state: 'planned', createdAt: Date.now() });
  return getStudy(db, id);
}

/** Throws AppError `not-found`. */
export function getStudy(db: Database, id: string): Study {
  const [study] = selectStudies(db, 'SELECT * FROM studies WHERE id = ?', [id]);
  if (!study) throw new AppError('not-found', `There is no study ${id} in these records. It may have been deleted.`, { id });
  return study;
}

/** All studies, the newest first. */
export function listStudies(db: Database): Study[] {
  return selectStudies(db, 'SELECT * FROM studies ORDER BY id DESC');
}

/** `reason` says why it failed or stopped; one that was there before is forgotten. */
export function setStudyState(db: Database, id: string, state: StudyState, reason?: string): void {
  execute(db, 'UPDATE studies SET state = ?, reason = ? WHERE id = ?', [state, reason ?? null, id]);
}

/** Makes `stopped` of every study found `running`, which at start-up means that the program ended in the midst of it. */
export function stopCutOffStudies(db: Database): void {
  for (const { id, state } of listStudies(db))
    if (state === 'running') setStudyState(db, id, 'stopped', 'Tailor ended while this study was at work.');
}

/** Gives a role of the study to a run, in place of the run that had it; one run may fill roles of several studies. */
export function setStudyRun(db: Database, studyId: string, role: string, runId: string): void {
  insertRow(db, 'study_runs', { studyId, role, runId }, 'OR REPLACE');
}

/** The runs of a study by role. */
export function listStudyRuns(db: Database, studyId: string): StudyRun[] {
  return selectAll<StudyRun>(db, 'SELECT role, run_id FROM study_runs WHERE study_id = ? ORDER BY role', [studyId]);
}

/** Studies in whose table a run stands. */
export function listStudiesOfRun(db: Database, runId: string): Study[] {
  return selectStudies(db, 'SELECT * FROM studies WHERE id IN (SELECT study_id FROM study_runs WHERE run_id = ?) ORDER BY id', [runId]);
}

/** Forgets a study and which runs were its; runs and models stay. Throws AppError `not-found`. */
export function deleteStudy(db: Database, id: string): void {
  execute(db, 'DELETE FROM studies WHERE id = ?', [getStudy(db, id).id]);
}

function selectStudies(db: Database, sql: string, parameters: readonly unknown[] = []): Study[] {
  return selectAll<Study>(db, sql, parameters).map((study) => ({
    ...study,
    settings: placeStudy(study.settings, (name) => (name.startsWith(INSIDE) ? fromStoredPath(db, name.slice(INSIDE.length)) : name)),
  }));
}

/** Tells a path from the data folder on from a record's name, which may read like one. */
const INSIDE = './';

/** A path that lies in the data folder is stored from there on, so that the folder can be moved; names, ids and other paths as they are. */
function toStoredName(db: Database, name: string): string {
  const stored = isAbsolute(name) ? toStoredPath(db, name) : name;
  return stored === name ? name : `${INSIDE}${stored}`;
}
