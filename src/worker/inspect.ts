// What a checkpoint folder is, for people and for the records: its shape, size, dtype, hash and tokenizer.
import type { LlamaConfig } from '../shared/llama-config.ts';
import type { WorkOptions } from '../shared/progress.ts';
import { loadTokenizer } from './text/tokenizer.ts';
import { openCheckpoint } from './weights/checkpoint.ts';

export interface CheckpointFacts {
  readonly config: LlamaConfig;
  /** config.json as it stands. */
  readonly rawConfig: Readonly<Record<string, unknown>>;
  readonly parameters: number;
  readonly sizeBytes: number;
  readonly dtype: string;
  readonly hash: string;
  readonly tokenizer: {
    readonly vocabSize: number;
    readonly hash: string;
    readonly bosId: number | undefined;
    readonly eosIds: readonly number[];
  };
}

/** Opens a checkpoint with its tokenizer, checks both, and hashes the weights. Throws as `openCheckpoint` and `loadTokenizer`. */
export async function inspectCheckpoint(folder: string, work: WorkOptions = {}): Promise<CheckpointFacts> {
  await using checkpoint = await openCheckpoint(folder);
  const { vocabSize, hash, bosId, eosIds } = await loadTokenizer(folder);
  const { config, rawConfig, parameters, sizeBytes, dtype } = checkpoint;
  return {
    config,
    rawConfig,
    parameters,
    sizeBytes,
    dtype,
    hash: await checkpoint.hash(work),
    tokenizer: { vocabSize, hash, bosId, eosIds },
  };
}
