// Parquet datasets, one row group at a time, with their values turned into JSON.
import { parquetMetadataAsync, parquetReadObjects, type AsyncBuffer, type FileMetaData } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { basename } from 'node:path';
import { AppError, throwIfCancelled } from '../../shared/errors.ts';
import type { WorkOptions } from '../../shared/progress.ts';
import { MAX_ROW_GROUP_BYTES } from './limits.ts';
import { openFile } from './read-lines.ts';
import { toRow, type ReadRow } from './rows.ts';

/**
 * Rows of a Parquet file; `line` counts records. Structs and lists keep their nesting; integers too large for a double become text,
 * dates ISO text, bytes base64 text, and what is not a number null.
 * Throws AppError `bad-dataset` for a file that is cut off, lies about itself or uses what is not supported.
 */
export async function* readParquet(path: string, { signal, progress }: WorkOptions = {}): AsyncGenerator<ReadRow> {
  const name = basename(path);
  await using handle = await openFile(path);
  const { size } = await handle.stat();
  const file: AsyncBuffer = {
    byteLength: size,
    async slice(start, end = size) {
      if (!(start >= 0 && end >= start && end <= size)) throw new Error(`bytes ${start} to ${end} lie outside its ${size} bytes`);
      const bytes = new ArrayBuffer(end - start);
      const { bytesRead } = await handle.read(new Uint8Array(bytes), 0, end - start, start);
      if (bytesRead !== end - start) throw new Error(`the file ends at byte ${start + bytesRead}, in the middle of a column`);
      return bytes;
    },
  };
  const metadata = await orBadDataset(name, () => parquetMetadataAsync(file));
  await orBadDataset(name, () => checkMetadata(metadata, size));
  const total = Number(metadata.num_rows);
  let done = 0;
  for (const group of metadata.row_groups) {
    throwIfCancelled(signal);
    const groupRows = Number(group.num_rows);
    const rows = await orBadDataset(name, () =>
      parquetReadObjects({ file, metadata, compressors, geoparquet: false, rowStart: done, rowEnd: done + groupRows }),
    );
    if (rows.length !== groupRows) {
      throw badParquet(name, `a row group promises ${groupRows} rows and holds ${rows.length}`);
    }
    for (const [i, row] of rows.entries()) yield toRow(done + i + 1, toJsonValue(row));
    done += groupRows;
    progress?.({ phase: `reading ${name}`, done, total, unit: 'rows' });
  }
}

/** Refuses figures that cannot be true before anything is allocated by them. */
function checkMetadata(metadata: FileMetaData, size: number): void {
  let rows = 0;
  for (const [i, group] of metadata.row_groups.entries()) {
    const groupRows = Number(group.num_rows);
    const bytes = group.columns.reduce((sum, column) => sum + Number(column.meta_data?.total_uncompressed_size ?? 0), 0);
    if (!(groupRows >= 0 && bytes >= 0)) throw new Error(`row group ${i + 1} has a negative size`);
    if (bytes > MAX_ROW_GROUP_BYTES)
      throw new Error(`row group ${i + 1} unpacks to ${bytes} bytes; write it in groups of at most ${MAX_ROW_GROUP_BYTES}`);
    for (const { meta_data: column } of group.columns) {
      if (!column) continue;
      const end = Number(column.dictionary_page_offset ?? column.data_page_offset) + Number(column.total_compressed_size);
      const path = column.path_in_schema.join('.');
      if (!(end <= size)) throw new Error(`column "${path}" should end at byte ${end}, but the file has ${size} bytes`);
      // Every value takes at least a bit of a level or a run; lists may hold more values than rows, never fewer.
      if (Number(column.num_values) < groupRows)
        throw new Error(`column "${path}" holds ${column.num_values} values for ${groupRows} rows`);
    }
    rows += groupRows;
  }
  if (rows !== Number(metadata.num_rows)) throw new Error(`its row groups have ${rows} rows and the file promises ${metadata.num_rows}`);
}

async function orBadDataset<T>(name: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw badParquet(name, error instanceof Error ? error.message : String(error), error);
  }
}

function badParquet(name: string, problem: string, cause?: unknown): AppError {
  const message = `${name}: this Parquet file cannot be read: ${problem}. Export it again, or convert it to JSON Lines.`;
  return new AppError('bad-dataset', message, { file: name }, { cause });
}

function toJsonValue(value: unknown): unknown {
  switch (typeof value) {
    case 'bigint':
      return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
    case 'number':
      return Number.isFinite(value) ? value : null;
    case 'undefined':
      return null;
    case 'object':
      break;
    default:
      return value;
  }
  if (value === null) return null;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<unknown>, toJsonValue);
  if (Array.isArray(value)) return value.map(toJsonValue);
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, toJsonValue(member)]));
}
