// Safetensors files that lie, are cut off, or are mutated at random; and files that come back as they were written.
import { existsSync } from 'node:fs';
import { readFile, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/shared/errors.ts';
import { parseHeader, parseHeaderLength } from '../../../src/shared/safetensors-header.ts';
import { openSafetensors, writeSafetensors } from '../../../src/worker/weights/safetensors.ts';
import { headerOf, temporaryFolder, writeRaw } from './tiny-checkpoint.ts';

const a = { dtype: 'F32', shape: [2, 2], data_offsets: [0, 16] };
const b = { dtype: 'F16', shape: [3], data_offsets: [16, 22] };

describe('a header that lies is refused by name', () => {
  const cases: [what: string, header: unknown, dataBytes: number, claimed: number | undefined, message: RegExp][] = [
    ['a length beyond the file', { a }, 16, 1000, /header claims 1000 bytes but the file has only/],
    ['a length beyond the cap', { a }, 16, 2 ** 40, /at most 25000000/],
    ['not an object', [a], 16, undefined, /does not begin with \{/],
    ['not JSON', '{"a": ', 0, undefined, /not JSON/],
    ['an unknown dtype', { a: { ...a, dtype: 'F5' } }, 16, undefined, /a: dtype is "F5"/],
    ['a dtype named like an object member', { a: { ...a, dtype: 'toString' } }, 16, undefined, /a: dtype is "toString"/],
    ['a negative size', { a: { ...a, shape: [-2, -2] } }, 16, undefined, /a: shape is \[-2,-2\]/],
    ['a shape that is not a list', { a: { ...a, shape: 4 } }, 16, undefined, /a: shape is 4/],
    ['a shape and offsets that disagree', { a: { ...a, shape: [2, 3] } }, 16, undefined, /takes 24 bytes but .* span 16/],
    ['a shape whose product overflows', { a: { ...a, shape: [2 ** 40, 2 ** 40] } }, 16, undefined, /a: shape/],
    ['data behind the end of the file', { a, b }, 20, undefined, /b: ends 2 bytes behind the end/],
    ['bytes that belong to nobody', { a }, 20, undefined, /end at byte/],
    ['a hole', { a, b: { ...b, data_offsets: [18, 24] } }, 24, undefined, /b: begins at byte 18 .* ends at 16/],
    ['an overlap', { a, b: { ...b, data_offsets: [14, 20] } }, 20, undefined, /b: begins at byte 14/],
    ['a tensor listed twice', `{"a":${JSON.stringify(a)},"\\u0061":${JSON.stringify(a)}}`, 16, undefined, /"a" is listed twice/],
    ['an entry that is nothing', { a: null }, 0, undefined, /a: dtype is missing/],
    ['metadata that is not text', { __metadata__: { n: 1 }, a }, 16, undefined, /__metadata__/],
  ];
  it.each(cases)('%s', async (_, header, dataBytes, claimed, message) => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'model.safetensors');
    await writeRaw(path, header, dataBytes, claimed);
    const opened = openSafetensors(path);
    await expect(opened).rejects.toThrow(AppError);
    await expect(opened).rejects.toThrow(message);
  });

  it.each([0, 3, 8, 40])('a file cut off after %i bytes', async (length) => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'model.safetensors');
    await writeRaw(path, { a, b }, 22);
    await writeFile(path, (await readFile(path)).subarray(0, length));
    await expect(openSafetensors(path)).rejects.toMatchObject({ name: 'AppError', code: 'bad-file' });
  });

  it('a file that is not there', async () => {
    await expect(openSafetensors('/nowhere/model.safetensors')).rejects.toMatchObject({ code: 'not-found' });
  });
});

describe('random damage', () => {
  const good = Buffer.from(
    JSON.stringify({
      __metadata__: { format: 'pt' },
      ...headerOf([
        ['x', 'F32', [4, 2]],
        ['y.bias', 'BF16', [3]],
        ['z', 'F16', []],
      ]),
    }),
  );
  const dataBytes = 32 + 6 + 2;

  it('is an AppError, or tensors that tile the file', () => {
    const mutation = fc.record({
      at: fc.nat(good.length - 1),
      byte: fc.constantFrom(...Buffer.from('0123456789-{}[]":,.eF\0\xff', 'latin1')),
    });
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), fc.nat(3), (mutations, cut) => {
        const header = Buffer.from(good);
        for (const { at, byte } of mutations) header[at] = byte;
        const size = 8 + header.length + dataBytes - cut;
        try {
          const { tensors } = parseHeader(header, size, 'f', 'f');
          const total = [...tensors.values()].reduce((sum, { bytes }) => sum + bytes, 0);
          expect(total).toBe(size - 8 - header.length);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(AppError);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('never asks for more memory than the file has bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 8, maxLength: 8 }), fc.nat(1 << 20), (prefix, size) => {
        try {
          expect(parseHeaderLength(prefix, size, 'f')).toBeLessThanOrEqual(size - 8);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(AppError);
        }
      }),
    );
  });
});

describe('writing', () => {
  it('gives back names, shapes and bytes, with the data on a multiple of 8', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'scores.safetensors');
    const values = Float32Array.of(1, -2, 3.5);
    await writeSafetensors(
      path,
      [
        { name: 'v', dtype: 'F32', shape: [3], data: () => new Uint8Array(values.buffer) },
        { name: 'empty', dtype: 'F16', shape: [0, 4], data: async () => new Uint8Array() },
      ],
      { made: 'here "quoted" {' },
    );
    await using file = await openSafetensors(path);
    expect([...file.tensors.keys()]).toEqual(['v', 'empty']);
    expect(file.metadata).toEqual({ made: 'here "quoted" {' });
    expect(file.tensors.get('v')!.offset % 8).toBe(0);
    expect(new Float32Array((await file.read('v')).buffer)).toEqual(values);
    expect(file.tensors.get('empty')).toMatchObject({ shape: [0, 4], bytes: 0 });
  });

  it.skipIf(!existsSync('/dev/full'))('leaves the old file and nothing else when the disk is full (needs /dev/full)', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'x.safetensors');
    await writeFile(path, 'old');
    await symlink('/dev/full', `${path}.part`); // a real disk without space
    const tensor = { name: 'v', dtype: 'F32', shape: [1], data: () => new Uint8Array(4) } as const;
    await expect(writeSafetensors(path, [tensor])).rejects.toMatchObject({ code: 'disk-full' });
    expect(await readdir(folder.path)).toEqual(['x.safetensors']);
    expect(await readFile(path, 'utf8')).toBe('old');
  });

  it('refuses bytes that do not fit the shape', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'x.safetensors');
    await expect(writeSafetensors(path, [{ name: 'v', dtype: 'F32', shape: [2], data: () => new Uint8Array(4) }])).rejects.toThrow(
      /takes 8 bytes, got 4/,
    );
    expect(await readdir(folder.path)).toEqual([]);
  });
});
