// Reads a tune run's examples and texts, tokenised, and packs them for training and validation.
import { join } from 'node:path';
import { AppError } from '../../shared/errors.ts';
import { completionExample, textExample } from '../../shared/examples.ts';
import type { LlamaConfig } from '../../shared/llama-config.ts';
import type { TuneRecipe } from '../../shared/recipe.ts';
import { countCounted, packText, type TokenTree } from '../text/pack.ts';
import { readExamples } from '../text/read-examples.ts';
import { encodePair, type Tokenizer } from '../text/tokenizer.ts';
import { exampleSteps, textSteps, type TrainingData } from './training-data.ts';

/** The longest path in tokens: a recipe may ask for less than the model can take, not for more. */
export function pathLimit(recipe: TuneRecipe, config: LlamaConfig): number {
  return Math.min(recipe.rowTokens, config.maxPositions);
}

/** What the run learns from. Throws AppError `bad-dataset` when there is nothing to learn. */
export async function readTrainingData(
  folder: string,
  recipe: TuneRecipe,
  tokenizer: Tokenizer,
  config: LlamaConfig,
): Promise<TrainingData> {
  const { batch, seed, microTokens, textFile, trainFile } = recipe;
  const limit = pathLimit(recipe, config);
  const settings = { batch, seed, microTokens, limit };
  if (textFile === undefined) {
    const trees = await readCompletions(join(folder, trainFile), recipe, tokenizer);
    if (trees.length === 0) throw nothingToLearn(trainFile);
    return exampleSteps(trees, settings);
  }
  const packed = packText(await readTexts(join(folder, textFile), recipe, tokenizer), limit);
  if (countCounted(packed) === 0) throw nothingToLearn(textFile);
  return textSteps(packed, settings);
}

function nothingToLearn(file: string): AppError {
  return new AppError(
    'bad-dataset',
    `${file} holds no token to learn from: it needs at least one example whose answer or text is not empty.`,
  );
}

/** Completion examples as trees with one branch, the answer. An answer without tokens is left out, as it teaches nothing. */
export async function readCompletions(
  path: string,
  { tokenisation, appendEos, loss }: Pick<TuneRecipe, 'tokenisation' | 'appendEos' | 'loss'>,
  tokenizer: Tokenizer,
): Promise<TokenTree[]> {
  const end = appendEos ? [endId(tokenizer)] : [];
  const trees: TokenTree[] = [];
  for await (const example of readExamples(path, completionExample)) {
    const { context, continuation } = encodePair(tokenizer, example.context, example.continuation, tokenisation);
    const answer = Int32Array.from([...continuation, ...end]);
    if (answer.length > 0)
      trees.push({ context: Int32Array.from(context), branches: [answer], counts: loss === 'answer' ? 'branches' : 'all' });
  }
  return trees;
}

/** Texts as documents that begin with BOS (if the recipe says so) and end with EOS, where the tokenizer has them. */
async function readTexts(path: string, { tokenisation }: TuneRecipe, tokenizer: Tokenizer): Promise<Int32Array[]> {
  const end = tokenizer.eosIds.slice(0, 1);
  const documents: Int32Array[] = [];
  for await (const { text } of readExamples(path, textExample.pick({ text: true }))) {
    documents.push(Int32Array.from([...tokenizer.encode(text, { bos: tokenisation.bos }), ...end]));
  }
  return documents;
}

function endId({ eosIds }: Tokenizer): number {
  const [eos] = eosIds;
  if (eos === undefined)
    throw new AppError('bad-tokenizer', 'The recipe appends EOS to each answer, but the tokenizer names no EOS token. Turn appendEos off.');
  return eos;
}
