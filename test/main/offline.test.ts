// Working offline: one setting and one variable, which stand above every other setting.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { openRecords } from '../../src/main/db/open.ts';
import { keepSetting } from '../../src/main/db/settings.ts';
import { whyOffline, whyOfflineIn } from '../../src/main/offline.ts';

const folder = mkdtempSync(join(tmpdir(), 'tailor-offline-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it.each([
  [{ workOffline: false }, {}, undefined],
  [{ workOffline: false }, { HF_HUB_OFFLINE: '0' }, undefined],
  [{ workOffline: true }, {}, /Work offline.* is on/],
  [{ workOffline: false }, { HF_HUB_OFFLINE: '1' }, /HF_HUB_OFFLINE is set/],
  [{ workOffline: false }, { HF_HUB_OFFLINE: 'true' }, /HF_HUB_OFFLINE is set/],
] as const)('%j with %j', (settings, environment, why) => {
  if (why === undefined) expect(whyOffline(settings, environment)).toBeUndefined();
  else expect(whyOffline(settings, environment)).toMatch(why);
});

it('is known before the data folder is opened, while it is open, and where there is none', () => {
  expect(whyOfflineIn(join(folder, 'none'), {})).toBeUndefined();
  using records = openRecords(folder);
  expect(whyOfflineIn(folder, {})).toBeUndefined();
  keepSetting(records.db, 'workOffline', true);
  expect(whyOfflineIn(folder, {})).toMatch(/Work offline/);
});
