// Tiny tune runs for tests: a random model with a tokenizer of single characters, and a run folder with its recipe and data.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LlamaConfig } from '../../../src/shared/llama-config.ts';
import { tuneRecipe, type TuneRecipe } from '../../../src/shared/recipe.ts';
import { TINY, writeTiny } from '../weights/tiny-checkpoint.ts';

const CHARACTERS = 'abcdefghijklmnopqrstuvwxyz .,?!:\n';

export const SMALL: LlamaConfig = {
  ...TINY,
  hiddenSize: 32,
  headSize: 8,
  vocabSize: 64,
  layers: [
    { queryHeads: 4, kvHeads: 2, ffn: 48 },
    { queryHeads: 2, kvHeads: 1, ffn: 40 },
  ],
  maxPositions: 96,
  tieWordEmbeddings: true,
};

/** Writes a model folder with random weights, config.json and tokenizer.json. */
export async function writeModel(folder: string, config: LlamaConfig = SMALL): Promise<string> {
  await writeTiny(folder, config);
  const special = ['<unk>', '<s>', '</s>'];
  const vocab = Object.fromEntries([...special, ...CHARACTERS].map((piece, id) => [piece, id]));
  const added = special.map((content, id) => ({
    id,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  }));
  const model = { type: 'BPE', vocab, merges: [], unk_token: '<unk>', byte_fallback: false, ignore_merges: false, fuse_unk: false };
  const json = {
    version: '1.0',
    added_tokens: added,
    normalizer: null,
    pre_tokenizer: null,
    post_processor: null,
    decoder: { type: 'Fuse' },
    model,
  };
  await writeFile(join(folder, 'tokenizer.json'), JSON.stringify(json));
  await writeFile(join(folder, 'tokenizer_config.json'), JSON.stringify({ bos_token: '<s>', eos_token: '</s>', unk_token: '<unk>' }));
  return folder;
}

const ANIMALS = ['cat', 'dog', 'owl', 'fox', 'bee', 'cow', 'hen', 'ant'];
const SOUNDS = ['meow', 'woof', 'hoot', 'yip', 'buzz', 'moo', 'cluck', 'tick'];

/** Writes a run folder: completion examples, choices, texts, and spec.json. The recipe's settings are those that matter, made small. */
export async function writeRun(folder: string, settings: Partial<TuneRecipe> & Pick<TuneRecipe, 'model'>): Promise<TuneRecipe> {
  await mkdir(folder, { recursive: true });
  const ask = (i: number): string => `what does the ${ANIMALS[i]} say?`;
  const lines = (values: readonly unknown[]): string => values.map((value) => `${JSON.stringify(value)}\n`).join('');
  const completions = ANIMALS.map((_, i) => ({ id: String(i), context: ask(i), continuation: ` ${SOUNDS[i]}` }));
  const choices = ANIMALS.map((_, i) => {
    const other = (i + 1) % ANIMALS.length;
    const texts = [SOUNDS[i]!, SOUNDS[other]!];
    return {
      id: String(i),
      choices: texts.map((text) => ({ context: ask(i), continuation: ` ${text}` })),
      gold: 0,
      lengths: texts.map((text) => text.length),
    };
  });
  const texts = ANIMALS.map((animal, i) => ({ text: `the ${animal} says ${SOUNDS[i]}. `.repeat(3) }));
  await writeFile(join(folder, 'examples.jsonl'), lines(completions));
  await writeFile(join(folder, 'choices.jsonl'), lines(choices));
  await writeFile(join(folder, 'texts.jsonl'), lines(texts));
  const recipe = tuneRecipe.parse({
    kind: 'tune',
    steps: 6,
    batch: 5,
    rowTokens: 64,
    microTokens: 64,
    snapshotEvery: 2,
    machine: { device: 'cpu', threads: 1 },
    ...settings,
  });
  await writeFile(join(folder, 'spec.json'), JSON.stringify(recipe));
  return recipe;
}
