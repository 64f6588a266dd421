// Listens to main's one stream of events and lets lists refetch what they show.
import type { AppEvent, Watched } from '../../main/events.ts';
import type { ProgressFrame } from '../../shared/progress.ts';
import { api } from './api.ts';
import { connection } from './connection.svelte.ts';

type Change = Extract<AppEvent, { kind: 'changed' }>;

const changed = new Set<(change: Change | undefined) => void>();
/** The newest frame of each run, and of other work by its id. */
const frames = $state<Record<string, ProgressFrame | undefined>>({});

/** The newest frame of a run or of other work under this id; undefined before the first. */
export function frameOf(id: string): ProgressFrame | undefined {
  return frames[id];
}

/** What the present phase of each began with, as far as was seen here. */
const paces = new Map<string, { readonly phase: string; readonly at: number; readonly done: number }>();

/** Time in ms that the present phase still takes, by how it went since it was first seen; undefined before that can be told. */
export function timeLeftOf(id: string): number | undefined {
  const [frame, pace] = [frames[id], paces.get(id)];
  if (!frame || !pace) return undefined;
  const gone = frame.done - pace.done;
  return gone > 0 ? ((Date.now() - pace.at) * (frame.total - frame.done)) / gone : undefined;
}

function keepFrame(id: string, frame: ProgressFrame): void {
  const pace = paces.get(id);
  if (pace?.phase !== frame.phase || frame.done < pace.done) paces.set(id, { phase: frame.phase, at: Date.now(), done: frame.done });
  frames[id] = frame;
}

/** A run that was moved begins or has ended: what was seen before is no longer true of it. */
function forgetFrame(id: string): void {
  frames[id] = undefined;
  paces.delete(id);
}

/**
 * Calls `refetch` now, whenever one of the tables changes, and after a lost connection. Changes that come while one is being read are
 * answered by one more reading. Use it in a component's initialisation; it ends with the component: whoever reads derived values after
 * an await asks `isOver` first, for those of a component that is gone say nothing any more.
 */
export function refetchOn(tables: readonly Watched[], refetch: (isOver: () => boolean) => Promise<void>): void {
  $effect(() => {
    void connection.returns; // read anew after each break
    let isReading = false;
    let again = false;
    let ended = false;
    const read = async (): Promise<void> => {
      if (isReading) {
        again = true;
        return;
      }
      isReading = true;
      do {
        again = false;
        await refetch(() => ended).catch(() => undefined); // refetch shows its own errors
      } while (again && !ended);
      isReading = false;
    };
    const listener = (change: Change | undefined): void => {
      if (change === undefined || tables.includes(change.table)) void read();
    };
    changed.add(listener);
    void read();
    return () => {
      ended = true;
      changed.delete(listener);
    };
  });
}

async function listen(): Promise<never> {
  for (;;) {
    try {
      for await (const event of await api.events.watch()) {
        if (event.kind === 'progress') keepFrame(event.id, event.frame);
        else {
          if (event.table === 'runs') forgetFrame(event.id);
          for (const listener of changed) listener(event);
        }
      }
    } catch {
      // The connection was lost: `api` waits for the next one.
    }
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}
void listen();
