// The words and marks of runs: their states, their times, how far they are.
import { formatMoment } from '../../../shared/dates.ts';
import { formatBytes, formatDuration } from '../../../shared/figures.ts';
import type { ProgressFrame } from '../../../shared/progress.ts';
import type { RunState } from '../../../shared/run-states.ts';
import type { IconName } from '../../parts/icons.ts';

interface StateWords {
  readonly word: string;
  readonly icon: IconName;
  readonly tone: '' | 'good' | 'bad' | 'warn' | 'acc';
}
const STATES: Readonly<Record<RunState, StateWords>> = {
  queued: { word: 'Waiting', icon: 'grip', tone: '' },
  running: { word: 'Running', icon: 'play', tone: 'acc' },
  done: { word: 'Done', icon: 'check', tone: 'good' },
  failed: { word: 'Failed', icon: 'err', tone: 'bad' },
  cancelled: { word: 'Cancelled', icon: 'cross', tone: '' },
  interrupted: { word: 'Interrupted', icon: 'warn', tone: 'warn' },
};

/** A run as it is spoken of: its state and, where there is one, its error. */
interface Spoken {
  readonly state: RunState;
  readonly error?: { readonly code: string } | undefined;
}

/** Whether it stands still because somebody said so. */
export function wasStopped({ state, error }: Spoken): boolean {
  return state === 'interrupted' && error?.code === 'cancelled';
}

/** Word and mark of a run's state. A stop that was asked for is no warning. */
export function describeState(run: Spoken): StateWords {
  return wasStopped(run) ? { word: 'Stopped', icon: 'pause', tone: '' } : STATES[run.state];
}

/** A title begins with what is done in lower case, as the command line says it. */
export function headline(title: string): string {
  return title.charAt(0).toUpperCase() + title.slice(1);
}

/** "14:22, 2 min 48 s" of a run that came to rest. */
export function spanOf(startedAt: number | undefined, endedAt: number | undefined): string {
  if (endedAt === undefined) return '';
  return startedAt === undefined ? formatMoment(endedAt) : `${formatMoment(endedAt)}, took ${formatDuration(endedAt - startedAt)}`;
}

/** How much of a phase is done, in units that are read at a glance. */
export function amountOf({ done, total, unit }: ProgressFrame): string {
  return unit === 'bytes' ? `${formatBytes(done)} of ${formatBytes(total)}` : `${done} of ${total}`;
}
