// Exports as commands make them: what was stopped leaves nothing behind, and nothing is written over.
import { copyFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { exportModel } from '../../../src/main/api/export-model.ts';
import { importModel } from '../../../src/main/api/models.ts';
import { createApp } from '../../../src/main/app.ts';
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
