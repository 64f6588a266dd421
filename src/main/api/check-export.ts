// An export is done when it was opened again and is what left: the same weights, or a model of the right size that can be read.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../shared/errors.ts';
import type { WorkOptions } from '../../shared/progress.ts';
import { countParameters } from '../../shared/tensor-names.ts';
import type { App } from '../app.ts';
import type { Model } from '../db/models.ts';
import type { ExportTarget } from './export-model.ts';
import { configOf } from './model-facts.ts';
import { inspectModel } from './models.ts';

const ADAPTER_WEIGHTS = 'adapter_model.safetensors';

/**
 * Reads an export again. Takes it away and throws AppError `bad-file` when it is not the model that was to leave; what stops the reading
 * takes it away too. A GGUF file was read again by what wrote it.
 */
export async function checkExport(app: App, model: Model, target: ExportTarget, path: string, work: WorkOptions): Promise<void> {
  try {
    const fault = await findFault(app, model, target, path, work);
    if (fault !== undefined)
      throw new AppError('bad-file', `The export of ${model.name} was written and read again, but ${fault}. It was taken away.`, { path });
  } catch (thrown) {
    await rm(path, { recursive: true, force: true });
    throw thrown;
  }
}

async function findFault(app: App, model: Model, target: ExportTarget, path: string, work: WorkOptions): Promise<string | undefined> {
  const changed = `its weights are not those that were taken in: the files at ${model.folderPath} have changed since, or the disk is at fault`;
  switch (target) {
    case 'huggingface':
      return (await inspectModel(app, path, work)).hash === model.hash ? undefined : changed;
    case 'merged': {
      const expected = countParameters(configOf(app, model));
      const { parameters } = await inspectModel(app, path, work);
      return parameters === expected ? undefined : `it has ${parameters} parameters in the place of ${expected}`;
    }
    case 'peft': {
      JSON.parse(await readFile(join(path, 'adapter_config.json'), 'utf8'));
      return (await hashFile(join(path, ADAPTER_WEIGHTS))) === model.hash ? undefined : changed;
    }
    case 'card':
      JSON.parse(await readFile(path, 'utf8'));
      return undefined;
    case 'gguf':
      return undefined;
  }
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
