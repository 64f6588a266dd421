// From items to the lines of a run's examples.jsonl, all by way of renderExample.
import { AppError } from '../errors.ts';
import type { ChoiceExample, CompletionExample, GenerationExample } from '../examples.ts';
import type { Item } from '../tasks/item.ts';
import { planHarnessShots } from './few-shot.ts';
import type { PromptSpec } from './prompt-spec.ts';
import { missingColumns, renderExample, type RenderedExample } from './render-example.ts';

/** One item rendered; `index` is its place among the items. */
export interface RenderedItem {
  readonly id: string;
  readonly index: number;
  readonly item: Item;
  readonly rendered: RenderedExample;
}

/**
 * Renders items with the prompt's few-shot layout. Drawn examples come from `pool`, or from the items themselves where there is none.
 * In the order of the items, except for sampling 4d21ab6, which shuffles them. An item without an id gets its index.
 * Throws AppError 'bad-prompt' (a template fails, a column is missing) or 'bad-input' (too few rows to draw from).
 */
export function* renderItems(spec: PromptSpec, items: readonly Item[], pool?: readonly Item[]): Generator<RenderedItem> {
  const plans =
    spec.shots.kind === 'drawn' ? planHarnessShots(items, pool, spec.shots) : items.map((_, index) => ({ index, shots: undefined }));
  for (const { index, shots } of plans) {
    const item = items[index]!;
    const rendered = renderExample(spec, item, { shots });
    const missing = rendered.warnings.filter((warning) => warning.code === 'missing-column');
    if (missing.length > 0) throw missingColumns(spec, `row ${index + 1}`, rendered.missing);
    yield { id: item.id ?? String(index), index, item, rendered };
  }
}

/** Every choice to be scored, with the right one. Throws AppError 'bad-prompt' without choices or without a known answer. */
export function toChoiceExample({ id, rendered }: RenderedItem): ChoiceExample {
  const { choices, gold } = rendered;
  if (choices.length === 0) throw cannotMake(id, 'it has no choices to compare; use a prompt with choices');
  if (gold === undefined) throw cannotMake(id, 'its right answer is not known, so it cannot be scored');
  if (choices.some(({ continuation }) => continuation === '')) throw cannotMake(id, 'a choice is empty, so there is nothing to score');
  return {
    id,
    choices: choices.map(({ context, continuation }) => ({ context, continuation })),
    gold,
    lengths: choices.map(({ length }) => length),
  };
}

/** The right answer to be learnt after its context. Throws AppError 'bad-prompt' when it is empty or not known. */
export function toCompletionExample({ id, item, rendered }: RenderedItem): CompletionExample {
  const { context, continuation, answer, gold } = rendered;
  if (continuation === undefined || answer === undefined)
    throw cannotMake(id, 'its right answer is not known, so there is nothing to learn');
  if (continuation === '') throw cannotMake(id, 'its answer is empty, so there is nothing to learn');
  const label = item.label ?? (gold === undefined ? undefined : String(gold));
  return label === undefined ? { id, context, continuation } : { id, context, continuation, label };
}

/** The context to be continued. Its references are the item's own, else the right answer; none when it is not known. */
export function toGenerationExample({ id, item, rendered }: RenderedItem): GenerationExample {
  const references = item.references ?? (rendered.answer === undefined ? [] : [rendered.answer]);
  return { id, prompt: rendered.context, references: [...references] };
}

function cannotMake(id: string, reason: string): AppError {
  return new AppError('bad-prompt', `Example ${id} cannot be used: ${reason}.`, { id });
}
