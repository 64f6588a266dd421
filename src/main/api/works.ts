// Long work that is no run, such as taking a model in: every page sees it, any page may end it, and a page's reload does not.
import { AppError } from '../../shared/errors.ts';
import type { ProgressFrame, WorkOptions } from '../../shared/progress.ts';
import type { App } from '../app.ts';
import type { Watched } from '../events.ts';

/** Work under way as a page shows it; its frames come as progress under its id. */
export interface OpenWork {
  readonly id: string;
  readonly kind: 'add' | 'export' | 'copy';
  readonly title: string;
  /** The newest frame, for a page that came later. */
  readonly frame: ProgressFrame | undefined;
}

interface Entry {
  readonly kind: OpenWork['kind'];
  readonly title: string;
  readonly stop: AbortController;
  frame: ProgressFrame | undefined;
  ended: Promise<unknown>;
}

const open = new WeakMap<App, Map<string, Entry>>();

function entriesOf(app: App): Map<string, Entry> {
  const entries = open.get(app) ?? new Map<string, Entry>();
  open.set(app, entries);
  return entries;
}

/** Work of these kinds that is under way, the oldest first. */
export function listWorks(app: App, kinds: readonly OpenWork['kind'][]): OpenWork[] {
  return [...entriesOf(app)]
    .filter(([, { kind }]) => kinds.includes(kind))
    .map(([id, { kind, title, frame }]) => ({ id, kind, title, frame }));
}

/** Asks for an end at the next safe point; false when there is no such work. */
export function cancelWork(app: App, id: string): boolean {
  const entry = entriesOf(app).get(id);
  entry?.stop.abort();
  return entry !== undefined;
}

/** Asks all of it for an end and resolves when it has come. */
export async function endWorks(app: App): Promise<void> {
  const entries = [...entriesOf(app).values()];
  for (const { stop } of entries) stop.abort();
  await Promise.all(entries.map(({ ended }) => ended));
}

/**
 * Carries work out under an id that a page chose, and tells of `table` when it begins and ends. Throws AppError `busy` for an id that is
 * at work, `cancelled` when it was ended, and what the work throws.
 */
export async function carryWork<T>(
  app: App,
  about: { readonly id: string; readonly kind: OpenWork['kind']; readonly title: string; readonly table: Watched },
  job: (work: Required<WorkOptions>) => Promise<T>,
): Promise<T> {
  const entries = entriesOf(app);
  if (entries.has(about.id)) throw new AppError('busy', `“${about.title}” is at work already.`);
  const entry: Entry = { kind: about.kind, title: about.title, stop: new AbortController(), frame: undefined, ended: Promise.resolve() };
  entries.set(about.id, entry);
  const tellChange = (): void => app.events.tell({ kind: 'changed', table: about.table, id: about.id });
  const progress = (frame: ProgressFrame): void => {
    entry.frame = frame;
    app.events.tell({ kind: 'progress', id: about.id, frame });
  };
  tellChange();
  // The worker does one thing at a time.
  progress({ phase: app.queue.runningId === undefined ? 'starting' : 'waiting for the run at work', done: 0, total: 0, unit: '' });
  try {
    const going = job({ signal: entry.stop.signal, progress });
    entry.ended = going.catch(() => undefined);
    return await going;
  } catch (thrown) {
    if (entry.stop.signal.aborted) throw new AppError('cancelled', `Ended as you asked: “${about.title}”. Nothing half-done was kept.`);
    throw thrown;
  } finally {
    entries.delete(about.id);
    tellChange();
  }
}
