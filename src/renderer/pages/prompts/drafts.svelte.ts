// Wordings that were not saved yet. They outlive leaving the page and a reload, for as long as the window's tab lives.
import { promptSpec, type PromptSpec } from '../../../shared/prompt/prompt-spec.ts';

const KEY = 'tailor prompt drafts';

class Drafts {
  #all = $state.raw<Readonly<Record<string, PromptSpec>>>(readKept());

  of(task: string, name: string): PromptSpec | undefined {
    return this.#all[keyOf(task, name)];
  }

  /** Names of the task's drafts. */
  namesOf(task: string): string[] {
    return Object.keys(this.#all).flatMap((key) => (key.startsWith(`${task}\n`) ? [key.slice(task.length + 1)] : []));
  }

  set(task: string, draft: PromptSpec): void {
    this.#keep({ ...this.#all, [keyOf(task, draft.name)]: draft });
  }

  drop(task: string, name: string): void {
    const key = keyOf(task, name);
    this.#keep(Object.fromEntries(Object.entries(this.#all).filter(([one]) => one !== key)));
  }

  #keep(all: Readonly<Record<string, PromptSpec>>): void {
    this.#all = all;
    sessionStorage.setItem(KEY, JSON.stringify(all));
  }
}

function keyOf(task: string, name: string): string {
  return `${task}\n${name}`;
}

/** What an earlier page kept; what no longer reads as a prompt is left out. */
function readKept(): Record<string, PromptSpec> {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY) ?? '{}') as Record<string, unknown>;
    return Object.fromEntries(
      Object.entries(kept).flatMap(([key, value]) => {
        const parsed = promptSpec.safeParse(value);
        return parsed.success ? [[key, parsed.data] as const] : [];
      }),
    );
  } catch {
    return {};
  }
}

export const drafts = new Drafts();
