// Decodes a Parquet file, one row group at a time, and turns its values into JSON.
import { parquetMetadataAsync, parquetReadObjects, type AsyncBuffer, type FileMetaData } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { open } from 'node:fs/promises';
import { MAX_ROW_GROUP_BYTES } from './limits.ts';
import { toRow, type ReadRow } from './rows.ts';

/** Some rows, and how many of the file's have come so far. */
export interface ParquetBatch {
  readonly rows: readonly ReadRow[];
  readonly done: number;
  readonly total: number;
}

const BATCH_ROWS = 500;

/**
 * The rows of a file in batches. A damaged file may make it throw any error, loop or burst: `readParquet` runs it in a thread and
 * answers for that.
 */
export async function* decodeParquet(path: string): AsyncGenerator<ParquetBatch> {
  await using handle = await open(path, 'r');
  const { size } = await handle.stat();
  const file: AsyncBuffer = {
    byteLength: size,
    async slice(start, end = size) {
      if (!(start >= 0 && end >= start && end <= size)) throw new Error(`bytes ${start} to ${end} lie outside its ${size} bytes`);
      const bytes = new Uint8Array(end - start);
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, start);
      if (bytesRead !== bytes.length) throw new Error(`it ends at byte ${start + bytesRead}, in the middle of a column`);
      return bytes.buffer;
    },
  };
  const metadata = await parquetMetadataAsync(file);
  checkMetadata(metadata, size);
  const total = Number(metadata.num_rows);
  let done = 0;
  for (const group of metadata.row_groups) {
    const rowEnd = done + Number(group.num_rows);
    const rows = await parquetReadObjects({ file, metadata, compressors, geoparquet: false, rowStart: done, rowEnd });
    if (rows.length !== rowEnd - done) throw new Error(`a row group promises ${rowEnd - done} rows and holds ${rows.length}`);
    for (let i = 0; i < rows.length; i += BATCH_ROWS) {
      const batch = rows.slice(i, i + BATCH_ROWS).map((row, j) => toRow(done + i + j + 1, toJsonValue(row)));
      yield { rows: batch, done: done + i + batch.length, total };
    }
    done = rowEnd;
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
      throw new Error(`row group ${i + 1} unpacks to ${bytes} bytes; at most ${MAX_ROW_GROUP_BYTES} are read`);
    for (const { meta_data: column } of group.columns) {
      if (!column) continue;
      const name = column.path_in_schema.join('.');
      const end = Number(column.dictionary_page_offset || column.data_page_offset) + Number(column.total_compressed_size);
      if (!(end <= size)) throw new Error(`column "${name}" should end at byte ${end}, but the file has ${size} bytes`);
      // A list may hold several values in a row, but no column holds fewer values than there are rows.
      if (Number(column.num_values) < groupRows)
        throw new Error(`column "${name}" holds ${column.num_values} values for ${groupRows} rows`);
    }
    rows += groupRows;
  }
  if (rows !== Number(metadata.num_rows)) throw new Error(`its row groups have ${rows} rows and the file promises ${metadata.num_rows}`);
}

function toJsonValue(value: unknown): unknown {
  switch (typeof value) {
    case 'bigint':
      return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
    case 'number':
      return Number.isFinite(value) ? value + 0 : null; // JSON has no -0
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
