// Safetensors files: opened to read one tensor at a time, written tensor by tensor under a temporary name.
import { open, rename, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { AppError, asAppError } from '../../shared/errors.ts';
import { buildHeader, parseHeader, parseHeaderLength, type TensorInfo } from '../../shared/safetensors-header.ts';
import { DTYPE_BYTES } from './dtype.ts';
import type { Dtype } from './dtype.ts';

/** Node reads at most 2 GiB - 1 at once; whole pages below that. */
const MAX_READ_BYTES = 1 << 30;

/** An open file; `read` gives a tensor's little-endian bytes in a fresh, aligned array. */
export interface SafetensorsFile extends AsyncDisposable {
  readonly path: string;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly metadata: Readonly<Record<string, string>>;
  read(name: string): Promise<Uint8Array<ArrayBuffer>>;
}

/**
 * Opens a safetensors file and checks its header. Messages name the file with its folder.
 * Throws AppError `bad-file` when the header lies or the file is cut off, `not-found` when there is no such file.
 */
export async function openSafetensors(path: string): Promise<SafetensorsFile> {
  const where = join(basename(dirname(path)), basename(path));
  const handle = await openForReading(path, where);
  try {
    const { size } = await handle.stat();
    const length = parseHeaderLength(await readBytes(handle, 0, Math.min(8, size), where), size, where);
    const { tensors, metadata } = parseHeader(await readBytes(handle, 8, length, where), size, path, where);
    return {
      path,
      tensors,
      metadata,
      async read(name) {
        const info = tensors.get(name);
        if (info === undefined) throw new AppError('bad-file', `${where}: holds no tensor ${name}.`);
        return readBytes(handle, info.offset, info.bytes, where);
      },
      [Symbol.asyncDispose]: () => handle.close(),
    };
  } catch (thrown) {
    await handle.close();
    throw thrown;
  }
}

async function openForReading(path: string, where: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    const sentence = missing ? 'there is no such file' : `cannot be opened (${(cause as Error).message})`;
    throw new AppError(missing ? 'not-found' : 'bad-file', `${where}: ${sentence}.`, undefined, { cause });
  }
}

/** Fills a new array from the file; the caller has checked that `bytes` lie inside it. */
async function readBytes(handle: FileHandle, offset: number, bytes: number, where: string): Promise<Uint8Array<ArrayBuffer>> {
  const out = new Uint8Array(bytes);
  for (let done = 0; done < bytes;) {
    const { bytesRead } = await handle.read(out, done, Math.min(bytes - done, MAX_READ_BYTES), offset + done);
    if (bytesRead === 0) throw new AppError('bad-file', `${where}: the file became shorter while it was read.`);
    done += bytesRead;
  }
  return out;
}

/** A tensor to be written; `data` makes its little-endian bytes when its turn comes, and they are dropped after it. */
export interface WritableTensor {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  data(): Promise<Uint8Array> | Uint8Array;
}

/**
 * Writes a safetensors file, one tensor in memory at a time: temporary name, fsync, rename. On any error nothing is left behind;
 * a full disk is AppError `disk-full`.
 */
export async function writeSafetensors(
  path: string,
  tensors: readonly WritableTensor[],
  metadata: Readonly<Record<string, string>> = { format: 'pt' },
): Promise<void> {
  await writeReplacing(path, async (file) => {
    await file.writeFile(buildHeader(tensors, metadata));
    for (const { name, dtype, shape, data } of tensors) {
      const bytes = await data();
      const expected = shape.reduce((a, b) => a * b, DTYPE_BYTES[dtype]);
      if (bytes.byteLength !== expected)
        throw new RangeError(`${name}: shape [${shape.join(', ')}] in ${dtype} takes ${expected} bytes, got ${bytes.byteLength}`);
      await file.writeFile(bytes);
    }
  });
}

/**
 * Writes a file through `fill` so that `path` holds either what it held before or everything, even after a crash. `check` may look at what
 * was written before it gets its name.
 */
export async function writeReplacing(
  path: string,
  fill: (file: FileHandle) => Promise<void>,
  check?: (part: string) => Promise<void>,
): Promise<void> {
  const part = `${path}.part`;
  try {
    await using file = await open(part, 'w');
    await fill(file);
    await file.sync();
    await check?.(part);
  } catch (thrown) {
    await rm(part, { force: true });
    throw asAppError(thrown);
  }
  await rename(part, path);
}
