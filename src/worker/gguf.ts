// Writes a checkpoint folder, with an adapter or without, as a GGUF file, for main: opened, checked, written.
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { AppError } from '../shared/errors.ts';
import type { WorkOptions } from '../shared/progress.ts';
import type { GgufMetadata } from './export/gguf-format.ts';
import { describeTokenizer } from './export/gguf-tokenizer.ts';
import { exportGguf } from './export/gguf.ts';
import { loadAdapter } from './export/peft.ts';
import { loadTokenizer } from './text/tokenizer.ts';
import { checkHash, openCheckpoint } from './weights/checkpoint.ts';

/** What is to be written, by its folders. */
export interface GgufOrder {
  readonly checkpoint: string;
  /** The checkpoint's content hash as the records have it. */
  readonly hash?: string | undefined;
  readonly adapter?: string | undefined;
  readonly out: string;
  /** What programs show as the model's name. */
  readonly name: string;
}

/** Writes W, or W + scale·B·A, and the tokenizer to `out`. Throws as `openCheckpoint`, `checkHash`, `loadAdapter`, `loadTokenizer`, `describeTokenizer` and `exportGguf`. */
export async function writeGguf({ checkpoint: folder, hash, adapter, out, name }: GgufOrder, work: WorkOptions = {}): Promise<void> {
  await using checkpoint = await openCheckpoint(folder);
  const tokenizer = await readTokenizer(folder, checkpoint.config.vocabSize);
  const found = await checkHash(checkpoint, hash, work);
  const added = adapter === undefined ? undefined : await loadAdapter(adapter, checkpoint.config, found);
  await exportGguf(out, { checkpoint, adapter: added, tokenizer, name }, work);
}

/** Why the tokenizer of a checkpoint folder cannot be told to llama.cpp, by the check of the writing itself; undefined where it can. */
export async function findTokenizerFault(folder: string, rows: number): Promise<string | undefined> {
  try {
    await readTokenizer(folder, rows);
    return undefined;
  } catch (thrown) {
    if (thrown instanceof AppError) return thrown.message;
    throw thrown;
  }
}

async function readTokenizer(folder: string, rows: number): Promise<GgufMetadata> {
  const { bosId, eosIds } = await loadTokenizer(folder); // which has checked the files that are read below
  const read = (file: string): Promise<string | undefined> => readFile(join(folder, file), 'utf8').catch(() => undefined);
  const parse = async (file: string): Promise<Record<string, unknown>> => JSON.parse((await read(file)) ?? '{}') as Record<string, unknown>;
  const told = (await parse('tokenizer_config.json'))['chat_template'];
  // Newer checkpoints keep it in a file of its own.
  const chatTemplate = (await read('chat_template.jinja')) ?? (typeof told === 'string' ? told : undefined);
  return describeTokenizer(await parse('tokenizer.json'), { bosId, eosIds, rows, chatTemplate }, `${basename(folder)}/tokenizer.json`);
}
