// The GGUF container: a header of metadata and of tensors' places, built, and read back within bounds.
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { AppError } from '../../shared/errors.ts';
import { DTYPE_BYTES } from '../weights/dtype.ts';
import type { WeightDtype } from '../weights/dtype.ts';

/** "GGUF" in little-endian order. */
const MAGIC = 0x46554747;
const VERSION = 3;
/** The alignment that holds where `general.alignment` says nothing. */
const ALIGNMENT = 32;
const ARRAY = 9;
/** Numbers of the kinds of value that Tailor writes. */
const KINDS = { u32: 4, i32: 5, f32: 6, bool: 7, string: 8 } as const;
const DTYPES: Readonly<Record<WeightDtype, number>> = { F32: 0, F16: 1, BF16: 30 };
/** Of a vocabulary of 256,000 with its merges, four times over. */
const MAX_HEADER_BYTES = 64 << 20;
const FIRST_READ_BYTES = 1 << 20;
const MAX_DIMENSIONS = 4;

/** A kind of value by name. */
export type GgufKind = keyof typeof KINDS;
type Scalar = number | boolean | string;

/** One value of the metadata, or a list of values of one kind. f32 values are exact as f32. */
export interface GgufValue {
  readonly kind: GgufKind;
  readonly value: Scalar | readonly Scalar[];
}
/** Values by their keys, such as `llama.block_count`, in the order of the file. */
export type GgufMetadata = ReadonlyMap<string, GgufValue>;

/** A tensor as safetensors tells it: the last axis is contiguous. */
export interface GgufTensor {
  readonly name: string;
  readonly dtype: WeightDtype;
  readonly shape: readonly number[];
}

/** Where a tensor lies, in bytes from the file's beginning. */
export interface GgufPlace extends GgufTensor {
  readonly offset: number;
  readonly bytes: number;
}

/** All that stands before the weights. */
export interface GgufHeader {
  readonly metadata: GgufMetadata;
  readonly tensors: ReadonlyMap<string, GgufPlace>;
}

/** Bytes of zeros after `size` bytes until the next aligned place. */
export function paddingAfter(size: number): number {
  return (ALIGNMENT - (size % ALIGNMENT)) % ALIGNMENT;
}

/** Bytes of a tensor without what is padded behind it. */
export function tensorBytes({ dtype, shape }: Pick<GgufTensor, 'dtype' | 'shape'>): number {
  return shape.reduce((a, b) => a * b, DTYPE_BYTES[dtype]);
}

/** The header of a file whose tensors follow in this order, each padded to the alignment; it is padded itself. */
export function buildGgufHeader(metadata: GgufMetadata, tensors: readonly GgufTensor[]): Uint8Array {
  const parts: Buffer[] = [];
  const u32 = (value: number): void => {
    const part = Buffer.alloc(4);
    part.writeUInt32LE(value);
    parts.push(part);
  };
  const u64 = (value: number): void => {
    const part = Buffer.alloc(8);
    part.writeBigUInt64LE(BigInt(value));
    parts.push(part);
  };
  const text = (value: string): void => {
    const bytes = Buffer.from(value, 'utf8');
    u64(bytes.length);
    parts.push(bytes);
  };
  const scalar = (kind: GgufKind, value: Scalar): void => {
    if (kind === 'string') return text(value as string);
    if (kind === 'bool') return void parts.push(Buffer.from([value ? 1 : 0]));
    const part = Buffer.alloc(4);
    if (kind === 'f32') part.writeFloatLE(value as number);
    else if (kind === 'i32') part.writeInt32LE(value as number);
    else part.writeUInt32LE(value as number);
    parts.push(part);
  };
  u32(MAGIC);
  u32(VERSION);
  u64(tensors.length);
  u64(metadata.size);
  for (const [key, { kind, value }] of metadata) {
    text(key);
    if (Array.isArray(value)) {
      u32(ARRAY);
      u32(KINDS[kind]);
      u64(value.length);
      for (const one of value as Scalar[]) scalar(kind, one);
    } else {
      u32(KINDS[kind]);
      scalar(kind, value as Scalar);
    }
  }
  let offset = 0;
  for (const tensor of tensors) {
    text(tensor.name);
    u32(tensor.shape.length);
    for (const size of tensor.shape.toReversed()) u64(size);
    u32(DTYPES[tensor.dtype]);
    u64(offset);
    const bytes = tensorBytes(tensor);
    offset += bytes + paddingAfter(bytes);
  }
  const header = Buffer.concat(parts);
  return Buffer.concat([header, Buffer.alloc(paddingAfter(header.length))]);
}

/** The bytes at hand end before the header does. */
class HeaderEnds extends Error {}

/**
 * Reads the header of a GGUF file and checks that every tensor lies inside it, aligned and clear of the others.
 * Throws AppError `bad-file` for anything else, and for kinds of value and number formats that Tailor does not write.
 */
export async function readGgufHeader(path: string): Promise<GgufHeader> {
  const where = basename(path);
  await using file = await open(path, 'r');
  const { size } = await file.stat();
  for (let length = Math.min(size, FIRST_READ_BYTES); ; length = Math.min(size, 4 * length)) {
    const bytes = Buffer.alloc(length);
    await file.read(bytes, 0, length, 0);
    try {
      return parseHeader(bytes, size, where);
    } catch (thrown) {
      if (!(thrown instanceof HeaderEnds)) throw thrown;
      if (length === size) throw new AppError('bad-file', `${where}: ends in the middle of its header.`);
      if (length >= MAX_HEADER_BYTES) throw new AppError('bad-file', `${where}: its header is longer than ${MAX_HEADER_BYTES} bytes.`);
    }
  }
}

function parseHeader(bytes: Buffer, fileSize: number, where: string): GgufHeader {
  const fail = (sentence: string): never => {
    throw new AppError('bad-file', `${where}: ${sentence}.`);
  };
  let at = 0;
  const take = (count: number): number => {
    if (at + count > bytes.length) throw new HeaderEnds();
    at += count;
    return at - count;
  };
  const u32 = (): number => bytes.readUInt32LE(take(4));
  const u64 = (): number => {
    const value = bytes.readBigUInt64LE(take(8));
    return value <= BigInt(fileSize) ? Number(value) : fail(`a count or place of ${value} is beyond its ${fileSize} bytes`);
  };
  const text = (): string => {
    const length = u64();
    const start = take(length);
    return bytes.toString('utf8', start, start + length);
  };
  const kindOf = (number: number): GgufKind =>
    (Object.keys(KINDS) as GgufKind[]).find((kind) => KINDS[kind] === number) ?? fail(`values of kind ${number} are not read here`);
  const scalar = (kind: GgufKind): Scalar => {
    switch (kind) {
      case 'string':
        return text();
      case 'bool':
        return bytes[take(1)] !== 0;
      case 'f32':
        return bytes.readFloatLE(take(4));
      case 'i32':
        return bytes.readInt32LE(take(4));
      case 'u32':
        return u32();
    }
  };
  if (u32() !== MAGIC) fail('is no GGUF file');
  const version = u32();
  if (version !== VERSION) fail(`is GGUF of version ${version}; ${VERSION} is read`);
  const tensorCount = u64();
  const keyCount = u64();
  const metadata = new Map<string, GgufValue>();
  for (let i = 0; i < keyCount; i++) {
    const key = text();
    if (metadata.has(key)) fail(`says ${key} twice`);
    const number = u32();
    if (number !== ARRAY) {
      const kind = kindOf(number);
      metadata.set(key, { kind, value: scalar(kind) });
      continue;
    }
    const kind = kindOf(u32());
    const value: Scalar[] = [];
    for (let left = u64(); left > 0; left--) value.push(scalar(kind));
    metadata.set(key, { kind, value });
  }
  const found: GgufPlace[] = [];
  for (let i = 0; i < tensorCount; i++) {
    const name = text();
    const dimensions = u32();
    if (dimensions > MAX_DIMENSIONS) fail(`${name} has ${dimensions} dimensions; there are at most ${MAX_DIMENSIONS}`);
    const shape = Array.from({ length: dimensions }, u64).reverse();
    const number = u32();
    const dtype = (Object.keys(DTYPES) as WeightDtype[]).find((one) => DTYPES[one] === number) ?? fail(`${name} has the format ${number}`);
    found.push({ name, dtype, shape, offset: u64(), bytes: tensorBytes({ dtype, shape }) });
  }
  const dataStart = at + paddingAfter(at);
  const tensors = new Map<string, GgufPlace>();
  let end = dataStart;
  for (const tensor of found) {
    const offset = dataStart + tensor.offset;
    if (offset < end || offset % ALIGNMENT !== 0) fail(`${tensor.name} is said to lie at ${offset}, which is not free or not aligned`);
    end = offset + tensor.bytes;
    if (!(end <= fileSize)) fail(`${tensor.name} would end at byte ${end} of ${fileSize}`);
    if (tensors.has(tensor.name)) fail(`holds ${tensor.name} twice`);
    tensors.set(tensor.name, { ...tensor, offset });
  }
  return { metadata, tensors };
}
