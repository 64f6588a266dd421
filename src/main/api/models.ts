// Models: taken in by reference, found by path, name or id, and described.
import { existsSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { AppError, throwIfCancelled } from '../../shared/errors.ts';
import type { WorkOptions } from '../../shared/progress.ts';
import type { ModelRef } from '../../shared/recipe.ts';
import type { CheckpointFacts } from '../../worker/api.ts';
import type { App } from '../app.ts';
import { addModel, findModelByName, getModel, listModels, toModelRef, type Model } from '../db/models.ts';
import { drainStream } from '../jobs/drain.ts';

/** Facts of any checkpoint folder, in the records or not. Throws AppError `not-found`, `bad-model`, `bad-file` or `bad-tokenizer`. */
export async function inspectModel(app: App, folder: string, work: WorkOptions = {}): Promise<CheckpointFacts> {
  const stream = await app.worker().calls.inspect({ folder: resolve(folder) });
  const { signal } = work;
  throwIfCancelled(signal);
  const cancelled = Promise.withResolvers<never>();
  const leave = (): void => {
    void stream.return?.(undefined as never).catch(() => undefined); // the worker hears it and stops hashing
    cancelled.reject(new AppError('cancelled', 'Stopped, as asked.'));
  };
  signal?.addEventListener('abort', leave, { once: true });
  try {
    return await Promise.race([drainStream(stream, work), cancelled.promise]);
  } finally {
    signal?.removeEventListener('abort', leave);
  }
}

/**
 * Takes a checkpoint folder into the records by path and hash; nothing is copied. The same folder with the same weights is the same model.
 * Throws as `inspectModel`.
 */
export async function importModel(app: App, folder: string, options: WorkOptions & { readonly name?: string } = {}): Promise<Model> {
  const folderPath = resolve(folder);
  const facts = await inspectModel(app, folderPath, options);
  const known = listModels(app.db).find((model) => model.hash === facts.hash && model.folderPath === folderPath);
  const name = options.name ?? (folderPath === demoModelFolder(app) ? 'demo' : basename(folderPath));
  return known ?? addModel(app.db, { ...describe(facts), name, kind: 'base', form: 'checkpoint', folderPath });
}

/** Where the model lies that comes with Tailor. */
export function demoModelFolder(app: App): string {
  return resolve(app.host.resourcesFolder, 'demo', 'model');
}

function describe(facts: CheckpointFacts): Pick<Model, 'hash' | 'parameters' | 'sizeBytes' | 'config'> {
  return { hash: facts.hash, parameters: facts.parameters, sizeBytes: facts.sizeBytes, config: facts.rawConfig };
}

/**
 * The model that `name` means: an id or a name in the records, or a folder, which is then taken in.
 * Throws AppError `not-found` for anything else.
 */
export async function resolveModel(app: App, name: string, work: WorkOptions = {}): Promise<Model> {
  const known = listModels(app.db).find((model) => model.id === name) ?? findModelByName(app.db, name);
  if (known) return known;
  if (existsSync(name)) return await importModel(app, name, work);
  throw new AppError('not-found', `There is no model and no folder “${name}”. "tailor list models" shows the models there are.`, { name });
}

/** How a recipe names the model. */
export function referTo(app: App, model: Model): ModelRef {
  return toModelRef(app.db, model.id);
}

/** Content hashes behind the paths by which a recipe names the model. */
export function identitiesOf(app: App, model: Model): (readonly [string, string])[] {
  if (model.form === 'checkpoint') return [[model.folderPath, model.hash]];
  const parent = getModel(app.db, model.parentId!);
  return [
    [parent.folderPath, parent.hash],
    [model.folderPath, model.hash],
  ];
}
