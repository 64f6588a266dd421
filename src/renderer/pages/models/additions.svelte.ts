// Models on their way in and out: started here, shown by the page wherever the person comes back to it.
import { api } from '../../state/api.ts';
import { here } from '../../state/place.svelte.ts';
import { attempt, toasts } from '../../state/toasts.svelte.ts';

export type LineageNode = Awaited<ReturnType<typeof api.models.lineage>>[number];
export type ModelFacts = Awaited<ReturnType<typeof api.models.describe>>;
export type OpenWork = Awaited<ReturnType<typeof api.models.works>>[number];
type ExportTarget = Parameters<typeof api.models.export>[0]['target'];

/** Takes a folder in that main knows by this id, and opens what it became. */
export function addFolder(file: string, name: string | undefined): Promise<boolean> {
  return attempt(async () => open(await api.models.add({ file, name, workId: crypto.randomUUID() })));
}

/** Takes the demo's model in. */
export function addDemo(): Promise<boolean> {
  return attempt(async () => open(await api.models.addDemo({ workId: crypto.randomUUID() })));
}

function open({ id, name }: { id: string; name: string }): void {
  if (here.page === 'models') here.go('models', [id]);
  else toasts.note(`The model “${name}” is in.`);
}

/** An export that lies where it was asked for. */
interface Exported {
  readonly path: string;
  readonly file: string;
  readonly name: string;
}

/** Exports that came to an end while the page was open, the newest last. */
class Exports {
  #done = $state.raw<readonly Exported[]>([]);

  get done(): readonly Exported[] {
    return this.#done;
  }

  async start(model: { id: string; name: string }, target: ExportTarget, folder: string | undefined): Promise<void> {
    await attempt(async () => {
      const made = await api.models.export({ id: model.id, target, folder, workId: crypto.randomUUID() });
      this.#done = [...this.#done, { ...made, name: model.name }];
    });
  }

  forget(path: string): void {
    this.#done = this.#done.filter((one) => one.path !== path);
  }
}
export const exported = new Exports();

/** Models that are deleted unless it is taken back: hidden meanwhile. */
class Going {
  #ids = $state.raw<ReadonlySet<string>>(new Set());

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  /** Hides the models and deletes the first once the note has gone; undo shows them again and chooses the first. */
  remove(ids: readonly [string, ...string[]], text: string): void {
    const back = (): void => void (this.#ids = this.#ids.difference(new Set(ids)));
    const choose = (): void => {
      if (here.page === 'models') here.go('models', [ids[0]], { as: here.query['as'] });
    };
    this.#ids = this.#ids.union(new Set(ids));
    toasts.deleted(text, () => api.models.delete({ id: ids[0] }), back, choose);
  }
}
export const going = new Going();
