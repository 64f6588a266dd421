// F16 and BF16 against their definitions: exact cases, every pattern, and the nearest neighbour.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromFloat32, toFloat16, toFloat32 } from '../../../src/worker/weights/dtype.ts';

const f32 = (...values: number[]): Float32Array<ArrayBuffer> => new Float32Array(values);
const patterns = (bytes: Uint8Array<ArrayBuffer>): number[] => [...new Uint16Array(bytes.buffer)];
const bytesOf = (...halves: number[]): Uint8Array<ArrayBuffer> => new Uint8Array(new Uint16Array(halves).buffer);

describe('f32 to f16', () => {
  it.each([
    ['one', 1, 0x3c00],
    ['minus zero', -0, 0x8000],
    ['the largest f16', 65504, 0x7bff],
    ['just below the tie with infinity', 65519.996, 0x7bff],
    ['the tie with infinity', 65520, 0x7c00],
    ['infinity', -Infinity, 0xfc00],
    ['not a number', NaN, 0x7e00],
    ['a tie, down to even', 1 + 2 ** -11, 0x3c00],
    ['a tie, up to even', 1 + 3 * 2 ** -11, 0x3c02],
    ['above a tie', 1 + 2 ** -11 + 2 ** -20, 0x3c01],
    ['a mantissa that carries into the exponent', 2 - 2 ** -12, 0x4000],
    ['the smallest normal', 2 ** -14, 0x0400],
    ['the largest subnormal', 1023 * 2 ** -24, 0x03ff],
    ['a subnormal that rounds up to normal', 1023.5 * 2 ** -24, 0x0400],
    ['the smallest subnormal', -(2 ** -24), 0x8001],
    ['a tie with zero', 2 ** -25, 0],
    ['just above a tie with zero', 2 ** -25 * 1.0001, 1],
    ['an f32 subnormal', 1e-40, 0],
  ])('%s', (_, value, pattern) => {
    expect(patterns(fromFloat32('F16', f32(value)))).toEqual([pattern]);
  });

  it('gives the nearest neighbour, even on ties, for any f32', () => {
    fc.assert(
      fc.property(fc.float({ min: -65504, max: 65504, noNaN: true }), (value) => {
        const [half] = patterns(fromFloat32('F16', f32(value))) as [number];
        const at = (h: number): number => toFloat32('F16', bytesOf(h))[0]!;
        const error = Math.abs(at(half) - value);
        for (const neighbour of [half - 1, half + 1]) {
          if ((neighbour & 0x7fff) >= 0x7c00 || neighbour < 0) continue;
          const other = Math.abs(at(neighbour) - value);
          expect(error < other || (error === other && half % 2 === 0)).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('f16 and bf16 to f32 and back', () => {
  it.each(['F16', 'BF16'] as const)('keeps every %s pattern that is a number', (dtype) => {
    const exponent = dtype === 'F16' ? 0x7c00 : 0x7f80;
    const all = Array.from({ length: 1 << 16 }, (_, h) => h).filter((h) => (h & exponent) !== exponent || (h & ~exponent & 0x7fff) === 0);
    const values = toFloat32(dtype, bytesOf(...all));
    expect(patterns(fromFloat32(dtype, values))).toEqual(all);
  });

  it('reads known f16 values', () => {
    const values = toFloat32('F16', bytesOf(0x3c00, 0xc000, 0x3555, 0x0001, 0x7bff, 0xfc00, 0x7e00));
    expect([...values]).toEqual([1, -2, 0.333251953125, 2 ** -24, 65504, -Infinity, NaN]);
  });

  it.each([
    ['one', 1, 0x3f80],
    ['a tie, down to even', 1 + 2 ** -8, 0x3f80],
    ['a tie, up to even', 1 + 3 * 2 ** -8, 0x3f82],
    ['the largest f32', 3.4028234663852886e38, 0x7f80],
    ['not a number', NaN, 0x7fc0],
  ])('rounds to bf16: %s', (_, value, pattern) => {
    expect(patterns(fromFloat32('BF16', f32(value)))).toEqual([pattern]);
  });
});

describe('reading from the middle of a buffer', () => {
  it('copies only where the bytes are not aligned', () => {
    const bytes = new Uint8Array(9);
    bytes.set(new Uint8Array(f32(1.5, -2).buffer), 1);
    expect([...toFloat32('F32', bytes.subarray(1))]).toEqual([1.5, -2]);
    const even = bytesOf(0, 0x3c00);
    expect(toFloat16('F16', even.subarray(2)).buffer).toBe(even.buffer);
  });
});
