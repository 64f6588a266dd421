// Models leaving Tailor: which forms are possible and why not, and writing them into the data folder or a folder of the person's.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../shared/errors.ts';
import type { WorkOptions } from '../../shared/progress.ts';
import { judgeExports } from '../../shared/prune/exports.ts';
import type { App } from '../app.ts';
import { getModel, listLineage, type Model } from '../db/models.ts';
import { getRun } from '../db/runs.ts';
import { drainStream } from '../jobs/drain.ts';
import { copyFiles, freePath, listFolderFiles, toFileName } from './folder-files.ts';
import { checkpointOf, configOf } from './model-facts.ts';
import { VERSIONS } from './versions.ts';

export const EXPORT_TARGETS = ['huggingface', 'merged', 'peft', 'card'] as const;
export type ExportTarget = (typeof EXPORT_TARGETS)[number];

/** One form in which a model may leave; those that are not possible say what it would take. */
export interface ExportOffer {
  /** Undefined: nothing here can write it. */
  readonly target: ExportTarget | undefined;
  readonly title: string;
  readonly possible: boolean;
  readonly why: string;
  readonly sizeBytes: number | undefined;
}

/** The forms of a model in the order in which a person would look for them. */
export function offerExports(app: App, id: string): ExportOffer[] {
  const model = getModel(app.db, id);
  const checkpoint = checkpointOf(app, model);
  const choices = new Map(judgeExports(configOf(app, model)).map((choice) => [choice.target, choice]));
  const plain = choices.get('huggingface')!;
  const loads = plain.possible ? 'Loads in plain transformers and in Tailor.' : 'Loads in Tailor, which reads the widths of each layer.';
  const whole: ExportOffer =
    model.form === 'checkpoint'
      ? { target: 'huggingface', title: 'Hugging Face folder', possible: true, why: loads, sizeBytes: checkpoint.sizeBytes }
      : {
          target: 'merged',
          title: 'Merged checkpoint',
          possible: true,
          why: `Base and adapter as one Hugging Face folder. ${loads}`,
          sizeBytes: checkpoint.sizeBytes,
        };
  const offers: ExportOffer[] = [whole];
  if (model.form === 'adapter')
    offers.push({
      target: 'peft',
      title: 'PEFT adapter',
      possible: true,
      why: `Lies on ${checkpoint.name} and on no other model.`,
      sizeBytes: model.sizeBytes,
    });
  offers.push({
    target: 'card',
    title: 'Recipe card',
    possible: true,
    why: 'How it was made, from the base on: every setting, hash and version, as JSON.',
    sizeBytes: undefined,
  });
  if (!plain.possible)
    offers.push({
      target: undefined,
      title: 'For plain transformers',
      possible: false,
      why: `Not possible: ${lowerFirst(plain.why)} Cut again with the same widths in every layer.`,
      sizeBytes: undefined,
    });
  const gguf = [choices.get('gguf-llama')!, choices.get('gguf-deci')!].find((choice) => choice.possible);
  offers.push({
    target: undefined,
    title: 'GGUF',
    possible: false,
    why: gguf
      ? `Not written by Tailor yet. The widths allow it: convert the ${model.form === 'adapter' ? 'merged checkpoint' : 'Hugging Face folder'} with llama.cpp.`
      : `Not possible: ${lowerFirst(choices.get('gguf-llama')!.why)}`,
    sizeBytes: undefined,
  });
  return offers;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** Writes a model in one form below `folder`, under a name that is free, and returns the path. Throws what copying and merging throw. */
export async function exportModel(app: App, id: string, target: ExportTarget, folder: string, work: WorkOptions = {}): Promise<string> {
  const model = getModel(app.db, id);
  const checkpoint = checkpointOf(app, model);
  await mkdir(folder, { recursive: true });
  const name = join(folder, toFileName(model.name));
  switch (target) {
    case 'huggingface': {
      if (model.form !== 'checkpoint') throw new AppError('bad-input', `${model.name} is an adapter. Export it merged, or as an adapter.`);
      return await copyFolder(model.folderPath, freePath(name), work);
    }
    case 'peft': {
      if (model.form !== 'adapter') throw new AppError('bad-input', `${model.name} is a whole checkpoint, not an adapter.`);
      return await copyFolder(model.folderPath, freePath(`${name}-adapter`), work);
    }
    case 'merged': {
      if (model.form !== 'adapter') throw new AppError('bad-input', `${model.name} has no adapter to merge.`);
      const out = freePath(`${name}-merged`);
      const request = { checkpoint: checkpoint.folderPath, hash: checkpoint.hash, adapter: model.folderPath, out };
      await drainStream(await app.worker().calls.merge(request, { signal: work.signal }), work);
      return out;
    }
    case 'card': {
      const path = freePath(name, '.recipe.json');
      await writeFile(path, `${JSON.stringify(makeCard(app, model), null, 2)}\n`, { flag: 'wx', flush: true });
      return path;
    }
  }
}

/** The files of a checkpoint or adapter folder itself; what lies deeper is not part of it. */
async function copyFolder(folder: string, target: string, work: WorkOptions): Promise<string> {
  const files = await listFolderFiles(folder, (name) => !/[\\/]/.test(name) && !name.startsWith('.'));
  if (files.length === 0)
    throw new AppError('not-found', `${folder} is empty or gone. Add the model again from where its files are now.`, { folder });
  await copyFiles(files, target, work);
  return target;
}

/** A model's whole making: each step's recipe with hashes in the place of paths, so that it reads the same on any machine. */
export function makeCard(app: App, model: Model): object {
  const line = listLineage(app.db, model.id);
  const names = new Map(line.map((step) => [step.folderPath, `sha256:${step.hash}`]));
  return {
    tailor: VERSIONS.tailor,
    model: { name: model.name, hash: model.hash },
    versions: VERSIONS,
    steps: line.map(({ name, kind, form, hash, parameters, sizeBytes, runId }) => {
      const run = runId === undefined ? undefined : getRun(app.db, runId);
      return { name, kind, form, hash, parameters, sizeBytes, recipeHash: run?.recipeHash, recipe: run && withoutPaths(run.recipe, names) };
    }),
  };
}

function withoutPaths(recipe: object, names: ReadonlyMap<string, string>): unknown {
  return JSON.parse(JSON.stringify(recipe), (_key, value: unknown) => {
    if (typeof value !== 'string') return value;
    return names.get(value) ?? (/^(\/|[A-Za-z]:\\)/.test(value) ? value.split(/[\\/]/).at(-1) : value);
  });
}
