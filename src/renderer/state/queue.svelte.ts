// The runs as the frame shows them: which is at work, how far it is, and how long it still takes.
import { aboutDuration } from '../../shared/figures.ts';
import { api } from './api.ts';
import { frameOf, timeLeftOf } from './watch.svelte.ts';

/** What lists of runs show of each. */
export type RunRow = Awaited<ReturnType<typeof api.runs.list>>[number];

const isAlive = (state: RunRow['state']): boolean => state === 'running' || state === 'queued';

class Queue {
  #runs = $state.raw<readonly RunRow[]>([]);
  #said = $state('');

  get runs(): readonly RunRow[] {
    return this.#runs;
  }
  get running(): RunRow | undefined {
    return this.#runs.find((run) => run.state === 'running');
  }
  get waiting(): number {
    return this.#runs.filter((run) => run.state === 'queued').length;
  }
  /** Share of the present phase that is done. */
  get share(): number | undefined {
    const frame = this.running && frameOf(this.running.id);
    return frame && frame.total > 0 ? frame.done / frame.total : undefined;
  }
  /** Phase, time left, and how many wait. */
  get words(): string {
    const { running } = this;
    const frame = running && frameOf(running.id);
    const waiting = this.waiting > 0 ? `, ${this.waiting} waiting` : '';
    if (!running || !frame) return `starting${waiting}`;
    const left = timeLeftOf(running.id);
    return `${frame.phase}${left === undefined ? '' : `, ${aboutDuration(left)} left`}${waiting}`;
  }

  /** How the last run ended, to be read out: each that did not go well, and the one after which no other waits. */
  get said(): string {
    return this.#said;
  }

  async refetch(): Promise<void> {
    const runs = await api.runs.list();
    // Read only now: what an effect reads before it waits calls it again when it is set.
    const wereAlive = new Set(this.#runs.filter(({ state }) => isAlive(state)).map(({ id }) => id));
    this.#runs = runs;
    const ended = this.#runs.find(({ id, state }) => !isAlive(state) && wereAlive.has(id));
    if (ended && (ended.state !== 'done' || !this.#runs.some(({ state }) => isAlive(state))))
      this.#said = `${ended.title}: ${ended.state}.`;
  }
}

export const queue = new Queue();
