// The runs as the frame shows them: which is at work, how far it is, and how long it still takes.
import { formatDuration } from '../../shared/figures.ts';
import { api } from './api.ts';
import { frameOf } from './watch.svelte.ts';

/** What lists of runs show of each. */
export type RunRow = Awaited<ReturnType<typeof api.runs.list>>[number];

class Queue {
  #runs = $state.raw<readonly RunRow[]>([]);
  /** By run and phase: when its first frame was seen, and how far it was. */
  readonly #begun = new Map<string, { at: number; done: number }>();

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
    const left = this.#timeLeft(running.id, frame);
    return `${frame.phase}${left === undefined ? '' : `, about ${formatDuration(left)} left`}${waiting}`;
  }

  async refetch(): Promise<void> {
    this.#runs = await api.runs.list();
  }

  #timeLeft(id: string, frame: { phase: string; done: number; total: number }): number | undefined {
    const key = `${id} ${frame.phase}`;
    const begun = this.#begun.get(key) ?? { at: Date.now(), done: frame.done };
    this.#begun.set(key, begun);
    const gone = frame.done - begun.done;
    return gone > 0 ? ((Date.now() - begun.at) * (frame.total - frame.done)) / gone : undefined;
  }
}

export const queue = new Queue();
