// The machine as main describes it, and what the device in use is called.
import { formatBytes } from '../../shared/figures.ts';
import { api } from './api.ts';
import { preferences } from './theme.svelte.ts';

export type Machine = Awaited<ReturnType<typeof api.settings.machine>>;

class MachineState {
  #current = $state.raw<Machine>();
  #gpu = $derived(this.#current?.probe?.findings.find(({ kind }) => kind === 'webgpu'));

  get current(): Machine | undefined {
    return this.#current;
  }

  /** What was found of the GPU; undefined before it was tried. */
  get gpu(): NonNullable<Machine['probe']>['findings'][number] | undefined {
    return this.#gpu;
  }

  /** What runs compute on, as far as is known. */
  get inUse(): 'cpu' | 'webgpu' | undefined {
    const { device } = preferences.current;
    if (device !== 'auto') return device;
    return this.#gpu && (this.#gpu.usable ? 'webgpu' : 'cpu');
  }

  /** The graphics cards in words. */
  get cards(): string {
    return (this.#current?.probe?.cards ?? [])
      .map(({ name, memoryBytes, driver }) =>
        [
          name,
          ...(memoryBytes === undefined ? [] : [formatBytes(memoryBytes)]),
          ...(driver === undefined ? [] : [`driver ${driver}`]),
        ].join(', '),
      )
      .join('; ');
  }

  /** The device in use in a few words, and why it is that one. */
  get words(): { readonly short: string; readonly why: string } {
    if (!this.#current) return { short: 'reading what is here', why: '' };
    const { device, threads } = preferences.current;
    const count = threads ?? this.#current.cores;
    const cpu = `CPU, ${count} ${count === 1 ? 'thread' : 'threads'}`;
    const card = this.#current.probe?.cards[0];
    const why = this.#gpu && `The GPU${this.cards && ` (${this.cards})`}: ${this.#gpu.why}.`;
    if (this.inUse === 'webgpu') return { short: `GPU${card ? `, ${card.name}` : ''}`, why: why ?? 'As chosen in Settings.' };
    if (device === 'cpu') return { short: cpu, why: 'As chosen in Settings.' };
    return why === undefined
      ? { short: 'devices not tried yet', why: 'They are tried in a quiet moment, and before the first run.' }
      : { short: `${cpu}, no GPU in use`, why };
  }

  async refetch(): Promise<void> {
    this.#current = await api.settings.machine();
  }
}

export const machine = new MachineState();
