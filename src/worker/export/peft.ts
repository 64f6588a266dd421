// LoRA adapters as PEFT keeps them: adapter_model.safetensors with adapter_config.json, tied to their base by its hash.
import { mkdir, readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { AppError, asAppError } from '../../shared/errors.ts';
import type { LlamaConfig } from '../../shared/llama-config.ts';
import { PROJECTIONS } from '../../shared/recipe.ts';
import type { Projection } from '../../shared/recipe.ts';
import { expectedTensors, projectionModule } from '../../shared/tensor-names.ts';
import type { Adapter } from '../llama/model.ts';
import { fromFloat32, isWeightDtype, toFloat32 } from '../weights/dtype.ts';
import { openSafetensors, writeReplacing, writeSafetensors } from '../weights/safetensors.ts';
import type { SafetensorsFile, WritableTensor } from '../weights/safetensors.ts';
import { replaceFolder } from '../weights/write-checkpoint.ts';

const WEIGHTS_FILE = 'adapter_model.safetensors';
const CONFIG_FILE = 'adapter_config.json';
/** Our one field among PEFT's, which passes over fields it does not know. */
const BASE_HASH = 'base_model_sha256';

export interface AdapterFacts {
  /** `Checkpoint.hash()` of the model the adapter was trained on. */
  readonly baseHash: string;
  /** Where that model is, for PEFT. */
  readonly basePath: string;
  readonly dropout: number;
  readonly rsLora: boolean;
}

/**
 * Writes the folder of a PEFT adapter in f32, README included, in place of whatever was there; complete or not at all.
 * A full disk is AppError `disk-full`.
 */
export async function saveAdapter(folder: string, adapter: Adapter, facts: AdapterFacts): Promise<void> {
  const part = `${folder}.part`;
  await rm(part, { recursive: true, force: true });
  try {
    await mkdir(part, { recursive: true });
    await writeSafetensors(join(part, WEIGHTS_FILE), adapterTensors(adapter));
    await writeText(join(part, CONFIG_FILE), `${JSON.stringify(adapterConfig(adapter, facts), null, 2)}\n`);
    await writeText(join(part, 'README.md'), readme(adapter, facts));
  } catch (thrown) {
    await rm(part, { recursive: true, force: true });
    throw asAppError(thrown);
  }
  await replaceFolder(part, folder);
}

/**
 * Reads a PEFT adapter for the model with architecture `config` and content hash `baseHash`. One made elsewhere, without a hash, is taken when
 * its shapes fit. Throws AppError `bad-model` when it belongs to another base (naming both hashes), does not fit, or uses what is not plain LoRA.
 */
export async function loadAdapter(folder: string, config: LlamaConfig, baseHash: string): Promise<Adapter> {
  const where = `${basename(folder)}/${CONFIG_FILE}`;
  const settings = await readSettings(folder, where);
  const made = settings[BASE_HASH];
  if (made !== undefined && made !== baseHash) {
    throw new AppError(
      'bad-model',
      `${where}: the adapter was trained on the model with hash ${String(made)} but this model's is ${baseHash}; use the model it was trained on.`,
    );
  }
  const rank = positive(settings, 'r', where);
  const alpha = positive(settings, 'lora_alpha', where);
  const scale = alpha / (settings['use_rslora'] === true ? Math.sqrt(rank) : rank);
  await using file = await openSafetensors(join(folder, WEIGHTS_FILE));
  const targets = PROJECTIONS.filter((projection) => [...file.tensors.keys()].some((key) => key.includes(`.${projection}.lora_`)));
  if (targets.length === 0)
    throw new AppError('bad-model', `${basename(folder)}/${WEIGHTS_FILE}: holds no LoRA weights of ${PROJECTIONS.join(', ')}.`);
  const weights = new Map<string, { a: Float32Array; b: Float32Array }>();
  const known = new Set<string>();
  for (const { layer, part, shape } of expectedTensors(config)) {
    const projection = targets.find((target) => part === `${projectionModule(target)}.weight`);
    if (layer === undefined || projection === undefined) continue;
    const [out, input] = shape as [number, number];
    const keys = { a: adapterKey(layer, projection, 'A'), b: adapterKey(layer, projection, 'B') };
    weights.set(`${layer}.${projection}`, {
      a: await readMatrix(file, keys.a, [rank, input], folder),
      b: await readMatrix(file, keys.b, [out, rank], folder),
    });
    known.add(keys.a).add(keys.b);
  }
  const extra = [...file.tensors.keys()].find((key) => !known.has(key));
  if (extra !== undefined)
    throw new AppError('bad-model', `${basename(folder)}/${WEIGHTS_FILE}: holds ${extra}, which this model has no place for.`);
  return { rank, scale, targets, weights };
}

function adapterKey(layer: number, projection: Projection, half: 'A' | 'B'): string {
  return `base_model.model.model.layers.${layer}.${projectionModule(projection)}.lora_${half}.weight`;
}

function adapterTensors({ rank, weights }: Adapter): WritableTensor[] {
  return [...weights].flatMap(([key, { a, b }]) => {
    const [layer, projection] = key.split('.') as [string, Projection];
    const tensor = (half: 'A' | 'B', values: Float32Array, shape: number[]): WritableTensor => ({
      name: adapterKey(Number(layer), projection, half),
      dtype: 'F32',
      shape,
      data: () => fromFloat32('F32', values as Float32Array<ArrayBuffer>),
    });
    return [tensor('A', a, [rank, a.length / rank]), tensor('B', b, [b.length / rank, rank])];
  });
}

function adapterConfig({ rank, scale, targets }: Adapter, { baseHash, basePath, dropout, rsLora }: AdapterFacts): Record<string, unknown> {
  return {
    peft_type: 'LORA',
    task_type: 'CAUSAL_LM',
    base_model_name_or_path: basePath,
    revision: null,
    [BASE_HASH]: baseHash,
    r: rank,
    lora_alpha: scale * (rsLora ? Math.sqrt(rank) : rank),
    lora_dropout: dropout,
    use_rslora: rsLora,
    use_dora: false,
    target_modules: targets,
    exclude_modules: null,
    modules_to_save: null,
    layers_to_transform: null,
    layers_pattern: null,
    rank_pattern: {},
    alpha_pattern: {},
    bias: 'none',
    fan_in_fan_out: false,
    init_lora_weights: true,
    inference_mode: true,
  };
}

function readme({ rank, targets }: Adapter, { baseHash, basePath }: AdapterFacts): string {
  return `---
library_name: peft
base_model: ${JSON.stringify(basePath)}
---

# LoRA adapter

Rank ${rank} on ${targets.join(', ')}.

It fits one base model only, the one with this content hash (SHA-256): \`${baseHash}\`.
`;
}

async function writeText(path: string, text: string): Promise<void> {
  await writeReplacing(path, (file) => file.writeFile(text));
}

async function readSettings(folder: string, where: string): Promise<Record<string, unknown>> {
  let settings: Record<string, unknown>;
  try {
    settings = JSON.parse(await readFile(join(folder, CONFIG_FILE), 'utf8')) as Record<string, unknown>;
  } catch (cause) {
    throw new AppError(
      'bad-model',
      `${where}: cannot be read (${(cause as Error).message}); a PEFT adapter is a folder with this file and ${WEIGHTS_FILE}.`,
      undefined,
      { cause },
    );
  }
  if (settings['peft_type'] !== 'LORA')
    throw new AppError('bad-model', `${where}: peft_type is ${JSON.stringify(settings['peft_type'])}; only LORA is supported.`);
  // Anything that makes the change of a weight something else than scale·B·A.
  const isSet = (value: unknown): boolean =>
    value === true || (typeof value === 'object' && value !== null && Object.keys(value).length > 0);
  const foreign = ['use_dora', 'fan_in_fan_out', 'modules_to_save', 'rank_pattern', 'alpha_pattern', 'lora_bias'].find((key) =>
    isSet(settings[key]),
  );
  if (foreign !== undefined) throw new AppError('bad-model', `${where}: ${foreign} is set; only plain LoRA is supported.`);
  const start = settings['init_lora_weights'];
  if (typeof start === 'string' && /^(pissa|olora|corda|loftq)/i.test(start)) {
    throw new AppError(
      'bad-model',
      `${where}: init_lora_weights is ${start}, which changes the base model; convert the adapter to plain LoRA with PEFT first.`,
    );
  }
  return settings;
}

function positive(settings: Record<string, unknown>, key: string, where: string): number {
  const value = settings[key];
  if (typeof value === 'number' && value > 0) return value;
  throw new AppError('bad-model', `${where}: ${key} is ${JSON.stringify(value) ?? 'missing'}; expected a number above 0.`);
}

async function readMatrix(file: SafetensorsFile, key: string, shape: readonly [number, number], folder: string): Promise<Float32Array> {
  const info = file.tensors.get(key);
  const where = `${basename(folder)}/${WEIGHTS_FILE}`;
  if (info === undefined) throw new AppError('bad-model', `${where}: lacks ${key}.`);
  if (info.shape.length !== 2 || info.shape[0] !== shape[0] || info.shape[1] !== shape[1]) {
    throw new AppError(
      'bad-model',
      `${where}: ${key} has shape [${info.shape.join(', ')}]; this model and r ask for [${shape.join(', ')}].`,
    );
  }
  if (!isWeightDtype(info.dtype)) throw new AppError('bad-model', `${where}: ${key} is ${info.dtype}; adapters must be F32, F16 or BF16.`);
  return toFloat32(info.dtype, await file.read(key));
}
