// A Hugging Face checkpoint folder, opened: config and tensors checked against each other, weights read one tensor at a time.
import { createHash } from 'node:crypto';
import { readFile, readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { AppError, throwIfCancelled } from '../../shared/errors.ts';
import type { LlamaConfig } from '../../shared/llama-config.ts';
import { parseLlamaConfig } from '../../shared/parse-config.ts';
import type { WorkOptions } from '../../shared/progress.ts';
import { HEAD, expectedTensors } from '../../shared/tensor-names.ts';
import { isWeightDtype, toFloat16, toFloat32 } from './dtype.ts';
import type { WeightDtype } from './dtype.ts';
import type { TensorInfo } from '../../shared/safetensors-header.ts';
import { openSafetensors } from './safetensors.ts';
import type { SafetensorsFile } from './safetensors.ts';

export const SINGLE_FILE = 'model.safetensors';
export const INDEX_FILE = 'model.safetensors.index.json';
/** An index names each tensor once; a 70B model's is 70 KB. */
const MAX_JSON_BYTES = 64 << 20;

/** A tensor's bytes as they lie in the checkpoint. */
interface StoredTensor {
  readonly dtype: WeightDtype;
  readonly shape: readonly number[];
  readonly data: Uint8Array<ArrayBuffer>;
}

/** An open checkpoint. `tensors` holds exactly what its config asks for (a redundant lm_head of tied embeddings is left out). */
export interface Checkpoint extends AsyncDisposable {
  readonly folder: string;
  readonly config: LlamaConfig;
  readonly rawConfig: Readonly<Record<string, unknown>>;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly parameters: number;
  /** Bytes of all weights. */
  readonly sizeBytes: number;
  /** The dtype of most of the weights. */
  readonly dtype: WeightDtype;
  read(name: string): Promise<StoredTensor>;
  readFloat32(name: string): Promise<Float32Array<ArrayBuffer>>;
  /** f16 patterns. Throws AppError `bad-model` when a weight lies outside what f16 can hold. */
  readFloat16(name: string): Promise<Uint16Array<ArrayBuffer>>;
  /**
   * SHA-256 in hex over a JSON line of the config's facts that change what the model computes, then for each tensor in name order a JSON
   * line [name, dtype, shape] and its bytes. Equal for sharded and single-file copies. Computed once per open checkpoint.
   */
  hash(options?: WorkOptions): Promise<string>;
}

/**
 * Opens a checkpoint folder: config.json, and model.safetensors or the shards that model.safetensors.index.json lists (links as in the
 * Hugging Face cache are followed). Throws AppError `not-found`, `bad-file` or `bad-model` naming the file, field or tensor that is wrong.
 */
export async function openCheckpoint(folder: string): Promise<Checkpoint> {
  const label = basename(folder);
  const rawConfig = await readRawConfig(folder);
  const config = parseLlamaConfig(rawConfig, `${label}/config.json`);
  const paths = await findWeightFiles(folder);
  await using opened = new AsyncDisposableStack();
  const files: SafetensorsFile[] = [];
  for (const path of paths.files) files.push(opened.use(await openSafetensors(path)));
  const holders = mapHolders(files, paths.index, label);
  const tensors = matchTensors(config, holders, label);
  return describe(folder, config, rawConfig, tensors, holders, opened.move());
}

/**
 * The checkpoint's hash, compared with the one a recipe was made for. Throws AppError `bad-model` when the folder was changed since.
 */
export async function checkHash(checkpoint: Checkpoint, expected: string | undefined, work?: WorkOptions): Promise<string> {
  const found = await checkpoint.hash(work);
  if (expected !== undefined && expected !== found)
    throw new AppError(
      'bad-model',
      `${checkpoint.folder}: the run was planned for the model with hash ${expected}, but the folder's is ${found}. It was changed; plan the run anew.`,
      { expected, found },
    );
  return found;
}

function describe(
  folder: string,
  config: LlamaConfig,
  rawConfig: Readonly<Record<string, unknown>>,
  tensors: ReadonlyMap<string, TensorInfo>,
  holders: ReadonlyMap<string, SafetensorsFile>,
  files: AsyncDisposableStack,
): Checkpoint {
  const infos = [...tensors.values()];
  const read = async (name: string): Promise<StoredTensor> => {
    const info = tensors.get(name);
    if (info === undefined) throw new AppError('bad-model', `${basename(folder)}: this model has no tensor ${name}.`);
    return { dtype: info.dtype as WeightDtype, shape: info.shape, data: await holders.get(name)!.read(name) };
  };
  let hash: Promise<string> | undefined;
  const checkpoint: Checkpoint = {
    folder,
    config,
    rawConfig,
    tensors,
    parameters: infos.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0),
    sizeBytes: infos.reduce((sum, { bytes }) => sum + bytes, 0),
    dtype: mainDtype(infos),
    read,
    async readFloat32(name) {
      const { dtype, data } = await read(name);
      return toFloat32(dtype, data);
    },
    async readFloat16(name) {
      const { dtype, data } = await read(name);
      const half = toFloat16(dtype, data);
      if (dtype !== 'F16' && half.some((h) => (h & 0x7fff) === 0x7c00)) {
        throw new AppError(
          'bad-model',
          `${basename(folder)}: ${name} holds a weight beyond ±65504, which f16 cannot hold; choose f32 weights.`,
        );
      }
      return half;
    },
    async hash(options) {
      hash ??= hashCheckpoint(checkpoint, options);
      hash.catch(() => (hash = undefined));
      return hash;
    },
    [Symbol.asyncDispose]: () => files.disposeAsync(),
  };
  return checkpoint;
}

async function readRawConfig(folder: string): Promise<Record<string, unknown>> {
  const found = await stat(folder).catch(() => undefined);
  if (!found?.isDirectory())
    throw new AppError('not-found', `${folder}: there is no such folder; a checkpoint is a folder with config.json in it.`);
  return readJson(folder, 'config.json', 'a checkpoint folder holds config.json beside its weights');
}

async function readJson(folder: string, name: string, hint: string): Promise<Record<string, unknown>> {
  const where = `${basename(folder)}/${name}`;
  const path = join(folder, name);
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) throw new AppError('bad-model', `${where}: there is no such file; ${hint}.`);
  if (found.size > MAX_JSON_BYTES)
    throw new AppError('bad-model', `${where}: has ${found.size} bytes; at most ${MAX_JSON_BYTES} are read.`);
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
  } catch (cause) {
    throw new AppError('bad-model', `${where}: is not JSON (${(cause as Error).message}).`, undefined, { cause });
  }
}

/** The weight files of a folder, and what the index says about them when there is one. */
async function findWeightFiles(folder: string): Promise<{ files: string[]; index: ReadonlyMap<string, string> | undefined }> {
  const label = basename(folder);
  const names = new Set(await readdir(folder));
  if (names.has(SINGLE_FILE)) return { files: [join(folder, SINGLE_FILE)], index: undefined };
  if (!names.has(INDEX_FILE)) {
    const pickled = [...names].find((name) => /\.(bin|pth|pt)$/.test(name));
    const sentence =
      pickled === undefined
        ? `holds neither ${SINGLE_FILE} nor ${INDEX_FILE}; are the weights in another folder?`
        : `holds only pickled weights (${pickled}), which can run code when opened and are not read; convert them once with transformers: save_pretrained(..., safe_serialization=True).`;
    throw new AppError('bad-model', `${label}: ${sentence}`);
  }
  const map = (await readJson(folder, INDEX_FILE, ''))['weight_map'];
  const where = `${label}/${INDEX_FILE}`;
  if (typeof map !== 'object' || map === null)
    throw new AppError('bad-model', `${where}: weight_map is missing; expected tensor names with their files.`);
  const index = new Map(Object.entries(map as Record<string, unknown>));
  for (const [tensor, file] of index) {
    if (typeof file === 'string' && /^[^/\\]+\.safetensors$/.test(file)) continue;
    throw new AppError(
      'bad-model',
      `${where}: ${tensor} is said to be in ${JSON.stringify(file)}; a shard is a .safetensors file in the same folder.`,
    );
  }
  const shards = [...new Set(index.values() as Iterable<string>)].toSorted();
  const missing = shards.filter((shard) => !names.has(shard));
  if (missing.length > 0) {
    throw new AppError(
      'bad-model',
      `${label}: ${missing.length} of ${shards.length} shards are missing, the first is ${missing[0]}; fetch the rest.`,
    );
  }
  return { files: shards.map((shard) => join(folder, shard)), index: index as ReadonlyMap<string, string> };
}

function mapHolders(
  files: readonly SafetensorsFile[],
  index: ReadonlyMap<string, string> | undefined,
  label: string,
): Map<string, SafetensorsFile> {
  const holders = new Map<string, SafetensorsFile>();
  for (const file of files) {
    for (const name of file.tensors.keys()) {
      const other = holders.get(name);
      if (other !== undefined) {
        throw new AppError(
          'bad-model',
          `${label}: ${name} is in ${basename(other.path)} and again in ${basename(file.path)}; one of them must go.`,
        );
      }
      holders.set(name, file);
    }
  }
  for (const [name, file] of index ?? []) {
    const holder = holders.get(name);
    if (holder === undefined || basename(holder.path) !== file) {
      throw new AppError(
        'bad-model',
        `${label}/${INDEX_FILE}: says ${name} is in ${file}, but it is not; the shards do not belong to this index.`,
      );
    }
  }
  return holders;
}

/** Compares what the config asks for with what the files hold, in shape and dtype. */
function matchTensors(config: LlamaConfig, holders: ReadonlyMap<string, SafetensorsFile>, label: string): Map<string, TensorInfo> {
  const tensors = new Map<string, TensorInfo>();
  const expected = expectedTensors(config);
  const missing = expected.filter(({ name }) => !holders.has(name));
  if (missing.length > 0)
    throw new AppError('bad-model', `${label}: lacks ${count(missing.map(({ name }) => name))}, which config.json asks for.`);
  for (const { name, shape } of expected) {
    const info = holders.get(name)!.tensors.get(name)!;
    if (info.shape.length !== shape.length || info.shape.some((size, axis) => size !== shape[axis])) {
      throw new AppError(
        'bad-model',
        `${label}: ${name} has shape [${info.shape.join(', ')}]; config.json asks for [${shape.join(', ')}].`,
      );
    }
    if (!isWeightDtype(info.dtype))
      throw new AppError('bad-model', `${label}: ${name} is ${info.dtype}; weights must be F32, F16 or BF16.`);
    tensors.set(name, info);
  }
  // Old checkpoints store the rope frequencies, which follow from the config; tied ones may store the head a second time.
  const harmless = (name: string): boolean => name.endsWith('.rotary_emb.inv_freq') || (config.tieWordEmbeddings && name === HEAD);
  const extra = [...holders.keys()].filter((name) => !tensors.has(name) && !harmless(name));
  if (extra.length > 0) throw new AppError('bad-model', `${label}: holds ${count(extra)}, which config.json does not account for.`);
  return tensors;
}

function count(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(', ');
  return names.length > 3 ? `${names.length} tensors (${shown}, ...)` : shown;
}

function mainDtype(infos: readonly TensorInfo[]): WeightDtype {
  const bytes = new Map<WeightDtype, number>();
  for (const info of infos) bytes.set(info.dtype as WeightDtype, (bytes.get(info.dtype as WeightDtype) ?? 0) + info.bytes);
  return [...bytes].reduce((best, entry) => (entry[1] > best[1] ? entry : best))[0];
}

/** Hashed piecewise so that a cancel is heard within a tensor. */
const HASH_CHUNK_BYTES = 32 << 20;

async function hashCheckpoint(checkpoint: Checkpoint, { signal, progress }: WorkOptions = {}): Promise<string> {
  const { config: c, tensors, sizeBytes } = checkpoint;
  const facts = [c.hiddenSize, c.headSize, c.vocabSize, c.layers.map((l) => [l.queryHeads, l.kvHeads, l.ffn]), c.rmsNormEps, c.ropeTheta];
  const rest = [Object.entries(c.ropeScaling).toSorted(), c.tieWordEmbeddings, c.attentionBias, c.outputBias, c.mlpBias, c.qkNorm];
  const hash = createHash('sha256').update(`${JSON.stringify([...facts, ...rest])}\n`);
  let done = 0;
  for (const name of [...tensors.keys()].toSorted()) {
    const { dtype, shape, data } = await checkpoint.read(name);
    hash.update(`${JSON.stringify([name, dtype, shape])}\n`);
    for (let at = 0; at < data.length; at += HASH_CHUNK_BYTES) {
      throwIfCancelled(signal);
      hash.update(data.subarray(at, at + HASH_CHUNK_BYTES));
    }
    done += data.length;
    progress?.({ phase: 'hashing the weights', done, total: sizeBytes, unit: 'bytes' });
  }
  return hash.digest('hex');
}
