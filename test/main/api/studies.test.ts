// A study that cannot go on: why is kept with it, and forgotten when it goes on.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startStudy, stateOfStudy } from '../../../src/main/api/study-jobs.ts';
import { parseStudySettings } from '../../../src/main/api/study-settings.ts';
import { getStudy } from '../../../src/main/db/studies.ts';
import { openCountingApp } from '../../fixtures/counting-app.ts';

it('keeps at what it failed and why in the records', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tailor-studies-'));
  try {
    using app = openCountingApp(folder);
    const { id } = startStudy(app, parseStudySettings({ model: '/nowhere/at/all', tasks: [{ dataset: 'none' }] }, 'test'));
    await expect.poll(() => getStudy(app.db, id).state).toBe('failed');
    const kept = getStudy(app.db, id).reason;
    expect(kept).toMatch(/^At "find model and data": .*nowhere/);
    await expect.poll(() => stateOfStudy(app, getStudy(app.db, id))).toEqual({ state: 'failed', reason: kept, progress: undefined });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
