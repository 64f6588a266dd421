// Which device a run uses, and why: a GPU is taken only when a probe run on it agrees with the CPU and is faster.
import { availableParallelism } from 'node:os';
import { AppError } from '../../shared/errors.ts';
import { RandomStream } from '../../shared/random.ts';
import type { Machine } from '../../shared/recipe.ts';
import { Device, type DeviceKind } from './device.ts';
import { gradients } from './gradient.ts';
import { input, type Expr } from './graph.ts';
import { attention, rmsNorm } from './composites.ts';
import { reshape } from './ops/shape.ts';
import { matmul } from './ops/product.ts';

/** What one probe found. */
export interface DeviceFinding {
  readonly kind: DeviceKind;
  readonly usable: boolean;
  /** One sentence for people. */
  readonly why: string;
  readonly probeMs: number | undefined;
  /** Largest difference from the CPU, relative to the largest number. */
  readonly error: number | undefined;
}

/** Rounding differs between devices; beyond this something is wrong with a driver. */
const AGREEMENT = 1e-3;

/** A program with the parts that matter (norm, products, attention, their gradients), big enough that speed shows. */
function probeProgram(): Record<string, Expr> {
  const [B, T, H, E, D] = [2, 128, 4, 64, 256];
  const [x, w, norm] = [input('x', [B * T, D]), input('w', [D, D]), input('norm', [D])];
  const q = matmul(rmsNorm(x, norm, 1e-5), w, { transB: true });
  const kv = reshape(q, [B, H, T, E]);
  const y = attention(reshape(q, [B, T, H, E]), [{ k: kv, v: kv }], input('mask', [B, 1, 1, T, T]));
  const [dx, dw] = gradients(y, y, [x, w]);
  return { y, dx: dx!, dw: dw! };
}

async function probe(device: Device): Promise<{ ms: number; values: Float32Array }> {
  const random = new RandomStream(1, 'device probe');
  const draw = (shape: readonly number[], size = 0.5): { data: Float32Array; shape: readonly number[]; dtype: 'float32' } => ({
    data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => size * random.normal()),
    shape,
    dtype: 'float32',
  });
  const feeds = { x: draw([256, 256]), w: draw([256, 256], 0.06), norm: draw([256], 1), mask: draw([2, 1, 1, 128, 128]) };
  let best = Infinity;
  let values = new Float32Array();
  for (let repeat = 0; repeat < 4; repeat++) {
    const start = performance.now();
    const { fetched } = await device.run('probe', probeProgram, feeds, () => true);
    if (repeat > 0) best = Math.min(best, performance.now() - start); // the first run compiles
    values = Float32Array.from([fetched['y']!, fetched['dx']!, fetched['dw']!].flatMap((part) => Array.from(part.subarray(0, 4096))));
  }
  return { ms: best, values };
}

const threadsOf = (machine: Pick<Machine, 'threads'>): number => machine.threads ?? availableParallelism();
const firstLine = (thrown: unknown): string =>
  String(thrown instanceof Error ? thrown.message : thrown)
    .split('\n')[0]!
    .replace(/^.*false\. /, '');

const known = new Map<number, Promise<readonly [DeviceFinding, DeviceFinding]>>();

/** Probes the CPU and the GPU, once per process and thread count. Nothing stays open. */
export async function probeDevices(machine: Pick<Machine, 'threads'> = {}): Promise<readonly [DeviceFinding, DeviceFinding]> {
  const threads = threadsOf(machine);
  const found = known.get(threads) ?? probeBoth(threads);
  known.set(threads, found);
  return found;
}

async function probeBoth(threads: number): Promise<readonly [DeviceFinding, DeviceFinding]> {
  const cpu = await Device.open('cpu', threads);
  const reference = await probe(cpu);
  await cpu.dispose();
  const onCpu: DeviceFinding = { kind: 'cpu', usable: true, why: `works, ${threads} threads`, probeMs: reference.ms, error: 0 };
  return [onCpu, await probeGpu(threads, reference)];
}

async function probeGpu(threads: number, reference: { ms: number; values: Float32Array }): Promise<DeviceFinding> {
  const refused = { kind: 'webgpu', usable: false } as const;
  const gpu = await Device.open('webgpu', threads);
  try {
    const found = await probe(gpu);
    const largest = reference.values.reduce((max, v) => Math.max(max, Math.abs(v)), 0);
    const error = found.values.reduce((max, v, i) => Math.max(max, Math.abs(v - reference.values[i]!)), 0) / largest;
    const measured = { probeMs: found.ms, error };
    if (!(error < AGREEMENT))
      return { ...refused, ...measured, why: `its numbers differ from the CPU's by ${error.toExponential(1)} (allowed: ${AGREEMENT})` };
    const times = `${found.ms.toFixed(1)} ms against ${reference.ms.toFixed(1)} ms`;
    if (found.ms > reference.ms) return { ...refused, ...measured, why: `agrees with the CPU but is slower (${times} for the probe)` };
    return { kind: 'webgpu', usable: true, ...measured, why: `agrees with the CPU and is faster (${times} for the probe)` };
  } catch (thrown) {
    return { ...refused, why: `no usable adapter: ${firstLine(thrown)}`, probeMs: undefined, error: undefined };
  } finally {
    await gpu.dispose();
  }
}

/** A device lent to a run, and why it was chosen. Disposing gives its spare memory back; compiled programs stay for the next run. */
export interface LentDevice extends Disposable {
  readonly device: Device;
  readonly why: string;
}

const shared = new Map<string, Promise<Device>>();

/** One device per kind and thread count for the whole process, so that runs of one model after the other compile nothing twice. */
async function lend(kind: DeviceKind, threads: number, why: string): Promise<LentDevice> {
  const key = `${kind} ${threads}`;
  const opening = shared.get(key) ?? Device.open(kind, threads);
  shared.set(key, opening);
  const device = await opening;
  return { device, why, [Symbol.dispose]: () => device.rest() };
}

/**
 * Lends the device a recipe asks for. `auto` takes the GPU only when its probe is usable; `webgpu` insists on it, slow or not, but still not
 * when its numbers are wrong. Throws AppError `device` when what was asked for cannot be had.
 */
export async function openDevice(machine: Pick<Machine, 'device' | 'threads'>): Promise<LentDevice> {
  const threads = threadsOf(machine);
  if (machine.device === 'cpu') return lend('cpu', threads, `the CPU was asked for; ${threads} threads`);
  const [, gpu] = await probeDevices(machine);
  if (machine.device === 'webgpu') {
    if (gpu.error === undefined || !(gpu.error < AGREEMENT))
      throw new AppError('device', `WebGPU was asked for, but ${gpu.why}. Use --device cpu, or see what \`tailor doctor\` says.`, {
        finding: gpu,
      });
    return lend('webgpu', threads, `WebGPU was asked for; it ${gpu.why}`);
  }
  if (gpu.usable) return lend('webgpu', threads, `the GPU: it ${gpu.why}`);
  return lend('cpu', threads, `the CPU with ${threads} threads; the GPU: ${gpu.why}`);
}
