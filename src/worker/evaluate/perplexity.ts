// Perplexity in its two forms: over blocks of one long text, as LLM-Pruner measures it, and by document, as the evaluation harness does.
import { AppError } from '../../shared/errors.ts';
import { textExample } from '../../shared/examples.ts';
import type { WorkOptions } from '../../shared/progress.ts';
import type { EvaluationSet } from '../../shared/recipe.ts';
import type { SetSummary, TextOutcome } from '../../shared/results.ts';
import type { TokenTree } from '../text/pack.ts';
import { countExamples, readExamples } from '../text/read-examples.ts';
import { rollingWindows } from './rolling-windows.ts';
import { scoreTrees } from './score-trees.ts';
import type { Subject } from './subject.ts';

export type PerplexitySet = Extract<EvaluationSet, { kind: 'perplexity' }>;
type PerplexitySummary = Extract<SetSummary, { kind: 'perplexity' }>;

/** Windows of the rolling form are at most this long, whatever the model could take: attention holds length × length scores. */
const LONGEST_WINDOW = 4096;

/** Tokens of documents that are held and packed at a time. */
const CHUNK_TOKENS = 1 << 16;

/** So much of a piece is kept beside its loss, for a person to read. */
const KEPT_CHARACTERS = 2000;

type Tell = (outcome: TextOutcome) => void;

/**
 * Measures perplexity over the text examples in the file at `path`, and tells each block or document with its loss. Losses are natural logs; `tokens` beside the summary counts what was
 * computed, those within it what was predicted. Throws AppError `bad-dataset` when there is too little text, `bad-tokenizer` when the
 * rolling form finds neither BOS nor EOS to begin with, `bad-model` when the loss is no number, `cancelled`.
 */
export async function measurePerplexity(
  subject: Subject,
  set: PerplexitySet,
  path: string,
  tell: Tell,
  work: WorkOptions = {},
): Promise<{ summary: PerplexitySummary; tokens: number }> {
  const { summary, tokens } = await (set.form === 'blocks' ? measureBlocks : measureRolling)(subject, set, path, tell, work);
  if (Number.isNaN(summary.meanLoss)) {
    throw new AppError(
      'bad-model',
      `${set.name}: the loss is not a number. The weights hold infinities or overflow at this precision; try --weights f32.`,
    );
  }
  return { summary, tokens };
}

/**
 * Texts joined by the set's separator and tokenised as one, one BOS at the very start, cut into blocks of `length` tokens that do not
 * overlap, the tail dropped; in each block all tokens but the first are predicted (pruning.md 2.9).
 */
async function measureBlocks({ model, tokenizer, adapter }: Subject, set: PerplexitySet, path: string, tell: Tell, work: WorkOptions) {
  const { name, length, separator, tokenisation } = set;
  if (length > model.config.maxPositions) {
    throw new AppError(
      'bad-recipe',
      `${name}: blocks of ${length} tokens were asked for, but the model takes at most ${model.config.maxPositions}.`,
    );
  }
  const texts: string[] = [];
  for await (const { text } of readExamples(path, textExample)) texts.push(text);
  const ids = Int32Array.from(tokenizer.encode(texts.join(separator), { bos: tokenisation.bos }));
  const blocks = cutBlocks(ids, length);
  if (blocks.length === 0) {
    throw new AppError(
      'bad-dataset',
      `${name}: the text has ${ids.length} tokens, fewer than one block of ${length}. Give more text or a shorter length.`,
    );
  }
  const total = blocks.length * (length - 1);
  const sums = { loss: 0, predicted: 0, computed: 0 };
  const losses = new Float64Array(blocks.length);
  for await (const { item, logProbs, placed } of scoreTrees(model, blocks, { adapter, signal: work.signal })) {
    for (const [n, logProb] of logProbs.entries()) {
      sums.loss -= logProb;
      losses[item[n]!]! -= logProb;
    }
    sums.predicted += logProbs.length;
    sums.computed += placed;
    work.progress?.({ phase: name, done: sums.predicted, total, unit: 'tokens' });
  }
  for (const [block, { context }] of blocks.entries())
    tell({ set: name, id: String(block + 1), text: beginningOf(tokenizer.decode([...context])), tokens: length - 1, loss: losses[block]! });
  const meanLoss = sums.loss / sums.predicted;
  const summary = {
    kind: 'perplexity',
    name,
    form: 'blocks',
    length,
    tokens: sums.predicted,
    meanLoss,
    tokenPerplexity: Math.exp(meanLoss),
  } as const;
  return { summary, tokens: sums.computed };
}

/** Consecutive blocks of exactly `length` ids; a shorter rest is dropped. */
export function cutBlocks(ids: Int32Array, length: number): TokenTree[] {
  return Array.from({ length: Math.floor(ids.length / length) }, (_, block) => ({
    context: ids.subarray(block * length, (block + 1) * length),
    branches: [],
    counts: 'all',
  }));
}

/** Each document by itself in rolling windows; its loss is also given per white-space word and per UTF-8 byte (evaluation.md 5.7). */
async function measureRolling({ model, tokenizer, adapter }: Subject, set: PerplexitySet, path: string, tell: Tell, work: WorkOptions) {
  const { name } = set;
  const prefixToken = tokenizer.bosId ?? tokenizer.eosIds[0];
  if (prefixToken === undefined) {
    throw new AppError(
      'bad-tokenizer',
      `${name}: the rolling form begins with BOS or EOS, but the tokenizer has neither. Use the form "blocks".`,
    );
  }
  const window = Math.min(model.config.maxPositions, LONGEST_WINDOW);
  const total = await countExamples(path);
  const sums = { documents: 0, loss: 0, predicted: 0, computed: 0, words: 0, bytes: 0 };
  let waiting: TokenTree[] = [];
  let waitingTokens = 0;
  let documents: { readonly id: string; readonly text: string; tokens: number; loss: number }[] = [];
  /** Which of the documents each window is of. */
  let owners: number[] = [];
  const score = async (): Promise<void> => {
    for await (const { item, logProbs, placed } of scoreTrees(model, waiting, { adapter, limit: window, signal: work.signal })) {
      for (const [n, logProb] of logProbs.entries()) {
        sums.loss -= logProb;
        documents[owners[item[n]!]!]!.loss -= logProb;
      }
      sums.predicted += logProbs.length;
      sums.computed += placed;
      work.progress?.({ phase: name, done: sums.documents, total, unit: 'documents' });
    }
    for (const { tokens, ...document } of documents) if (tokens > 0) tell({ set: name, ...document, tokens });
    [waiting, documents, owners] = [[], [], []];
    waitingTokens = 0;
  };
  for await (const { id, text } of readExamples(path, textExample)) {
    const ids = Int32Array.from(tokenizer.encode(text, { bos: false }));
    const windows = rollingWindows(ids, prefixToken, window);
    waiting.push(...windows);
    owners.push(...windows.map(() => documents.length));
    documents.push({ id, text: beginningOf(text), tokens: ids.length, loss: 0 });
    waitingTokens += ids.length;
    sums.documents++;
    sums.words += countWords(text);
    sums.bytes += Buffer.byteLength(text);
    if (waitingTokens >= CHUNK_TOKENS) await score();
  }
  if (waiting.length > 0) await score();
  if (sums.predicted === 0) throw new AppError('bad-dataset', `${name}: there is no text to measure on in ${sums.documents} documents.`);
  const meanLoss = sums.loss / sums.predicted;
  const summary = {
    kind: 'perplexity',
    name,
    form: 'rolling',
    documents: sums.documents,
    tokens: sums.predicted,
    meanLoss,
    tokenPerplexity: Math.exp(meanLoss),
    wordPerplexity: Math.exp(sums.loss / sums.words),
    bytePerplexity: Math.exp(sums.loss / sums.bytes),
    bitsPerByte: sums.loss / sums.bytes / Math.LN2,
  } as const;
  return { summary, tokens: sums.computed };
}

function beginningOf(text: string): string {
  const characters = [...text.slice(0, 2 * KEPT_CHARACTERS)];
  return characters.length > KEPT_CHARACTERS ? `${characters.slice(0, KEPT_CHARACTERS).join('')}…` : text;
}

/** Pieces between runs of white space, empty ones at the ends included, as the harness counts them. */
export function countWords(text: string): number {
  return text.split(/\s+/).length;
}
