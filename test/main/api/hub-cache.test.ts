// The Hugging Face cache: what is found, what is passed over, and what is said when there is none.
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { hubCacheFolder, scanHubCache } from '../../../src/main/api/hub-cache.ts';

const DEMO = join(import.meta.dirname, '../../../resources/demo/model');
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tailor-hub-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

it.each([
  [{ HF_HUB_CACHE: '/a/hub', HF_HOME: '/b' }, '/a/hub'],
  [{ HF_HOME: '/b' }, '/b/hub'],
  [{ XDG_CACHE_HOME: '/c' }, '/c/huggingface/hub'],
])('looks where %j says', (environment, folder) => {
  expect(hubCacheFolder(environment)).toBe(folder);
});

it('finds checkpoints behind links and passes others over', async () => {
  const blobs = join(root, 'models--org--small-llama', 'blobs');
  const snapshot = join(root, 'models--org--small-llama', 'snapshots', 'abc123');
  cpSync(DEMO, blobs, { recursive: true });
  mkdirSync(snapshot, { recursive: true });
  for (const name of ['config.json', 'model.safetensors', 'tokenizer.json']) symlinkSync(join(blobs, name), join(snapshot, name));
  const other = join(root, 'models--org--bert', 'snapshots', 'def456');
  mkdirSync(other, { recursive: true });
  writeFileSync(join(other, 'config.json'), '{"model_type":"bert"}');
  mkdirSync(join(root, 'datasets--org--x'));

  const { models, reason } = await scanHubCache(root);
  expect(models).toHaveLength(1);
  expect(models[0]).toMatchObject({ name: 'org/small-llama', revision: 'abc123', folder: snapshot });
  expect(models[0]!.parameters).toBeGreaterThan(1e6);
  expect(models[0]!.sizeBytes).toBeGreaterThan(models[0]!.parameters);
  expect(reason).toContain('One snapshot was passed over');
});

it('says why there is nothing', async () => {
  expect(await scanHubCache(join(root, 'nowhere'))).toMatchObject({
    models: [],
    reason: expect.stringContaining('There is no Hugging Face cache'),
  });
  expect(await scanHubCache(root)).toMatchObject({ models: [], reason: expect.stringContaining('holds no models') });
});
