// A disk that fills up in the middle of writing: a clear sentence, and nothing half-written.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { asAppError } from '../src/shared/errors.ts';
import { slice } from '../src/worker/prune/slice.ts';
import { keepAll } from '../src/shared/prune/groups.ts';
import { openRecords } from '../src/main/db/open.ts';
import { importApart } from '../src/main/import/import-apart.ts';
import { openCheckpoint } from '../src/worker/weights/checkpoint.ts';
import { NEEDS_MOUNT, canMount, mountSmallDisk } from './support/small-disk.ts';
import { TINY, temporaryFolder, writeTiny } from './worker/weights/tiny-checkpoint.ts';

describe.skipIf(!canMount)(`on a disk that is full ${NEEDS_MOUNT}`, () => {
  it('a pruned checkpoint is refused as disk-full and leaves nothing', async () => {
    using disk = mountSmallDisk(64)!;
    await using folder = await temporaryFolder();
    const base = join(folder.path, 'base');
    mkdirSync(base);
    await writeTiny(base, { ...TINY, vocabSize: 4000 }); // about 400 KB
    await using checkpoint = await openCheckpoint(base);
    const writing = slice(checkpoint, keepAll(checkpoint.config), join(disk.path, 'out'), { pruning: {} });
    await expect(writing).rejects.toMatchObject({ code: 'disk-full' });
    expect(readdirSync(disk.path)).toEqual([]);
  });

  it('a dataset is refused as disk-full and the records stay sound', async () => {
    using disk = mountSmallDisk(1024)!;
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'rows.jsonl');
    writeFileSync(file, Array.from({ length: 20_000 }, (_, i) => `${JSON.stringify({ text: `row ${i} ${'x'.repeat(200)}` })}\n`).join(''));
    const records = openRecords(disk.path);
    const error = await importApart(records.db, [file]).then(
      () => undefined,
      (thrown: unknown) => asAppError(thrown),
    );
    expect(error?.code).toBe('disk-full');
    expect(records.db.pragma('integrity_check', { simple: true })).toBe('ok');
    records.close();
  });
});
