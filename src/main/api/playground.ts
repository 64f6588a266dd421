// One prompt to several models in turn: what each writes, as it writes it, with its speed.
import { AppError } from '../../shared/errors.ts';
import type { RecipeInput } from '../../shared/recipe.ts';
import type { App } from '../app.ts';
import { toModelRef } from '../db/models.ts';

/** How the models are asked; the same for all of them. */
export interface PlaygroundRequest {
  readonly models: readonly string[];
  readonly prompt: string;
  readonly maxTokens: number;
  readonly temperature: number;
  readonly topP: number;
  readonly seed: number;
  readonly stop: readonly string[];
}

/** What happens to the answer of the model at `index`, in order: begin, pieces, and done or failed. */
export type PlaygroundEvent =
  | { readonly kind: 'begin'; readonly index: number }
  | { readonly kind: 'piece'; readonly index: number; readonly text: string }
  | {
      readonly kind: 'done';
      readonly index: number;
      readonly ended: 'eos' | 'stop' | 'length';
      readonly promptTokens: number;
      readonly newTokens: number;
      /** Of the tokens after the first piece, so that opening the model and reading the prompt do not count; undefined for too few. */
      readonly tokensPerSecond: number | undefined;
    }
  | { readonly kind: 'failed'; readonly index: number; readonly message: string };

/** Speed is only told of answers that took at least this long after their first piece. */
const LEAST_MS = 5;

/**
 * Asks the models one after another: the worker does one job at a time. A model that fails says so and the next is asked. Ends quietly
 * when the signal fires.
 */
export async function* askModels(
  app: App,
  { models, ...request }: PlaygroundRequest,
  { machine, signal }: { readonly machine: Extract<RecipeInput, { kind: 'evaluate' }>['machine']; readonly signal?: AbortSignal },
): AsyncGenerator<PlaygroundEvent> {
  for (const [index, id] of models.entries()) {
    if (signal?.aborted) return;
    yield { kind: 'begin', index };
    try {
      const input = { ...request, stop: [...request.stop], model: toModelRef(app.db, id), machine };
      const stream = await app.worker().calls.generate(input, { signal });
      let firstAt: number | undefined;
      for (;;) {
        const step = await stream.next();
        const now = performance.now();
        if (step.done) {
          const { ended, promptTokens, newTokens } = step.value;
          const elapsedMs = firstAt === undefined ? 0 : now - firstAt;
          const tokensPerSecond = newTokens > 1 && elapsedMs >= LEAST_MS ? ((newTokens - 1) / elapsedMs) * 1000 : undefined;
          yield { kind: 'done', index, ended, promptTokens, newTokens, tokensPerSecond };
          break;
        }
        firstAt ??= now;
        yield { kind: 'piece', index, text: step.value };
      }
    } catch (thrown) {
      if (signal?.aborted) return;
      if (!(thrown instanceof AppError)) throw thrown;
      yield { kind: 'failed', index, message: thrown.message };
    }
  }
}
