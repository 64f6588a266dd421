// An export is done when it was read again: one whose source has changed since it was taken in is refused, and leaves nothing behind.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { exportModel, offerExports } from '../../../src/main/api/export-model.ts';
import { importModel } from '../../../src/main/api/models.ts';
import { createApp, type App } from '../../../src/main/app.ts';
import { spawnWorker } from '../../../src/main/node/spawn-worker.ts';

const RESOURCES = join(import.meta.dirname, '../../../resources');
let folder: string;
let app: App;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tailor-export-'));
  const log = (): void => undefined;
  app = createApp({
    dataFolder: join(folder, 'data'),
    resourcesFolder: RESOURCES,
    now: () => new Date(),
    log,
    spawnWorker: () => spawnWorker(log),
  });
});
afterAll(() => {
  app[Symbol.dispose]();
  rmSync(folder, { recursive: true, force: true });
});

it('reads a folder again before it is done, and refuses one that is not what left', async () => {
  const source = join(folder, 'model');
  cpSync(join(RESOURCES, 'demo', 'model'), source, { recursive: true });
  const { id } = await importModel(app, source);
  const phases = new Set<string>();
  await exportModel(app, id, 'huggingface', join(folder, 'out'), { progress: ({ phase }) => phases.add(phase) });
  expect([...phases][0]).toBe('copying');
  expect(phases.size).toBeGreaterThan(1);
  expect(readdirSync(join(folder, 'out')).sort()).toEqual(readdirSync(source).sort());

  const weights = join(
    source,
    readdirSync(source).find((name) => name.endsWith('.safetensors'))!,
  );
  const bytes = readFileSync(weights);
  bytes[bytes.length - 1]! ^= 0x40;
  writeFileSync(weights, bytes);
  const refused = exportModel(app, id, 'huggingface', join(folder, 'spoilt'));
  await expect(refused).rejects.toMatchObject({
    code: 'bad-file',
    message: expect.stringMatching(/read again, but its weights are not/) as string,
  });
  expect(existsSync(join(folder, 'spoilt'))).toBe(false);
});

it('offers no GGUF file of a tokenizer that llama.cpp cannot be told, with the very sentence that the export would end with', async () => {
  const source = join(folder, 'wordpiece');
  cpSync(join(RESOURCES, 'demo', 'model'), source, { recursive: true });
  const file = join(source, 'tokenizer.json');
  const tokenizer = JSON.parse(readFileSync(file, 'utf8')) as { model: object };
  writeFileSync(file, JSON.stringify({ ...tokenizer, model: { ...tokenizer.model, end_of_word_suffix: '</w>' } }));
  const { id } = await importModel(app, source, { name: 'wordpiece' });
  const gguf = (await offerExports(app, id)).find(({ title }) => title === 'GGUF')!;
  expect(gguf).toMatchObject({ possible: false, target: undefined, sizeBytes: undefined });
  expect(gguf.why).toMatch(/^Not possible: .*end_of_word_suffix, which llama\.cpp does not know/);
  await expect(exportModel(app, id, 'gguf', join(folder, 'no.gguf'))).rejects.toThrow(gguf.why.replace('Not possible: ', ''));
});

it('leaves no GGUF file where its Modelfile cannot be written, and what lies in its place alone', async () => {
  const { id } = await importModel(app, join(RESOURCES, 'demo', 'model'));
  expect((await offerExports(app, id)).find(({ title }) => title === 'GGUF')).toMatchObject({ possible: true });
  const out = join(folder, 'late');
  const progress = (): void => void mkdirSync(join(out, 'demo.Modelfile'), { recursive: true });
  await expect(exportModel(app, id, 'gguf', join(out, 'demo.gguf'), { progress })).rejects.toThrow(
    /demo\.Modelfile came to be there meanwhile/,
  );
  expect(readdirSync(out)).toEqual(['demo.Modelfile']);
});
