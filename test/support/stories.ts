// The trained model stories260K that tests run on, and the plainest way to ask it for log-probabilities.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { machine } from '../../src/shared/recipe.ts';
import { openSubject, type OpenSubject } from '../../src/worker/evaluate/open-subject.ts';
import type { CommonBeginning } from '../../src/worker/evaluate/score-trees.ts';
import type { Subject } from '../../src/worker/evaluate/subject.ts';

const DATA = join(import.meta.dirname, '../../../shared/data');
export const STORIES_FOLDER = join(DATA, 'models/stories260K');

/** Tests that need the model are skipped where it is missing; `NEEDS_STORIES` ends their name. */
export const hasStories = existsSync(STORIES_FOLDER);
export const NEEDS_STORIES = '(needs ../shared/data)';

/** What the tests need of golden.json. */
export interface Golden {
  readonly token_ids: readonly (readonly number[])[];
  readonly token_logprobs: readonly (readonly number[])[];
  readonly mean_loss: number;
}

export function readGolden(): Golden {
  return JSON.parse(readFileSync(join(STORIES_FOLDER, 'golden.json'), 'utf8')) as Golden;
}

/** The first `count` of the TinyStories texts. */
export function readStories(count: number): string[] {
  const text = readFileSync(join(DATA, 'datasets/tinystories/tinystories_train_head_2MiB.txt'), 'utf8');
  return text.split('<|endoftext|>', count).map((story) => story.trim());
}

/** The model on the CPU with its tokenizer; dispose it. */
export function openStories(): Promise<OpenSubject> {
  return openSubject({ checkpoint: STORIES_FOLDER }, machine.parse({ device: 'cpu' }));
}

/** log P of ids[1..] given what is before each, of one sequence in a row of its own, filled up so that few lengths are compiled. */
export async function logProbsAlone({ model }: Subject, ids: ArrayLike<number>): Promise<Float32Array> {
  const length = ids.length - 1;
  const tokens = Math.ceil(length / 128) * 128;
  const row = new Int32Array(tokens);
  row.set(Array.from(ids).slice(0, length));
  const positions = Int32Array.from(row.keys());
  const batch = { rows: 1, tokens, ids: row, positions, sequence: new Int32Array(tokens).fill(-1, length), branch: new Int32Array(tokens) };
  const at = positions.subarray(0, length);
  return model.logProbs(batch, { at, targets: Int32Array.from(ids).subarray(1), weights: new Float32Array(length).fill(1) });
}

export async function runCommon({ model }: Subject, ids: Int32Array): Promise<CommonBeginning> {
  return { ids, prefix: await model.prefix(ids) };
}
