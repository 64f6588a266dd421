// Writes a Hugging Face checkpoint folder tensor by tensor: under a temporary name first, so that a crash leaves nothing half-written.
import { copyFile, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { asAppError } from '../../shared/errors.ts';
import { INDEX_FILE, SINGLE_FILE } from './checkpoint.ts';
import { DTYPE_BYTES } from './dtype.ts';
import { writeReplacing, writeSafetensors } from './safetensors.ts';
import type { WritableTensor } from './safetensors.ts';

/** The shard size of transformers' save_pretrained. */
const SHARD_BYTES = 5_000_000_000;

/** What travels from a base to every model made from it. */
const COMPANION =
  /^(tokenizer.*|special_tokens_map\.json|added_tokens\.json|vocab\.json|merges\.txt|generation_config\.json|chat_template\..*|LICENSE.*)$/i;

export interface CheckpointContent {
  /** config.json as it will be written; see `writeLlamaConfig`. */
  readonly config: Readonly<Record<string, unknown>>;
  /** In the order in which they will be asked for their data, one at a time. */
  readonly tensors: readonly WritableTensor[];
  /** A folder whose tokenizer, generation settings and licence are copied. */
  readonly copyFrom?: string;
  readonly shardBytes?: number;
}

/**
 * Writes a checkpoint folder, taking the place of whatever was at `folder`. Never holds more than one tensor. Everything goes into
 * `folder`.part, is fsynced, and is renamed at the end; on any error nothing is left. A full disk is AppError `disk-full`.
 */
export async function writeCheckpoint(folder: string, content: CheckpointContent): Promise<void> {
  const part = `${folder}.part`;
  await rm(part, { recursive: true, force: true });
  try {
    await mkdir(part, { recursive: true });
    await writeJson(join(part, 'config.json'), content.config);
    await writeShards(part, planShards(content.tensors, content.shardBytes ?? SHARD_BYTES));
    if (content.copyFrom !== undefined) await copyCompanions(content.copyFrom, part);
    await syncFolder(part);
  } catch (thrown) {
    await rm(part, { recursive: true, force: true });
    throw asAppError(thrown);
  }
  await replaceFolder(part, folder);
}

/** Puts the finished folder `part` in the place of `folder`, with what was there set aside until the new one stands. */
export async function replaceFolder(part: string, folder: string): Promise<void> {
  const old = `${folder}.old`;
  await rm(old, { recursive: true, force: true });
  await rename(folder, old).catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code !== 'ENOENT') throw thrown;
  });
  await rename(part, folder);
  await rm(old, { recursive: true, force: true });
}

/** Fills shards in order; a tensor larger than a shard has one of its own. */
function planShards(tensors: readonly WritableTensor[], shardBytes: number): WritableTensor[][] {
  const shards: WritableTensor[][] = [[]];
  let filled = 0;
  for (const tensor of tensors) {
    const bytes = sizeOf(tensor);
    if (filled > 0 && filled + bytes > shardBytes) {
      shards.push([]);
      filled = 0;
    }
    shards.at(-1)!.push(tensor);
    filled += bytes;
  }
  return shards;
}

async function writeShards(folder: string, shards: readonly WritableTensor[][]): Promise<void> {
  if (shards.length === 1) return writeSafetensors(join(folder, SINGLE_FILE), shards[0]!);
  const weightMap: Record<string, string> = {};
  const digits = (n: number): string => String(n).padStart(5, '0');
  for (const [i, tensors] of shards.entries()) {
    const file = `model-${digits(i + 1)}-of-${digits(shards.length)}.safetensors`;
    await writeSafetensors(join(folder, file), tensors);
    for (const { name } of tensors) weightMap[name] = file;
  }
  const totalSize = shards.flat().reduce((sum, tensor) => sum + sizeOf(tensor), 0);
  await writeJson(join(folder, INDEX_FILE), { metadata: { total_size: totalSize }, weight_map: weightMap });
}

function sizeOf({ dtype, shape }: WritableTensor): number {
  return shape.reduce((a, b) => a * b, DTYPE_BYTES[dtype]);
}

async function writeJson(path: string, json: unknown): Promise<void> {
  await writeReplacing(path, (file) => file.writeFile(`${JSON.stringify(json, null, 2)}\n`));
}

async function copyCompanions(from: string, to: string): Promise<void> {
  for (const entry of await readdir(from)) if (COMPANION.test(entry)) await copyFile(join(from, entry), join(to, entry));
}

/** Makes the names in a folder durable. Windows cannot open folders and does not need it. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  await using handle = await open(folder, 'r');
  await handle.sync();
}
