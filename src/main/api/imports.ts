// Imports in the background: what is dropped is read one dataset after another, with progress, and can be called off.
import { AppError } from '../../shared/errors.ts';
import type { App } from '../app.ts';
import { listDatasets } from '../db/datasets.ts';
import { importFiles } from './datasets.ts';
import { groupFiles, type FileGroup, type NamedPath } from './group-files.ts';
import { sayFault } from './faults.ts';
import { removeDrops } from './uploads.ts';

/** An import as the page shows it, from its start until it is cleared away. */
export interface Import {
  /** Its frames of progress come under this id. */
  readonly id: string;
  readonly name: string;
  readonly state: 'waiting' | 'reading' | 'done' | 'failed' | 'cancelled';
  /** What was done and why, or what went wrong, in sentences for people. */
  readonly said: string;
  readonly datasetId: string | undefined;
}

interface Work {
  shown: Import;
  readonly group: FileGroup;
  readonly stop: AbortController;
}

interface Desk {
  readonly works: Map<string, Work>;
  last: Promise<void>;
}

/** Ended imports that are kept for the eye; older ones are cleared away by themselves. */
const MAX_KEPT = 50;

const desks = new WeakMap<App, Desk>();

function deskOf(app: App): Desk {
  let desk = desks.get(app);
  if (!desk) desks.set(app, (desk = { works: new Map(), last: Promise.resolve() }));
  return desk;
}

/** Imports since the program started that were not cleared away, the newest last. */
export function listImports(app: App): Import[] {
  return [...deskOf(app).works.values()].map((work) => work.shown);
}

/**
 * Starts to take in what came in at once, and returns the imports that it becomes; they go on in the background, one after another.
 * The first has the id that is given. Throws AppError `bad-input` or `bad-dataset` for what can be no dataset.
 */
export function startImports(app: App, id: string, given: readonly NamedPath[]): Import[] {
  let groups: FileGroup[];
  try {
    groups = groupFiles(given);
  } catch (thrown) {
    removeDrops(
      app,
      given.map(({ path }) => path),
    );
    throw thrown;
  }
  return groups.map((group, index) => enqueue(app, index === 0 ? id : `${id}-${index}`, group).shown);
}

function enqueue(app: App, id: string, group: FileGroup): Work {
  const desk = deskOf(app);
  if (desk.works.has(id)) throw new AppError('bad-input', `There is an import ${id} already.`, { id });
  const shown: Import = { id, name: group.name, state: 'waiting', said: group.said, datasetId: undefined };
  const work: Work = { shown, group, stop: new AbortController() };
  desk.works.set(id, work);
  const ended = [...desk.works.values()].filter((other) => !isGoing(other));
  for (const old of ended.slice(0, Math.max(0, ended.length - MAX_KEPT))) {
    desk.works.delete(old.shown.id);
    dropUploads(app, old.group);
  }
  desk.last = desk.last.then(() => carryOut(app, work));
  tell(app, id);
  return work;
}

/** Calls an import off; what it has read is forgotten. */
export function cancelImport(app: App, id: string): void {
  const work = deskOf(app).works.get(id);
  if (!work || !isGoing(work)) return;
  work.stop.abort();
  // One that waits is off at once; one that reads says so itself at its next step.
  if (work.shown.state === 'waiting') settle(app, work, { state: 'cancelled', said: 'Cancelled before it began.' });
}

/** Calls every import off and resolves when the one that was being read has stopped. */
export async function endImports(app: App): Promise<void> {
  for (const { shown } of deskOf(app).works.values()) cancelImport(app, shown.id);
  await deskOf(app).last;
}

/** Starts a failed or cancelled import again. Throws AppError `not-found`. */
export function retryImport(app: App, id: string): Import {
  const work = deskOf(app).works.get(id);
  if (!work || isGoing(work))
    throw new AppError('not-found', 'There is no ended import of this name any more. Drop the files again.', { id });
  deskOf(app).works.delete(id);
  return enqueue(app, id, work.group).shown;
}

/** Clears ended imports away: one, or all. */
export function clearImports(app: App, id?: string): void {
  const { works } = deskOf(app);
  for (const work of [...works.values()]) {
    if (isGoing(work) || (id !== undefined && work.shown.id !== id)) continue;
    works.delete(work.shown.id);
    dropUploads(app, work.group);
  }
  tell(app, id ?? 'imports');
}

function isGoing({ shown }: Work): boolean {
  return shown.state === 'waiting' || shown.state === 'reading';
}

async function carryOut(app: App, work: Work): Promise<void> {
  const { group, stop } = work;
  if (!isGoing(work)) return;
  settle(app, work, { state: 'reading' });
  try {
    const before = new Set(listDatasets(app.db).map((dataset) => dataset.id));
    const dataset = await importFiles(app, group.paths, {
      name: group.name,
      signal: stop.signal,
      progress: (frame) => app.events.tell({ kind: 'progress', id: work.shown.id, frame }),
    });
    const said = before.has(dataset.id) ? 'These very files were taken in before; nothing was read again.' : group.said;
    settle(app, work, { state: 'done', said, datasetId: dataset.id });
    dropUploads(app, group);
  } catch (thrown) {
    if (stop.signal.aborted) return settle(app, work, { state: 'cancelled', said: 'Cancelled. Nothing of it was kept.' });
    // Files whose names tell splits may yet be of different shapes; the reader says so, and then each is a dataset of its own.
    if (thrown instanceof AppError && thrown.data?.['splits'] !== undefined && group.paths.length > 1) return takeApart(app, work);
    settle(app, work, { state: 'failed', said: sayFault(app.host, 'import', thrown).message });
  }
}

function takeApart(app: App, work: Work): void {
  const { group, shown } = work;
  deskOf(app).works.delete(shown.id);
  group.paths.forEach((path, index) => {
    const name = path.replace(/^.*[\\/]/, '').replace(/\.\w+$/, '');
    const said = `The files of ${group.name} have different columns, so each became a dataset of its own.`;
    enqueue(app, index === 0 ? shown.id : `${shown.id}-part-${index}`, { name, paths: [path], said });
  });
}

function settle(app: App, work: Work, change: Partial<Import>): void {
  work.shown = { ...work.shown, ...change };
  tell(app, work.shown.datasetId ?? work.shown.id);
}

function tell(app: App, id: string): void {
  app.events.tell({ kind: 'changed', table: 'datasets', id });
}

/** Copies that a browser sent are of no more use once their rows are in the records, or their import can no more be tried again. */
function dropUploads(app: App, { paths }: FileGroup): void {
  const others = [...deskOf(app).works.values()].filter(({ shown }) => shown.state !== 'done').flatMap(({ group }) => group.paths);
  removeDrops(app, paths, others);
}
