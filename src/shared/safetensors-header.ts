// Reads and builds the header of a safetensors file, trusting nothing in it.
import { DTYPE_BYTES, type Dtype } from './dtypes.ts';
import { AppError } from './errors.ts';

/** The cap that huggingface_hub puts on a header; a 7B model's is about 30 KB. */
const MAX_HEADER_BYTES = 25_000_000;
/** No weight has more axes than this; keeps shape products cheap. */
const MAX_RANK = 8;

/** Where a tensor lies: `offset` and `bytes` in the file at path `file`. */
export interface TensorInfo {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly file: string;
  readonly offset: number;
  readonly bytes: number;
}

export interface Header {
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The length of the header from the file's first eight bytes. Throws AppError `bad-file` when it cannot be true of a file of `fileBytes`. */
export function parseHeaderLength(prefix: Uint8Array, fileBytes: number, where: string): number {
  if (fileBytes < 8 || prefix.length < 8)
    return broken(where, `the file has ${fileBytes} bytes; a safetensors file begins with 8 bytes of length`);
  const length = Number(new DataView(prefix.buffer, prefix.byteOffset).getBigUint64(0, true));
  if (length > MAX_HEADER_BYTES) broken(where, `the header claims ${length} bytes; at most ${MAX_HEADER_BYTES} are accepted`);
  if (8 + length > fileBytes)
    broken(where, `the header claims ${length} bytes but the file has only ${fileBytes}; it was probably cut off, fetch it again`);
  return length;
}

/**
 * Reads the JSON header `header` of a file of `fileBytes` bytes at `file`. The tensors must tile the rest of the file: no hole, no overlap,
 * nothing outside, and each as long as its shape and dtype ask. Throws AppError `bad-file` with the tensor's name.
 */
export function parseHeader(header: Uint8Array, fileBytes: number, file: string, where: string): Header {
  if (header[0] !== 0x7b) broken(where, 'the header does not begin with {; this is not a safetensors file');
  let text: string;
  let json: Record<string, unknown>;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(header);
    json = JSON.parse(text) as Record<string, unknown>;
  } catch (cause) {
    return broken(where, 'the header is not JSON in UTF-8', cause);
  }
  const twice = findDuplicate(topLevelKeys(text));
  if (twice !== undefined) broken(where, `the tensor ${JSON.stringify(twice)} is listed twice`);
  const start = 8 + header.length;
  const { __metadata__: metadata = {}, ...entries } = json;
  const tensors = Object.entries(entries).map(([name, entry]) => [name, parseEntry(entry, name, start, file, where)] as const);
  checkTiling(tensors, start, fileBytes, where);
  return { tensors: new Map(tensors), metadata: parseMetadata(metadata, where) };
}

function parseEntry(entry: unknown, name: string, start: number, file: string, where: string): TensorInfo {
  const fail = (sentence: string): never => broken(where, `${name.slice(0, 200)}: ${sentence}`);
  const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as Record<string, unknown>;
  if (typeof dtype !== 'string' || !Object.hasOwn(DTYPE_BYTES, dtype)) return fail(`dtype is ${show(dtype)}, which is not known here`);
  if (!isCounts(shape) || shape.length > MAX_RANK) return fail(`shape is ${show(shape)}; expected at most ${MAX_RANK} whole numbers`);
  if (!isCounts(offsets) || offsets.length !== 2) return fail(`data_offsets is ${show(offsets)}; expected two whole numbers`);
  const [from, to] = offsets as [number, number];
  const bytes = shape.reduce((a, b) => a * b, DTYPE_BYTES[dtype as Dtype]);
  if (to - from !== bytes)
    fail(`shape ${show(shape)} in ${dtype} takes ${bytes} bytes but data_offsets [${from}, ${to}] span ${to - from}`);
  return { dtype: dtype as Dtype, shape, file, offset: start + from, bytes };
}

/** One physical law instead of many checks: laid end to end, the tensors fill the file exactly. */
function checkTiling(tensors: readonly (readonly [string, TensorInfo])[], start: number, fileBytes: number, where: string): void {
  const inOrder = tensors.toSorted(([, a], [, b]) => a.offset - b.offset || a.bytes - b.bytes);
  let end = start;
  for (const [name, { offset, bytes }] of inOrder) {
    if (offset !== end)
      broken(where, `${name}: begins at byte ${offset - start} of the data but the tensor before it ends at ${end - start}`);
    end += bytes;
    if (end > fileBytes)
      broken(where, `${name}: ends ${end - fileBytes} bytes behind the end of the file; it was probably cut off, fetch it again`);
  }
  if (end !== fileBytes) broken(where, `the tensors end at byte ${end} but the file has ${fileBytes}`);
}

function parseMetadata(metadata: unknown, where: string): Record<string, string> {
  const isText = typeof metadata === 'object' && metadata !== null && Object.values(metadata).every((value) => typeof value === 'string');
  return isText ? (metadata as Record<string, string>) : broken(where, '__metadata__ is not a map of texts');
}

/** The keys of the outermost object as they stand in the text; JSON.parse would keep only the last of two equal ones. */
function* topLevelKeys(text: string): Generator<string> {
  let depth = 0;
  let key = '';
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === '"') {
      const begin = i++;
      while (text[i] !== '"') i += text[i] === '\\' ? 2 : 1;
      if (depth === 1) key = text.slice(begin, i + 1);
    } else if (c === '{' || c === '[') depth++;
    else if (c === '}' || c === ']') depth--;
    else if (c === ':' && depth === 1) yield JSON.parse(key) as string;
  }
}

function findDuplicate(names: Iterable<string>): string | undefined {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) return name;
    seen.add(name);
  }
  return undefined;
}

/** The header's bytes, padded with spaces so that the data begins on a multiple of 8, for tensors laid end to end in the given order. */
export function buildHeader(
  tensors: readonly { readonly name: string; readonly dtype: Dtype; readonly shape: readonly number[] }[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const json: Record<string, unknown> = { __metadata__: metadata };
  let end = 0;
  for (const { name, dtype, shape } of tensors) {
    const begin = end;
    end += shape.reduce((a, b) => a * b, DTYPE_BYTES[dtype]);
    json[name] = { dtype, shape, data_offsets: [begin, end] };
  }
  const text = new TextEncoder().encode(JSON.stringify(json));
  const out = new Uint8Array(8 + Math.ceil(text.length / 8) * 8).fill(0x20);
  new DataView(out.buffer).setBigUint64(0, BigInt(out.length - 8), true);
  out.set(text, 8);
  return out;
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && (n as number) >= 0);
}

function show(value: unknown): string {
  return value === undefined ? 'missing' : JSON.stringify(value).slice(0, 80);
}

function broken(where: string, sentence: string, cause?: unknown): never {
  throw new AppError('bad-file', `${where}: ${sentence}.`, undefined, { cause });
}
