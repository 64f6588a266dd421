// Merges an adapter folder into its checkpoint folder, for main: opened, checked, written.
import type { WorkOptions } from '../shared/progress.ts';
import { mergeAdapter } from './export/merge.ts';
import { loadAdapter } from './export/peft.ts';
import { checkHash, openCheckpoint } from './weights/checkpoint.ts';

export interface MergeFolders {
  readonly checkpoint: string;
  /** The checkpoint's content hash as the records have it. */
  readonly hash?: string | undefined;
  readonly adapter: string;
  readonly out: string;
}

/** Writes W + scale·B·A as a checkpoint at `out`. Throws as `openCheckpoint`, `checkHash`, `loadAdapter` and `mergeAdapter`. */
export async function mergeFolders({ checkpoint: folder, hash, adapter, out }: MergeFolders, work: WorkOptions = {}): Promise<void> {
  await using checkpoint = await openCheckpoint(folder);
  const found = await checkHash(checkpoint, hash, work);
  await mergeAdapter(checkpoint, await loadAdapter(adapter, checkpoint.config, found), out, work);
}
