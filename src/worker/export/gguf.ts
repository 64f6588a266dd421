// Writes a checkpoint, with an adapter or without, as one GGUF file that llama.cpp loads, whatever the widths of its layers.
import { isDeepStrictEqual } from 'node:util';
import { AppError } from '../../shared/errors.ts';
import { findGgufObstacle, planGgufLayers, type GgufLayers } from '../../shared/gguf-layers.ts';
import type { LlamaConfig } from '../../shared/llama-config.ts';
import type { WorkOptions } from '../../shared/progress.ts';
import {
  EMBEDDING,
  expectedTensors,
  FINAL_NORM,
  HEAD,
  layerTensor,
  type ExpectedTensor,
  type LayerPart,
} from '../../shared/tensor-names.ts';
import type { Adapter } from '../llama/model.ts';
import { inverseFrequencies } from '../llama/positions.ts';
import type { Checkpoint } from '../weights/checkpoint.ts';
import { DTYPE_BYTES, type WeightDtype } from '../weights/dtype.ts';
import { writeReplacing } from '../weights/safetensors.ts';
import {
  buildGgufHeader,
  paddingAfter,
  readGgufHeader,
  tensorBytes,
  type GgufMetadata,
  type GgufTensor,
  type GgufValue,
} from './gguf-format.ts';
import { listMergedTensors, type WeightTensor } from './merge.ts';

/** Names of tensors outside the layers, without their ending. */
const OUTSIDE: Readonly<Record<string, string>> = { [EMBEDDING]: 'token_embd', [FINAL_NORM]: 'output_norm', [HEAD]: 'output' };
const MODULES: Readonly<Record<string, string>> = {
  input_layernorm: 'attn_norm',
  'self_attn.q_proj': 'attn_q',
  'self_attn.k_proj': 'attn_k',
  'self_attn.v_proj': 'attn_v',
  'self_attn.o_proj': 'attn_output',
  post_attention_layernorm: 'ffn_norm',
  'mlp.gate_proj': 'ffn_gate',
  'mlp.up_proj': 'ffn_up',
  'mlp.down_proj': 'ffn_down',
};
/** How llama.cpp numbers what most of a file is. */
const FILE_TYPES: Readonly<Record<WeightDtype, number>> = { F32: 0, F16: 1, BF16: 32 };

/** What goes into a file. */
export interface GgufContent {
  readonly checkpoint: Checkpoint;
  readonly adapter: Adapter | undefined;
  /** The keys `tokenizer.*`; see `describeTokenizer`. */
  readonly tokenizer: GgufMetadata;
  /** What programs show as the model's name. */
  readonly name: string;
}

/**
 * Writes the file, one tensor in memory at a time, under a temporary name; it gets its own once it was opened again and its metadata and every
 * tensor's place were found as meant. Weights keep their dtype; norms and biases are f32. Throws AppError `bad-model` for what llama.cpp
 * cannot compute, `cancelled` or `disk-full`, with nothing left behind.
 */
export async function exportGguf(
  path: string,
  { checkpoint, adapter, tokenizer, name }: GgufContent,
  work: WorkOptions = {},
): Promise<void> {
  const { config } = checkpoint;
  const obstacle = findGgufObstacle(config);
  if (obstacle !== undefined) throw new AppError('bad-model', `${checkpoint.folder}: ${obstacle}`);
  const plan = planGgufLayers(config);
  const metadata: GgufMetadata = new Map([...describeModel(config, plan, name, checkpoint.dtype), ...tokenizer]);
  const tensors = listTensors(checkpoint, adapter, plan, work);
  await writeReplacing(
    path,
    async (file) => {
      await file.writeFile(buildGgufHeader(metadata, tensors));
      for (const tensor of tensors) {
        const bytes = await tensor.data();
        await file.writeFile(bytes);
        await file.writeFile(new Uint8Array(paddingAfter(bytes.length)));
      }
    },
    (part) => checkFile(part, metadata, tensors),
  );
}

async function checkFile(path: string, metadata: GgufMetadata, tensors: readonly GgufTensor[]): Promise<void> {
  const found = await readGgufHeader(path);
  const describe = (list: Iterable<GgufTensor>): object => Array.from(list, ({ name, dtype, shape }) => [name, dtype, shape]);
  if (!isDeepStrictEqual(found.metadata, metadata) || !isDeepStrictEqual(describe(found.tensors.values()), describe(tensors)))
    throw new AppError(
      'bad-file',
      `${path}: what was written is not what was meant; the disk or its driver may be failing. Try another disk.`,
    );
}

/** The keys of the architecture. `llama` is told one width, `deci` one for each layer. */
function describeModel(config: LlamaConfig, { architecture, layers }: GgufLayers, name: string, dtype: WeightDtype): GgufMetadata {
  const { hiddenSize, headSize, vocabSize, maxPositions, ropeScaling } = config;
  const u32 = (value: number | readonly number[]): GgufValue => ({ kind: 'u32', value });
  const f32 = (value: number): GgufValue => ({ kind: 'f32', value: Math.fround(value) });
  const text = (value: string): GgufValue => ({ kind: 'string', value });
  const width = (of: 'queryHeads' | 'kvHeads' | 'ffn'): GgufValue =>
    u32(architecture === 'llama' ? layers[0]![of] : layers.map((layer) => layer[of]));
  const own: Record<string, GgufValue> = {
    vocab_size: u32(vocabSize),
    context_length: u32(maxPositions),
    embedding_length: u32(hiddenSize),
    block_count: u32(layers.length),
    feed_forward_length: width('ffn'),
    'attention.head_count': width('queryHeads'),
    'attention.head_count_kv': width('kvHeads'),
    // Without these, llama.cpp divides the hidden size by the heads, of which a cut model has fewer.
    'attention.key_length': u32(headSize),
    'attention.value_length': u32(headSize),
    'attention.layer_norm_rms_epsilon': f32(config.rmsNormEps),
    'rope.dimension_count': u32(headSize),
    'rope.freq_base': f32(config.ropeTheta),
  };
  if (ropeScaling.type === 'linear') {
    own['rope.scaling.type'] = text('linear');
    own['rope.scaling.factor'] = f32(ropeScaling.factor);
  }
  return new Map([
    ['general.architecture', text(architecture)],
    ['general.type', text('model')],
    ['general.name', text(name)],
    ['general.file_type', u32(FILE_TYPES[dtype])],
    ...Object.entries(own).map(([key, value]) => [`${architecture}.${key}`, value] as const),
  ]);
}

/** Every tensor that llama.cpp asks for, in the order of the layers. */
function listTensors(checkpoint: Checkpoint, adapter: Adapter | undefined, { layers }: GgufLayers, work: WorkOptions): WeightTensor[] {
  const { config, dtype } = checkpoint;
  const merged = new Map(
    listMergedTensors(checkpoint, adapter, { ...work, phase: 'writing the GGUF file' }).map((tensor) => [tensor.name, tensor]),
  );
  const tensors = expectedTensors({ ...config, layers }).map((wanted): WeightTensor => {
    const { shape, layer, part } = wanted;
    const source = merged.get(layer === undefined ? wanted.name : layerTensor(layers[layer]!.from, part!));
    const name = ggufName(wanted);
    if (shape.length === 1) {
      const read = async (): Promise<Uint8Array> => {
        const values = source ? await checkpoint.readFloat32(source.name) : new Float32Array(shape[0]!);
        return inPairs(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), part, DTYPE_BYTES.F32, config.headSize);
      };
      return { name, dtype: 'F32', shape, data: read };
    }
    if (source === undefined) return { name, dtype, shape, data: () => new Uint8Array(tensorBytes({ dtype, shape })) };
    const rowBytes = shape[1]! * DTYPE_BYTES[source.dtype];
    return { ...source, name, data: async () => inPairs(await source.data(), part, rowBytes, config.headSize) };
  });
  return [...tensors, ...listRopeFactors(config)];
}

function ggufName({ name, layer, part }: ExpectedTensor): string {
  const [, module = '', ending = ''] = /^(.*)\.(weight|bias)$/.exec(part ?? name)!;
  return layer === undefined ? `${OUTSIDE[name]}.weight` : `blk.${layer}.${MODULES[module]}.${ending}`;
}

/**
 * Rows of queries and keys in llama.cpp's order: it turns neighbours 2i and 2i+1 of a head together, where published checkpoints turn i and
 * i + E/2. Other tensors are returned as they are.
 */
function inPairs(rows: Uint8Array, part: LayerPart | undefined, rowBytes: number, headSize: number): Uint8Array {
  if (!part?.startsWith('self_attn.q_proj.') && !part?.startsWith('self_attn.k_proj.')) return rows;
  const half = headSize / 2;
  const out = new Uint8Array(rows.length);
  for (let row = 0; row * rowBytes < rows.length; row++) {
    const inHead = row % headSize;
    const target = row - inHead + (inHead < half ? 2 * inHead : 2 * (inHead - half) + 1);
    out.set(rows.subarray(row * rowBytes, (row + 1) * rowBytes), target * rowBytes);
  }
  return out;
}

/** What each pair's frequency is divided by, for the scaling of Llama 3, which llama.cpp reads from a tensor. */
function listRopeFactors(config: LlamaConfig): WeightTensor[] {
  if (config.ropeScaling.type !== 'llama3') return [];
  const scaled = inverseFrequencies(config);
  const plain = inverseFrequencies({ ...config, ropeScaling: { type: 'default' } });
  const factors = Float32Array.from(plain, (frequency, i) => frequency / scaled[i]!);
  return [{ name: 'rope_freqs.weight', dtype: 'F32', shape: [factors.length], data: () => new Uint8Array(factors.buffer) }];
}
