// Runs the head over the counted places, in chunks small enough that logits never fill the memory.
import type { Handle, HostTensor } from '../graph/device.ts';
import type { Counted } from './batch.ts';
import { logProbProgram, logitsProgram, lossProgram, type HeadShape, type TeacherShape } from './head.ts';
import type { Loss, Teacher } from './model.ts';
import type { Runner } from './sweep.ts';

/** Rows per chunk: few sizes, so that few programs are compiled. */
const CHUNKS = [1024, 256, 64, 16] as const;
/**
 * A chunk's logits stay below this many numbers (64 and 16 MB in f32): every chunk of the loss adds to the gradient of the whole head, so
 * those are few; scoring costs the same in small ones.
 */
const MAX_LOGITS = { loss: 2 ** 24, scoring: 2 ** 22 };

/** Cuts `count` rows into chunks of the allowed sizes; the last may be only partly filled. */
function chunkRows(count: number, V: number, maxLogits: number): { readonly start: number; readonly rows: number; readonly M: number }[] {
  const sizes = CHUNKS.filter((M) => M * V <= maxLogits || M === CHUNKS.at(-1));
  const chunks: { start: number; rows: number; M: number }[] = [];
  for (let start = 0; start < count;) {
    const left = count - start;
    const M = sizes.find((size) => size <= left) ?? sizes.findLast((size) => size >= left)!;
    const rows = Math.min(M, left);
    chunks.push({ start, rows, M });
    start += rows;
  }
  return chunks;
}

const indices = (values: Int32Array, { start, rows, M }: { start: number; rows: number; M: number }): HostTensor => {
  const data = new BigInt64Array(M);
  for (let m = 0; m < rows; m++) data[m] = BigInt(values[start + m]!);
  return { data, shape: [M], dtype: 'int64' };
};

function headShape({ config, store }: Runner, N: number, M: number): HeadShape {
  return { N, M, D: config.hiddenSize, V: config.vocabSize, eps: config.rmsNormEps, matrices: store.matrices };
}

/** log P(target) at each counted place, [M]. */
export async function headLogProbs(runner: Runner, hidden: Handle, at: Int32Array, targets: Int32Array): Promise<Float32Array> {
  const weights = await runner.store.head();
  const out = new Float32Array(at.length);
  for (const chunk of chunkRows(at.length, runner.config.vocabSize, MAX_LOGITS.scoring)) {
    const shape = headShape(runner, hidden.shape[0]!, chunk.M);
    const feeds = { ...weights, h: hidden, at: indices(at, chunk), target: indices(targets, chunk) };
    const { fetched } = await runner.device.run(
      `logp ${JSON.stringify(shape)}`,
      () => logProbProgram(shape),
      feeds,
      () => true,
    );
    out.set(fetched['logp']!.subarray(0, chunk.rows), chunk.start);
  }
  return out;
}

/** Logits at the given places, [M,V]. */
export async function headLogits(runner: Runner, hidden: Handle, at: Int32Array): Promise<Float32Array> {
  const weights = await runner.store.head();
  const V = runner.config.vocabSize;
  const out = new Float32Array(at.length * V);
  for (const chunk of chunkRows(at.length, V, MAX_LOGITS.scoring)) {
    const shape = headShape(runner, hidden.shape[0]!, chunk.M);
    const feeds = { ...weights, h: hidden, at: indices(at, chunk) };
    const { fetched } = await runner.device.run(
      `logits ${JSON.stringify(shape)}`,
      () => logitsProgram(shape),
      feeds,
      () => true,
    );
    out.set(fetched['logits']!.subarray(0, chunk.rows * V), chunk.start * V);
  }
  return out;
}

/** Gradients that leave the head: `dh` stays on the device; the weights' come to the host when asked for. */
export interface HeadGradients {
  readonly loss: Loss;
  readonly dHidden: Handle;
  readonly dNorm: Float32Array | undefined;
  readonly dHead: Float32Array | undefined;
}

/** The loss at the counted places and its gradients, summed over chunks on the device. */
export async function headLoss(
  runner: Runner,
  hidden: Handle,
  counted: Counted,
  teacher: Teacher | undefined,
  withWeights: boolean,
): Promise<HeadGradients> {
  const { device, config, store } = runner;
  const weights = await store.head();
  const zeros = async (shape: readonly number[]): Promise<Handle> =>
    device.upload(new Float32Array(shape.reduce((a, b) => a * b, 1)), shape, 'float32');
  const sums: Record<string, Handle> = { dh: await zeros(hidden.shape) };
  if (withWeights) {
    sums['dnorm'] = await zeros([config.hiddenSize]);
    sums['dhead'] = await zeros([config.vocabSize, config.hiddenSize]);
  }
  const teacherShape: TeacherShape | undefined = teacher && {
    D: teacher.model.config.hiddenSize,
    eps: teacher.model.config.rmsNormEps,
    matrices: teacher.model.store.matrices,
    weight: teacher.weight,
    temperature: teacher.temperature,
  };
  const teacherHead = await teacher?.model.store.head();
  let [crossEntropy, divergence] = [0, 0];
  for (const chunk of chunkRows(counted.at.length, config.vocabSize, MAX_LOGITS.loss)) {
    const { start, rows, M } = chunk;
    const shape = headShape(runner, hidden.shape[0]!, M);
    const weight = new Float32Array(M);
    weight.set(counted.weights.subarray(start, start + rows));
    const feeds: Record<string, Handle | HostTensor> = {
      ...weights,
      h: hidden,
      at: indices(counted.at, chunk),
      target: indices(counted.targets, chunk),
      weight: { data: weight, shape: [M, 1], dtype: 'float32' },
      one: { data: new Float32Array([1]), shape: [1, 1], dtype: 'float32' },
    };
    for (const [name, handle] of Object.entries(sums)) feeds[`${name}.in`] = handle;
    if (teacher && teacherShape && teacherHead) {
      const rowsOfTeacher = new Float32Array(M * teacherShape.D);
      rowsOfTeacher.set(teacher.hidden.subarray(start * teacherShape.D, (start + rows) * teacherShape.D));
      feeds['teacher.h'] = { data: rowsOfTeacher, shape: [M, teacherShape.D], dtype: 'float32' };
      feeds['teacher.norm'] = teacherHead.norm;
      feeds['teacher.head'] = teacherHead.head;
    }
    const key = `loss ${withWeights} ${JSON.stringify([shape, teacherShape])}`;
    const fetch = (name: string): boolean => name === 'ce' || name === 'kl';
    const { kept, fetched } = await device.run(key, () => lossProgram(shape, teacherShape, withWeights), feeds, fetch);
    crossEntropy += fetched['ce']![0]!;
    divergence += fetched['kl']?.[0] ?? 0;
    for (const [name, handle] of Object.entries(kept)) {
      sums[name]!.dispose();
      sums[name] = handle;
    }
  }
  const loss = teacher ? (1 - teacher.weight) * crossEntropy + teacher.weight * teacher.temperature ** 2 * divergence : crossEntropy;
  const take = async (handle: Handle | undefined): Promise<Float32Array | undefined> => {
    if (handle === undefined) return undefined;
    const data = (await device.download(handle)).slice();
    handle.dispose();
    return data;
  };
  return {
    loss: { loss, crossEntropy, divergence },
    dHidden: sums['dh']!,
    dNorm: await take(sums['dnorm']),
    dHead: await take(sums['dhead']),
  };
}
