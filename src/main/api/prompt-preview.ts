// What a model sees of a prompt: one real example, its tokens with the loss mask, and a survey of many.
import { AppError } from '../../shared/errors.ts';
import { planHarnessShots, type HarnessDraw } from '../../shared/prompt/few-shot.ts';
import { placeTokens } from '../../shared/prompt/place-tokens.ts';
import { type PromptSpec } from '../../shared/prompt/prompt-spec.ts';
import { renderExample } from '../../shared/prompt/render-example.ts';
import type { PromptWarning } from '../../shared/prompt/warnings.ts';
import type { Item, Task } from '../../shared/tasks/item.ts';
import type { App } from '../app.ts';
import { countSplits, listRows, type Dataset } from '../db/datasets.ts';
import { getModel, type Model } from '../db/models.ts';
import { readTokenizerFacts } from './tokenizer-facts.ts';

/** One row of a split as templates see it, with the worked examples that stand before it. */
export interface ShownExample {
  readonly index: number;
  readonly total: number;
  readonly where: string;
  readonly item: Item;
  readonly shots: readonly Item[] | undefined;
}

/** The draw of worked examples visits every document, so only so many are thought of; beyond them the shown draw is one of several. */
const MAX_DRAWN_FROM = 20_000;

/** The `index`-th row of a split with its drawn examples. Throws AppError `bad-dataset` naming the line of a row that does not fit. */
export function showExample(
  app: App,
  dataset: Dataset,
  task: Task,
  { split, index, draw }: { split: string; index: number; draw?: HarnessDraw },
): ShownExample {
  const splits = countSplits(app.db, dataset.id);
  const total = splits[split] ?? 0;
  const at = Math.min(index, total - 1);
  const read = (from: string, offset: number): { item: Item; where: string } => {
    const row = listRows(app.db, dataset.id, { split: from, offset, limit: 1 })[0];
    if (!row) throw new AppError('bad-dataset', `${dataset.name} has no rows in its split ${from}.`);
    const where = `${dataset.name}, line ${row.line}`;
    return { item: task.rowToItem(row.values, where), where };
  };
  const { item, where } = read(split, at);
  let shots: Item[] | undefined;
  if (draw) {
    // Which rows are drawn depends on how many there are alone, so their places are drawn and only those rows are read.
    const places = (count: number): number[] => Array.from({ length: Math.min(count, MAX_DRAWN_FROM) }, (_, place) => place);
    const pool = split === 'train' ? undefined : places(splits['train'] ?? 0);
    const plan = planHarnessShots(places(total), pool, draw).find((one) => one.index === at);
    shots = (plan?.shots ?? []).map((place) => read(pool ? 'train' : split, place).item);
  }
  return { index: at, total, where, item, shots };
}

/** A token of a rendered example. */
export interface ShownToken {
  readonly id: number;
  readonly text: string;
  readonly counts: boolean;
  readonly isSpecial: boolean;
}

/** How a special token is spelled in the tokenizers that we serve. */
const SPECIAL = /^(<s>|<\/s>|<unk>|<pad>|<bos>|<eos>|<\|.*\|>)$/;

/**
 * The tokens of a context and its answer as a model reads them in tuning and scoring; those after the context's own count in the loss.
 * `limit` is how many the model reads. A chat template is never applied; whether there is one is told. Throws as the worker's `tokenize`.
 */
export async function tokenizeExample(
  app: App,
  model: Model,
  { context, continuation }: { context: string; continuation: string },
): Promise<{ tokens: ShownToken[]; limit: number; hasChatTemplate: boolean }> {
  const checkpoint = checkpointOf(app, model);
  const { tokenize } = app.worker().calls;
  const folder = checkpoint.folderPath;
  // White space that ends the context belongs to the answer's first token, as the examples are encoded (evaluation.md 5.5).
  const kept = context.replace(/\p{White_Space}+$/u, '');
  const text = context + continuation;
  const [[before, whole], [plain]] = await Promise.all([
    tokenize({ folder, texts: [kept, text] }),
    tokenize({ folder, texts: [text], bos: false }),
  ]);
  const added = whole!.ids.length - plain!.ids.length;
  const shown = [...whole!.pieces.slice(0, added), ...placeTokens(text, plain!.pieces)];
  const tokens = shown.map((piece, index): ShownToken => ({
    id: whole!.ids[index]!,
    text: piece,
    counts: continuation !== '' && index >= Math.max(before!.ids.length, added),
    isSpecial: index < added || SPECIAL.test(piece),
  }));
  return { tokens, limit: positionsOf(checkpoint), hasChatTemplate: readTokenizerFacts(folder).hasChatTemplate };
}

/** What is worth knowing of a prompt on the first rows of a split. */
export interface Survey {
  readonly examples: number;
  /** Each kind of warning with how many examples have it. */
  readonly warnings: readonly { readonly code: PromptWarning['code']; readonly count: number }[];
  /** Rows that cannot be asked with the prompt, and why the first cannot. */
  readonly refused: number;
  readonly refusedBecause: string | undefined;
  /** Tokens of the longest, how many are longer than the model reads, and how much it reads; undefined without a model. */
  readonly tokens: { readonly longest: number; readonly tooLong: number; readonly limit: number } | undefined;
}

/** Renders the first `count` rows of a split with a prompt and counts what is probably not meant. Throws as the worker's `tokenize`. */
export async function surveyPrompt(
  app: App,
  spec: PromptSpec,
  { dataset, task, split, count, model }: { dataset: Dataset; task: Task; split: string; count: number; model: Model | undefined },
): Promise<Survey> {
  let refusedBecause: string | undefined;
  const attempt = <T>(work: () => T): T[] => {
    try {
      return [work()];
    } catch (thrown) {
      if (!(thrown instanceof AppError)) throw thrown;
      refusedBecause ??= thrown.message;
      return [];
    }
  };
  const itemsOf = (from: string, limit: number): Item[] =>
    listRows(app.db, dataset.id, { split: from, limit }).flatMap((row) =>
      attempt(() => task.rowToItem(row.values, `${dataset.name}, line ${row.line}`)),
    );
  const rows = Math.min(count, countSplits(app.db, dataset.id)[split] ?? 0);
  const items = itemsOf(split, count);
  const pool = spec.shots.kind === 'drawn' && split !== 'train' ? itemsOf('train', MAX_DRAWN_FROM) : undefined;
  const { shots } = spec;
  const plans = shots.kind === 'drawn' ? attempt(() => planHarnessShots(items, pool, shots)).flat() : items.map((_, index) => ({ index }));
  const rendered = plans.flatMap((plan) =>
    attempt(() => renderExample(spec, items[plan.index]!, 'shots' in plan ? { shots: plan.shots } : {})),
  );
  const counts = new Map<PromptWarning['code'], number>();
  for (const { warnings } of rendered) {
    for (const code of new Set(warnings.map((warning) => warning.code))) counts.set(code, (counts.get(code) ?? 0) + 1);
  }
  return {
    examples: rows,
    warnings: [...counts].map(([code, found]) => ({ code, count: found })),
    refused: rows - rendered.length,
    refusedBecause,
    tokens: model && rendered.length > 0 ? await measureTokens(app, model, rendered) : undefined,
  };
}

async function measureTokens(app: App, model: Model, rendered: readonly { readonly text: string }[]): Promise<Survey['tokens']> {
  const checkpoint = checkpointOf(app, model);
  const tokenized = await app.worker().calls.tokenize({ folder: checkpoint.folderPath, texts: rendered.map(({ text }) => text) });
  const lengths = tokenized.map(({ ids }) => ids.length);
  const limit = positionsOf(checkpoint);
  // The last token is predicted, never read.
  return { longest: Math.max(...lengths), tooLong: lengths.filter((length) => length - 1 > limit).length, limit };
}

/** The checkpoint whose tokenizer a model reads with: its own, or the one beneath an adapter. */
function checkpointOf(app: App, model: Model): Model {
  return model.form === 'checkpoint' ? model : getModel(app.db, model.parentId!);
}

/** How many tokens a checkpoint reads at most; 2048 where its config does not say, as in parse-config. */
function positionsOf({ config }: Model): number {
  const positions = Number(config['max_position_embeddings']);
  return Number.isInteger(positions) && positions > 0 ? positions : 2048;
}
