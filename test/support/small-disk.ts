// A disk of a few hundred kilobytes to fill up, where the system lets us have one.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder on a disk of its own; disposing takes it away. */
export interface SmallDisk extends Disposable {
  readonly path: string;
}

/** Mounts a memory disk of `kilobytes`; undefined where that is not allowed (it takes root on Linux). */
export function mountSmallDisk(kilobytes: number): SmallDisk | undefined {
  const path = mkdtempSync(join(tmpdir(), 'tailor-small-disk-'));
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'tmpfs', path]);
  if (status !== 0) {
    rmSync(path, { recursive: true });
    return undefined;
  }
  return {
    path,
    [Symbol.dispose]() {
      spawnSync('umount', ['-l', path]);
      rmSync(path, { recursive: true, force: true });
    },
  };
}

const probe = mountSmallDisk(16);
probe?.[Symbol.dispose]();
export const canMount = probe !== undefined;
export const NEEDS_MOUNT = '(needs the right to mount a memory disk)';
