// Multiple choice by the evaluation harness's rules: the log-likelihood of each choice after its context, and which one is largest.
import { AppError } from '../../shared/errors.ts';
import { choiceExample, type ChoiceExample } from '../../shared/examples.ts';
import type { WorkOptions } from '../../shared/progress.ts';
import type { EvaluationSet, Tokenisation } from '../../shared/recipe.ts';
import type { ChoiceOutcome, SetSummary } from '../../shared/results.ts';
import { mean, standardError } from '../../shared/statistics/proportions.ts';
import { argmax } from '../text/argmax.ts';
import { readExamples } from '../text/read-examples.ts';
import { encodePair, type Tokenizer } from '../text/tokenizer.ts';
import { commonBeginning, shareBeginnings, type EncodedPair } from './path-trees.ts';
import { scoreTrees, type CommonBeginning } from './score-trees.ts';
import type { Subject } from './subject.ts';

export type ChoiceSet = Extract<EvaluationSet, { kind: 'choices' }>;

/** A beginning that all examples share is run once for all when it is at least this long; a shorter one costs less than it saves. */
const SHORTEST_BEGINNING = 16;

/** Tokens that are held and packed at a time: many batches, so that little is lost at the end, but no more for a larger dataset. */
const CHUNK_TOKENS = 1 << 16;

/** What one pass over the text tells before anything is tokenised. */
interface Survey {
  readonly examples: number;
  /** Text that every context begins with. */
  readonly beginning: string;
  readonly first: ChoiceExample;
}

/**
 * Scores the choice examples in the file at `path` and hands each outcome to `write`, in the file's order. Choices share their
 * context's computation, and examples the beginning that all have in common; the scores are those of every choice run by itself.
 * Rules: evaluation.md 5.2, 5.4, 5.5. `tokens` counts what was computed. A standard error over one item is given as 0.
 * Throws AppError `bad-dataset` for an empty or inconsistent set, `bad-model` when a score is no number, `cancelled`.
 */
export async function scoreChoices(
  subject: Subject,
  set: ChoiceSet,
  path: string,
  write: (outcome: ChoiceOutcome) => void,
  work: WorkOptions = {},
): Promise<{ summary: Extract<SetSummary, { kind: 'choices' }>; tokens: number }> {
  const { tokenizer } = subject;
  const survey = await surveyChoices(path, set.name);
  const { common, tokens: beginningTokens } = await runBeginning(subject, survey, set.tokenisation);
  const right: number[] = [];
  const rightNorm: number[] = [];
  let truncated = 0;
  let tokens = beginningTokens;
  try {
    for await (const chunk of chunks(path, tokenizer, set.tokenisation)) {
      const scored = await scoreChunk(subject, chunk, common, {
        signal: work.signal,
        progress: (done) => work.progress?.({ phase: set.name, done: right.length + done, total: survey.examples, unit: 'examples' }),
      });
      truncated += scored.truncated;
      tokens += scored.tokens;
      for (const [index, { example }] of chunk.entries()) {
        const outcome = judge(set.name, example, [...scored.logLikelihoods[index]!]);
        write(outcome);
        right.push(Number(outcome.picked === outcome.gold));
        rightNorm.push(Number(outcome.pickedNorm === outcome.gold));
      }
    }
  } finally {
    common?.prefix[Symbol.dispose]();
  }
  const stderr = (values: readonly number[]): number => (values.length > 1 ? standardError(values) : 0);
  return {
    summary: {
      kind: 'choices',
      name: set.name,
      items: right.length,
      acc: mean(right),
      accStderr: stderr(right),
      accNorm: mean(rightNorm),
      accNormStderr: stderr(rightNorm),
      truncated,
    },
    tokens,
  };
}

/** Which choice each metric takes; ties go to the first (evaluation.md 5.2). Throws AppError `bad-model` when a score is NaN. */
export function judge(set: string, { id, gold, lengths }: ChoiceExample, logLikelihoods: readonly number[]): ChoiceOutcome {
  if (logLikelihoods.some(Number.isNaN)) {
    throw new AppError(
      'bad-model',
      `${set}: example ${id} got a log-likelihood that is not a number. The weights hold infinities or overflow at this precision; try --weights f32.`,
    );
  }
  const perCodePoint = logLikelihoods.map((value, choice) => value / lengths[choice]!);
  return { set, id, logLikelihoods, gold, picked: argmax(logLikelihoods), pickedNorm: argmax(perCodePoint) };
}

interface EncodedExample {
  readonly example: ChoiceExample;
  readonly pairs: readonly EncodedPair[];
}

async function surveyChoices(path: string, set: string): Promise<Survey> {
  let examples = 0;
  let first: ChoiceExample | undefined;
  let beginning = '';
  for await (const example of readExamples(path, choiceExample)) {
    checkExample(example, set);
    if (!first) {
      first = example;
      beginning = example.choices[0]!.context;
    }
    for (const { context } of example.choices) beginning = sharedText(beginning, context);
    examples++;
  }
  if (!first)
    throw new AppError('bad-dataset', `${set}: the set has no examples, so there is nothing to measure. Choose a split that has some.`);
  return { examples, beginning, first };
}

function checkExample({ id, choices, gold, lengths }: ChoiceExample, set: string): void {
  if (gold < choices.length && lengths.length === choices.length) return;
  throw new AppError(
    'bad-dataset',
    `${set}: example ${id} has ${choices.length} choices, but ${lengths.length} lengths and choice number ${gold} as the right one, counted from 0.`,
  );
}

function sharedText(a: string, b: string): string {
  if (b.startsWith(a)) return a;
  let length = 0;
  while (length < b.length && a[length] === b[length]) length++;
  return a.slice(0, length);
}

/** Runs the ids that all examples begin with, if there are enough of them. Ids at the text's border may differ, so only equal ones count. */
async function runBeginning(
  { model, tokenizer, adapter }: Subject,
  { examples, beginning, first }: Survey,
  tokenisation: Tokenisation,
): Promise<{ common: CommonBeginning | undefined; tokens: number }> {
  const alone = tokenizer.encode(beginning, { bos: tokenisation.bos });
  const { context, continuation } = encodeExample(tokenizer, first, tokenisation).pairs[0]!;
  const length = commonBeginning([alone, [...context, ...continuation]], alone.length);
  if (examples < 2 || length < SHORTEST_BEGINNING || length >= model.config.maxPositions) return { common: undefined, tokens: 0 };
  const ids = Int32Array.from(alone.slice(0, length));
  return { common: { ids, prefix: await model.prefix(ids, { adapter }) }, tokens: length };
}

async function* chunks(path: string, tokenizer: Tokenizer, tokenisation: Tokenisation): AsyncGenerator<EncodedExample[]> {
  let chunk: EncodedExample[] = [];
  let tokens = 0;
  for await (const example of readExamples(path, choiceExample)) {
    const encoded = encodeExample(tokenizer, example, tokenisation);
    chunk.push(encoded);
    tokens += encoded.pairs.reduce((sum, { continuation }) => sum + continuation.length, encoded.pairs[0]!.context.length);
    if (tokens >= CHUNK_TOKENS) {
      yield chunk;
      chunk = [];
      tokens = 0;
    }
  }
  if (chunk.length > 0) yield chunk;
}

function encodeExample(tokenizer: Tokenizer, example: ChoiceExample, tokenisation: Tokenisation): EncodedExample {
  return { example, pairs: example.choices.map(({ context, continuation }) => encodePair(tokenizer, context, continuation, tokenisation)) };
}

async function scoreChunk(
  { model, adapter }: Subject,
  chunk: readonly EncodedExample[],
  common: CommonBeginning | undefined,
  { signal, progress }: { signal: AbortSignal | undefined; progress: (done: number) => void },
): Promise<{ logLikelihoods: Float64Array[]; truncated: number; tokens: number }> {
  const { trees, owners } = shareBeginnings(chunk.map(({ pairs }) => pairs));
  const logLikelihoods = chunk.map(({ pairs }) => new Float64Array(pairs.length));
  const waiting = trees.map(({ branches }, tree) => branches.reduce((sum, ids, b) => sum + ids.length - owners[tree]!.skips[b]!, 0));
  const truncated = new Set<number>();
  let tokens = 0;
  let done = 0;
  const isScored = (tree: number, branch: number, token: number): boolean => token >= owners[tree]!.skips[branch]!;
  for await (const part of scoreTrees(model, trees, { adapter, common, isScored, signal })) {
    for (const [n, logProb] of part.logProbs.entries()) {
      const tree = part.item[n]!;
      const { question, choices } = owners[tree]!;
      logLikelihoods[question]![choices[part.branch[n]!]!]! += logProb;
      waiting[tree]! -= 1;
      if (waiting[tree] === 0) done += choices.length / logLikelihoods[question]!.length;
    }
    for (const tree of part.truncated) truncated.add(owners[tree]!.question);
    tokens += part.placed;
    progress(Math.min(chunk.length, Math.floor(done)));
  }
  return { logLikelihoods, truncated: truncated.size, tokens };
}
