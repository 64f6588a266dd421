// Number formats of checkpoints: F32, F16 and BF16 to and from the arrays that the engine computes with.

import type { Dtype } from '../../shared/dtypes.ts';

export { DTYPE_BYTES, type Dtype } from '../../shared/dtypes.ts';

/** The dtypes weights may have. */
export type WeightDtype = 'F32' | 'F16' | 'BF16';

/** True for the dtypes that weights may have. */
export function isWeightDtype(dtype: Dtype): dtype is WeightDtype {
  return dtype === 'F32' || dtype === 'F16' || dtype === 'BF16';
}

/** The f32 value of every f16 pattern, as bits; built at the first use (256 KB). */
let f16Table: Uint32Array | undefined;

function buildF16Table(): Uint32Array {
  const table = new Uint32Array(1 << 16);
  const value = new Float32Array(table.buffer);
  for (let h = 0; h < 1 << 16; h++) {
    const exponent = (h >>> 10) & 31;
    const mantissa = h & 0x3ff;
    const sign = h & 0x8000 ? -1 : 1;
    if (exponent === 31) table[h] = ((h & 0x8000) << 16) | 0x7f800000 | (mantissa << 13);
    else if (exponent === 0) value[h] = sign * mantissa * 2 ** -24;
    else value[h] = sign * (1024 + mantissa) * 2 ** (exponent - 25);
  }
  return table;
}

/** Little-endian bytes of a weight dtype as f32; exact. F32 is viewed in place when the bytes are aligned. */
export function toFloat32(dtype: WeightDtype, bytes: Uint8Array<ArrayBuffer>): Float32Array<ArrayBuffer> {
  if (dtype === 'F32') return new Float32Array(aligned(bytes, 4), offsetIn(bytes, 4), bytes.byteLength / 4);
  const half = toUint16(bytes);
  const out = new Float32Array(half.length);
  const bits = new Uint32Array(out.buffer);
  if (dtype === 'BF16') for (let i = 0; i < half.length; i++) bits[i] = half[i]! << 16;
  else {
    const table = (f16Table ??= buildF16Table());
    for (let i = 0; i < half.length; i++) bits[i] = table[half[i]!]!;
  }
  return out;
}

/** Little-endian bytes of a weight dtype as f16 patterns, rounded to nearest, ties to even; values from 65,520 on become infinite. */
export function toFloat16(dtype: WeightDtype, bytes: Uint8Array<ArrayBuffer>): Uint16Array<ArrayBuffer> {
  return dtype === 'F16' ? toUint16(bytes) : encodeFloat16(toFloat32(dtype, bytes));
}

/** f32 values as the little-endian bytes of a weight dtype, rounded to nearest, ties to even. F32 shares memory with `values`. */
export function fromFloat32(dtype: WeightDtype, values: Float32Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  if (dtype === 'F32') return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return new Uint8Array((dtype === 'F16' ? encodeFloat16(values) : encodeBfloat16(values)).buffer);
}

const HALF_BITS = 0x3f000000; // 0.5 as f32: floats in [0.5, 1) lie 2^-24 apart, which is the spacing of f16 subnormals

/** f32 values as f16 patterns, rounded to nearest, ties to even. */
export function encodeFloat16(values: Float32Array): Uint16Array<ArrayBuffer> {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const out = new Uint16Array(values.length);
  const scratch = new Float32Array(1);
  const scratchBits = new Uint32Array(scratch.buffer);
  for (let i = 0; i < out.length; i++) {
    const u = bits[i]!;
    const sign = (u >>> 16) & 0x8000;
    const magnitude = u & 0x7fffffff;
    if (magnitude >= 0x38800000) {
      // Normal, or too large: 0x38000000 moves the exponent bias from 127 to 15, 0xfff plus the last kept bit rounds ties to even.
      if (magnitude > 0x7f800000) out[i] = sign | 0x7e00;
      else if (magnitude >= 0x477ff000) out[i] = sign | 0x7c00;
      else out[i] = sign | ((magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13);
    } else {
      scratchBits[0] = magnitude;
      scratch[0] = scratch[0]! + 0.5; // the addition rounds
      out[i] = sign | (scratchBits[0] - HALF_BITS);
    }
  }
  return out;
}

function encodeBfloat16(values: Float32Array): Uint16Array<ArrayBuffer> {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const out = new Uint16Array(values.length);
  for (let i = 0; i < out.length; i++) {
    const u = bits[i]!;
    const isNaN = (u & 0x7fffffff) > 0x7f800000;
    out[i] = isNaN ? (u >>> 16) | 0x40 : (u + 0x7fff + ((u >>> 16) & 1)) >>> 16;
  }
  return out;
}

function toUint16(bytes: Uint8Array<ArrayBuffer>): Uint16Array<ArrayBuffer> {
  return new Uint16Array(aligned(bytes, 2), offsetIn(bytes, 2), bytes.byteLength / 2);
}

/** The buffer under `bytes`, or a copy of the bytes where they do not lie on a multiple of `size`. */
function aligned(bytes: Uint8Array<ArrayBuffer>, size: number): ArrayBuffer {
  return bytes.byteOffset % size === 0 ? bytes.buffer : bytes.slice().buffer;
}

function offsetIn(bytes: Uint8Array, size: number): number {
  return bytes.byteOffset % size === 0 ? bytes.byteOffset : 0;
}
