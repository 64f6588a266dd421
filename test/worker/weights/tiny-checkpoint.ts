// Makes small checkpoint folders for tests: random weights of any architecture, and a temporary place that cleans up after itself.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LlamaConfig } from '../../../src/shared/llama-config.ts';
import { RandomStream } from '../../../src/shared/random.ts';
import { expectedTensors } from '../../../src/shared/tensor-names.ts';
import { writeLlamaConfig } from '../../../src/shared/write-config.ts';
import { DTYPE_BYTES, fromFloat32 } from '../../../src/worker/weights/dtype.ts';
import type { WeightDtype } from '../../../src/worker/weights/dtype.ts';
import type { WritableTensor } from '../../../src/worker/weights/safetensors.ts';
import { writeCheckpoint } from '../../../src/worker/weights/write-checkpoint.ts';

/** A folder that is gone after the test. */
export async function temporaryFolder(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'tailor-test-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

export const TINY: LlamaConfig = {
  modelType: 'llama',
  hiddenSize: 12,
  headSize: 4,
  vocabSize: 20,
  layers: Array.from({ length: 3 }, () => ({ queryHeads: 6, kvHeads: 3, ffn: 10 })),
  rmsNormEps: 1e-5,
  ropeTheta: 10_000,
  ropeScaling: { type: 'default' },
  maxPositions: 64,
  tieWordEmbeddings: false,
  attentionBias: true,
  outputBias: true,
  mlpBias: true,
  qkNorm: false,
  bosTokenId: 1,
  eosTokenIds: [2],
};

export function randomTensors(config: LlamaConfig, dtype: WeightDtype): WritableTensor[] {
  return expectedTensors(config).map(({ name, shape }) => {
    const size = shape.reduce((a, b) => a * b, 1);
    const stream = new RandomStream(7, name);
    return {
      name,
      dtype,
      shape,
      data: () =>
        fromFloat32(
          dtype,
          Float32Array.from({ length: size }, () => stream.normal()),
        ),
    };
  });
}

/** Writes a model with random weights; the same folder name gives the same weights. */
export async function writeTiny(
  folder: string,
  config: LlamaConfig = TINY,
  dtype: WeightDtype = 'F32',
  shardBytes?: number,
): Promise<string> {
  await writeCheckpoint(folder, { config: writeLlamaConfig({}, config, { dtype }), tensors: randomTensors(config, dtype), shardBytes });
  return folder;
}

/** A safetensors file with any header one likes, true or not. */
export async function writeRaw(path: string, header: unknown, dataBytes: number, claimedLength?: number): Promise<void> {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(claimedLength ?? text.length));
  await writeFile(path, Buffer.concat([prefix, text, Buffer.alloc(dataBytes)]));
}

/** A true header for tensors laid end to end. */
export function headerOf(tensors: readonly (readonly [string, WeightDtype, number[]])[]): Record<string, unknown> {
  let end = 0;
  return Object.fromEntries(
    tensors.map(([name, dtype, shape]) => {
      const begin = end;
      end += shape.reduce((a, b) => a * b, DTYPE_BYTES[dtype]);
      return [name, { dtype, shape, data_offsets: [begin, end] }];
    }),
  );
}
