// A device runs programs: tensors are uploaded once, stay where they are between programs, and come back when asked for.
import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { sizeOf, type DType, type Expr, type Shape } from './graph.ts';
import { input } from './graph.ts';
import { lower, type Lowered } from './lower.ts';
import { loadRuntime, type Runtime } from './runtime.ts';

export type HostArray = Float32Array | Float64Array | Uint16Array | BigInt64Array | Uint8Array;

/** A tensor on a device. `dispose` gives its memory back; using it afterwards is an error of the program's author. */
export interface Handle {
  readonly shape: Shape;
  readonly dtype: DType;
  dispose(): void;
}

/** A tensor on the host, fed to one run without being kept. */
export interface HostTensor {
  readonly data: HostArray;
  readonly shape: Shape;
  readonly dtype: DType;
}

export interface Program {
  readonly lowered: Lowered;
  readonly session: InferenceSession;
  readonly fetch: (output: string) => boolean;
}

export interface RunResult {
  /** Outputs that stayed on the device. */
  readonly kept: Readonly<Record<string, Handle>>;
  /** Outputs that were asked to come to the host. */
  readonly fetched: Readonly<Record<string, Float32Array>>;
}

export type DeviceKind = 'cpu' | 'webgpu';

/** Freed buffers are kept for reuse up to this many bytes: page faults on fresh memory cost more than small programs do. */
const POOL_BYTES = 256 * 2 ** 20;
/** Compiled programs kept; beyond this the least recently used is released. Pruned models have a shape per layer, times a few batch shapes. */
const MAX_PROGRAMS = 192;

/**
 * Threads that wait for work sleep instead of spinning: where two threads share what one core gives (a busy machine, a small cloud one),
 * spinning took half of it: choice scoring of the demo model rose from 4,100 to 7,600 tokens/s.
 */
const NO_SPINNING = { session: { intra_op: { allow_spinning: '0' } } };

class OrtHandle implements Handle {
  readonly shape: Shape;
  readonly dtype: DType;
  tensor: Tensor | undefined;
  readonly #release: (tensor: Tensor) => void;

  constructor(tensor: Tensor, shape: Shape, dtype: DType, release: (tensor: Tensor) => void) {
    this.tensor = tensor;
    this.shape = shape;
    this.dtype = dtype;
    this.#release = release;
  }

  dispose(): void {
    if (this.tensor === undefined) return;
    this.#release(this.tensor);
    this.tensor = undefined;
  }
}

function allocate(dtype: DType, length: number): HostArray {
  switch (dtype) {
    case 'float32':
      return new Float32Array(length);
    case 'float64':
      return new Float64Array(length);
    case 'float16':
      return new Uint16Array(length);
    case 'int64':
      return new BigInt64Array(length);
    case 'bool':
      return new Uint8Array(length);
  }
}

/**
 * ONNX Runtime on the CPU or, through its WebGPU provider, on a GPU. On the CPU, results are written into pooled buffers;
 * on WebGPU, results stay in GPU buffers and are fed to the next program as they are.
 */
export class Device {
  readonly kind: DeviceKind;
  readonly threads: number;
  readonly #ort: typeof Runtime;
  readonly #programs = new Map<string, Promise<Program>>();
  readonly #pool = new Map<string, HostArray[]>();
  #poolBytes = 0;

  private constructor(kind: DeviceKind, threads: number, ort: typeof Runtime) {
    this.kind = kind;
    this.threads = threads;
    this.#ort = ort;
  }

  /** Opens a device. `threads` is the number of CPU threads a program uses; results are promised equal only at an equal count. */
  static async open(kind: DeviceKind, threads: number): Promise<Device> {
    return new Device(kind, threads, await loadRuntime());
  }

  /** Puts host data on the device. On the CPU the array itself is used, so later changes to it are seen. */
  async upload(data: HostArray, shape: Shape, dtype: DType): Promise<Handle> {
    const tensor = new this.#ort.Tensor(dtype, data as never, shape);
    if (this.kind === 'cpu') return new OrtHandle(tensor, shape, dtype, () => undefined);
    const { kept } = await this.run(`upload ${dtype} ${shape.join()}`, () => ({ y: input('x', shape, dtype) }), {
      x: { data, shape, dtype },
    });
    return kept['y']!;
  }

  /** The numbers behind a handle. On the CPU this is the buffer itself, valid until the handle is disposed. */
  async download(handle: Handle): Promise<Float32Array> {
    const tensor = (handle as OrtHandle).tensor!;
    if (this.kind === 'cpu') return tensor.data as Float32Array;
    const { shape, dtype } = handle;
    const key = `download ${dtype} ${shape.join()}`;
    const { fetched } = await this.run(
      key,
      () => ({ y: input('x', shape, dtype) }),
      { x: handle },
      () => true,
    );
    return fetched['y']!;
  }

  /**
   * Runs the program called `key`, building and compiling it on first use; the key must determine everything `build` depends on.
   * Outputs for which `fetch` says yes come to the host; the others stay on the device and are the caller's to dispose.
   */
  async run(
    key: string,
    build: () => Readonly<Record<string, Expr>>,
    feeds: Readonly<Record<string, Handle | HostTensor>>,
    fetch: (output: string) => boolean = () => false,
  ): Promise<RunResult> {
    const program = await this.#program(key, build, fetch);
    const tensors: Record<string, Tensor> = {};
    for (const { name, shape } of program.lowered.inputs) {
      const feed = feeds[name];
      if (feed === undefined) throw new Error(`${key}: input ${name} is not fed`);
      if (feed.shape.join() !== shape.join())
        throw new Error(`${key}: input ${name} is [${feed.shape.join()}], expected [${shape.join()}]`);
      if ('data' in feed) tensors[name] = new this.#ort.Tensor(feed.dtype, feed.data as never, feed.shape);
      else {
        const { tensor } = feed as OrtHandle;
        if (tensor === undefined) throw new Error(`${key}: input ${name} was disposed`);
        tensors[name] = tensor;
      }
    }
    return this.kind === 'cpu' ? this.#runOnHost(program, tensors) : this.#runOnGpu(program, tensors);
  }

  async #runOnHost(program: Program, feeds: Record<string, Tensor>): Promise<RunResult> {
    const outputs: Record<string, Tensor> = {};
    for (const { name, shape, dtype } of program.lowered.outputs) {
      const length = sizeOf(shape);
      const data = program.fetch(name) ? allocate(dtype, length) : this.#take(dtype, length);
      outputs[`out ${name}`] = new this.#ort.Tensor(dtype, data as never, shape);
    }
    await program.session.run(feeds, outputs);
    return this.#sort(program, outputs);
  }

  async #runOnGpu(program: Program, feeds: Record<string, Tensor>): Promise<RunResult> {
    return this.#sort(program, (await program.session.run(feeds)) as Record<string, Tensor>);
  }

  #sort(program: Program, outputs: Readonly<Record<string, Tensor>>): RunResult {
    const kept: Record<string, Handle> = {};
    const fetched: Record<string, Float32Array> = {};
    for (const { name, shape, dtype } of program.lowered.outputs) {
      const tensor = outputs[`out ${name}`]!;
      if (program.fetch(name)) fetched[name] = tensor.data as Float32Array;
      else kept[name] = new OrtHandle(tensor, shape, dtype, (done) => this.#release(done));
    }
    return { kept, fetched };
  }

  #take(dtype: DType, length: number): HostArray {
    const free = this.#pool.get(`${dtype} ${length}`)?.pop();
    if (free === undefined) return allocate(dtype, length);
    this.#poolBytes -= free.byteLength;
    return free;
  }

  #release(tensor: Tensor): void {
    if (this.kind === 'webgpu') {
      tensor.dispose();
      return;
    }
    const data = tensor.data as HostArray;
    if (this.#poolBytes + data.byteLength > POOL_BYTES) return;
    const key = `${tensor.type} ${data.length}`;
    const list = this.#pool.get(key) ?? [];
    this.#pool.set(key, list);
    list.push(data);
    this.#poolBytes += data.byteLength;
  }

  async #program(key: string, build: () => Readonly<Record<string, Expr>>, fetch: (output: string) => boolean): Promise<Program> {
    const known = this.#programs.get(key);
    if (known !== undefined) {
      this.#programs.delete(key); // reinserted below, so the map's order is the order of use
      this.#programs.set(key, known);
      return known;
    }
    const compiling = this.#compile(build(), fetch);
    this.#programs.set(key, compiling);
    if (this.#programs.size > MAX_PROGRAMS) {
      const [oldest, program] = this.#programs.entries().next().value!;
      this.#programs.delete(oldest);
      await (await program).session.release();
    }
    return compiling;
  }

  async #compile(outputs: Readonly<Record<string, Expr>>, fetch: (output: string) => boolean): Promise<Program> {
    const lowered = lower(outputs);
    const location = (name: string): 'cpu' | 'gpu-buffer' => (fetch(name) ? 'cpu' : 'gpu-buffer');
    const session = await this.#ort.InferenceSession.create(lowered.model, {
      executionProviders: this.kind === 'cpu' ? ['cpu'] : ['webgpu', 'cpu'],
      ...(this.kind === 'webgpu' && {
        preferredOutputLocation: Object.fromEntries(lowered.outputs.map(({ name }) => [`out ${name}`, location(name)])),
      }),
      intraOpNumThreads: this.threads,
      interOpNumThreads: 1,
      extra: NO_SPINNING,
      enableCpuMemArena: false, // see platform-facts.md: less resident memory at little cost
      // A pattern asks for all of a run's activations as one aligned block, which glibc cannot put back into the hole that the last one
      // left: resident memory grew run by run, and nothing was faster.
      enableMemPattern: this.kind !== 'cpu',
      // The extended level fuses into kernels that exist in float32 only; float64 is for checking gradients.
      graphOptimizationLevel: lowered.inputs.some(({ dtype }) => dtype === 'float64') ? 'basic' : 'all',
      logSeverityLevel: 3,
    });
    return { lowered, session, fetch };
  }

  /** Gives pooled buffers back to the system; compiled programs stay. */
  rest(): void {
    this.#pool.clear();
    this.#poolBytes = 0;
  }

  /** Releases every compiled program and pooled buffer. Handles that are still held stay valid. */
  async dispose(): Promise<void> {
    const programs = await Promise.allSettled(this.#programs.values()); // one that could not be compiled has nothing to free
    this.#programs.clear();
    this.rest();
    for (const program of programs) if (program.status === 'fulfilled') await program.value.session.release();
  }
}
