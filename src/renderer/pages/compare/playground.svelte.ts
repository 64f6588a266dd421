// The playground's prompt and settings, kept over a reload, and the answers as they stream in.
import type { PlaygroundEvent } from '../../../main/api/playground.ts';
import { api, sentenceOf } from '../../state/api.ts';
import { queue } from '../../state/queue.svelte.ts';

export interface PlaygroundSettings {
  prompt: string;
  temperature: number;
  topP: number;
  maxTokens: number;
  seed: number;
  /** One stop string a line; \n means a line end. */
  stop: string;
}

export interface Answer {
  readonly state: 'waiting' | 'opening' | 'writing' | 'done' | 'stopped' | 'failed';
  readonly text: string;
  readonly tokens: number;
  readonly tokensPerSecond: number | undefined;
  /** How it ended, or why it failed. */
  readonly words: string;
}

const KEY = 'tailor playground';
const FIRST: PlaygroundSettings = { prompt: '', temperature: 0, topP: 1, maxTokens: 64, seed: 42, stop: '' };
const WAITING: Answer = { state: 'waiting', text: '', tokens: 0, tokensPerSecond: undefined, words: 'waits its turn' };
const ENDS = { eos: 'done, ended by itself', stop: 'done, at a stop', length: 'done, at the limit' } as const;

class Playground {
  readonly settings = $state<PlaygroundSettings>(read());
  #answers = $state.raw<Readonly<Record<string, Answer>>>({});
  #going = $state.raw<AbortController>();
  /** What screen readers are told, once for each change of hands. */
  #said = $state('');

  get isGoing(): boolean {
    return this.#going !== undefined;
  }
  get said(): string {
    return this.#said;
  }

  answerOf(id: string): Answer | undefined {
    return this.#answers[id];
  }

  keep(): void {
    sessionStorage.setItem(KEY, JSON.stringify(this.settings));
  }

  stop(): void {
    this.#going?.abort();
  }

  /** Asks the models in turn. Throws what the call throws; what a model fails with stands in its answer. */
  async ask(models: readonly { readonly id: string; readonly name: string }[]): Promise<void> {
    this.stop();
    const going = new AbortController();
    this.#going = going;
    this.keep();
    this.#answers = Object.fromEntries(models.map(({ id }) => [id, WAITING]));
    const firstAt = new Map<number, number>();
    try {
      const { stop, ...settings } = $state.snapshot(this.settings);
      const input = { ...settings, stop: parseStops(stop), models: models.map(({ id }) => id) };
      for await (const event of await api.compare.generate(input, { signal: going.signal })) {
        if (this.#going !== going) return;
        this.#take(models[event.index]!, event, firstAt);
      }
    } catch (thrown) {
      if (going.signal.aborted) return;
      this.#endAll('failed', sentenceOf(thrown));
      throw thrown;
    } finally {
      if (this.#going === going) {
        this.#going = undefined;
        this.#endAll('stopped', going.signal.aborted ? 'stopped' : 'not answered');
        this.#said = going.signal.aborted ? 'Stopped.' : 'All have answered.';
      }
    }
  }

  #take({ id, name }: { id: string; name: string }, event: PlaygroundEvent, firstAt: Map<number, number>): void {
    const answer = this.#answers[id] ?? WAITING;
    switch (event.kind) {
      case 'begin':
        this.#said = queue.running ? `${name} waits for the run that is at work.` : `${name} answers.`;
        return this.#set(id, { ...WAITING, state: 'opening', words: queue.running ? 'waits for the run' : 'opening the model' });
      case 'piece': {
        const now = performance.now();
        const begun = firstAt.get(event.index);
        if (begun === undefined) firstAt.set(event.index, now);
        const tokens = answer.tokens + 1; // a piece is a token or a few; the true count comes at the end
        const tokensPerSecond = begun === undefined || now === begun ? undefined : ((tokens - 1) / (now - begun)) * 1000;
        return this.#set(id, { state: 'writing', text: answer.text + event.text, tokens, tokensPerSecond, words: 'writing' });
      }
      case 'done':
        return this.#set(id, {
          ...answer,
          state: 'done',
          tokens: event.newTokens,
          // A short answer has no exact speed; the one that was seen stays.
          tokensPerSecond: event.tokensPerSecond ?? answer.tokensPerSecond,
          words: ENDS[event.ended],
        });
      case 'failed':
        return this.#set(id, { ...answer, state: 'failed', words: event.message });
    }
  }

  #set(id: string, answer: Answer): void {
    this.#answers = { ...this.#answers, [id]: answer };
  }

  /** Answers that did not come to their end get one. */
  #endAll(state: 'stopped' | 'failed', words: string): void {
    const ended = Object.entries(this.#answers).map(([id, answer]): [string, Answer] => [
      id,
      answer.state === 'done' || answer.state === 'failed' || answer.state === 'stopped' ? answer : { ...answer, state, words },
    ]);
    this.#answers = Object.fromEntries(ended);
  }
}

/** Lines as stop strings; \n and \t stand for what they usually do. */
export function parseStops(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replaceAll('\\n', '\n').replaceAll('\\t', '\t'));
}

function read(): PlaygroundSettings {
  try {
    return { ...FIRST, ...(JSON.parse(sessionStorage.getItem(KEY) ?? '{}') as Partial<PlaygroundSettings>) };
  } catch {
    return { ...FIRST }; // what was kept is of another version
  }
}

export const playground = new Playground();
