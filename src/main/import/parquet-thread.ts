// The thread in which `readParquet` has a file decoded; it answers each "next" with a batch.
import { parentPort, workerData } from 'node:worker_threads';
import { decodeParquet, type ParquetBatch } from './decode-parquet.ts';

/** More rows, the end, or why the file cannot be read. */
export type ParquetMessage =
  ({ readonly kind: 'rows' } & ParquetBatch) | { readonly kind: 'end' } | { readonly kind: 'problem'; readonly problem: string };

const batches = decodeParquet(workerData as string);

async function answer(): Promise<ParquetMessage> {
  try {
    const { value, done } = await batches.next();
    return done ? { kind: 'end' } : { kind: 'rows', ...value };
  } catch (error) {
    return { kind: 'problem', problem: error instanceof Error ? error.message : String(error) };
  }
}

parentPort?.on('message', () => void answer().then((message) => parentPort?.postMessage(message)));
