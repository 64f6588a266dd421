// Exports as commands make them: what was stopped leaves nothing behind, and nothing is written over.
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { exportModel } from '../../../src/main/api/export-model.ts';
import { importModel } from '../../../src/main/api/models.ts';
import { createApp } from '../../../src/main/app.ts';
import { addModel } from '../../../src/main/db/models.ts';
import { spawnWorker } from '../../../src/main/node/spawn-worker.ts';
import type { ProgressFrame } from '../../../src/shared/progress.ts';
import { TINY, temporaryFolder, writeTiny } from '../../worker/weights/tiny-checkpoint.ts';

const RESOURCES = join(import.meta.dirname, '../../../resources');
/** So many tensors that an export takes a while, however small they are. */
const LAYERS = 400;

it(
  'a GGUF file that is stopped while it is written is gone, part and all, by the time that the export ends',
  { timeout: 180_000 },
  async () => {
    await using folder = await temporaryFolder();
    const from = await writeTiny(join(folder.path, 'deep'), {
      ...TINY,
      vocabSize: 1536,
      layers: Array.from({ length: LAYERS }, () => TINY.layers[0]!),
    });
    copyFileSync(join(RESOURCES, 'demo/model/tokenizer.json'), join(from, 'tokenizer.json'));
    const dataFolder = join(folder.path, 'data');
    using app = createApp({
      dataFolder,
      resourcesFolder: RESOURCES,
      now: () => new Date(),
      log: () => undefined,
      spawnWorker: () => spawnWorker(() => undefined),
    });
    const model = await importModel(app, from);
    const out = join(folder.path, 'out');
    const stop = new AbortController();
    let written = 0;
    const progress = ({ phase, done }: ProgressFrame): void => {
      if (!phase.startsWith('writing')) return;
      written = done;
      stop.abort();
    };
    const going = exportModel(app, model.id, 'gguf', join(out, 'deep.gguf'), { signal: stop.signal, progress });
    await expect(going).rejects.toThrow();
    expect(written).toBeGreaterThan(0);
    expect(readdirSync(out)).toEqual([]);

    writeFileSync(join(out, 'mine.gguf'), 'mine');
    await expect(exportModel(app, model.id, 'gguf', join(out, 'mine.gguf'))).rejects.toThrow(/mine\.gguf is there already/);
    writeFileSync(join(out, 'own.Modelfile'), 'mine');
    await expect(exportModel(app, model.id, 'gguf', join(out, 'own.gguf'))).rejects.toThrow(/own\.Modelfile is there already/);
  },
);

it('an exported adapter says where its base lies now, not where it lay when the adapter was made', async () => {
  await using folder = await temporaryFolder();
  using app = createApp({
    dataFolder: join(folder.path, 'data'),
    resourcesFolder: RESOURCES,
    now: () => new Date(),
    log: () => undefined,
    spawnWorker: () => spawnWorker(() => undefined),
  });
  const base = await importModel(app, join(RESOURCES, 'demo/model'));
  const folderPath = join(folder.path, 'adapter');
  mkdirSync(folderPath);
  writeFileSync(
    join(folderPath, 'adapter_config.json'),
    JSON.stringify({ peft_type: 'LORA', base_model_name_or_path: '/old/model', r: 8 }),
  );
  writeFileSync(join(folderPath, 'README.md'), 'base_model: "/old/model"\n');
  writeFileSync(join(folderPath, 'adapter_model.safetensors'), 'weights');
  const hash = createHash('sha256').update('weights').digest('hex');
  const facts = { name: 'tuned', kind: 'tuned', form: 'adapter', parentId: base.id, folderPath, hash } as const;
  const adapter = addModel(app.db, { ...facts, parameters: 1, sizeBytes: 7, config: base.config });
  const out = join(folder.path, 'out');
  await exportModel(app, adapter.id, 'peft', out);
  expect(JSON.parse(readFileSync(join(out, 'adapter_config.json'), 'utf8'))).toEqual({
    peft_type: 'LORA',
    base_model_name_or_path: base.folderPath,
    r: 8,
  });
  expect(readFileSync(join(out, 'README.md'), 'utf8')).toBe(`base_model: ${JSON.stringify(base.folderPath)}\n`);
});
