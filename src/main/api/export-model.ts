// Models leaving Tailor: which forms are possible and why not, and writing them where the person wants them.
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError, throwIfCancelled } from '../../shared/errors.ts';
import type { WorkOptions } from '../../shared/progress.ts';
import { judgeExports } from '../../shared/prune/exports.ts';
import type { App } from '../app.ts';
import { getModel, listLineage, type Model } from '../db/models.ts';
import { getRun } from '../db/runs.ts';
import { drainStream } from '../jobs/drain.ts';
import { checkExport } from './check-export.ts';
import { copyFiles, freePath, listFolderFiles, toFileName } from './folder-files.ts';
import { checkpointOf, configOf } from './model-facts.ts';
import { VERSIONS } from './versions.ts';

/** The forms that Tailor writes. */
export const EXPORT_TARGETS = ['huggingface', 'merged', 'peft', 'gguf', 'card'] as const;
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

/** A worker that is at work answers between two of its steps; a menu does not wait longer than this, and the export will say it. */
const FAULT_PATIENCE_MS = 1500;

/** Why the tokenizer of a checkpoint cannot go into a GGUF file, as the writing would say; undefined where it can, or where it is not known yet. */
async function findTokenizerFault(app: App, { folderPath }: Model, rows: number): Promise<string | undefined> {
  const asked = app
    .worker()
    .calls.ggufFault({ checkpoint: folderPath, rows })
    .catch(() => null); // the worker is gone: the export will say what is wrong
  return (await Promise.race([asked, sleep(FAULT_PATIENCE_MS, null, { ref: false })])) ?? undefined;
}

/** The forms of a model in the order in which a person would look for them. */
export async function offerExports(app: App, id: string): Promise<ExportOffer[]> {
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
  const ggufs = [choices.get('gguf-llama')!, choices.get('gguf-deci')!];
  const shaped = ggufs.find((choice) => choice.possible);
  const fault = shaped && (await findTokenizerFault(app, checkpoint, configOf(app, model).vocabSize));
  const gguf = fault === undefined ? shaped : undefined;
  const inOne = `${model.form === 'adapter' ? 'Base and adapter in one file' : 'One file'} for llama.cpp, with a Modelfile for Ollama beside it.`;
  offers.push({
    target: gguf && 'gguf',
    title: 'GGUF',
    possible: gguf !== undefined,
    why: gguf
      ? `${inOne}${gguf.target === 'gguf-deci' ? ' The layers differ in width, which llama.cpp knows as the architecture deci.' : ''}`
      : `Not possible: ${fault ?? lowerFirst(ggufs[1]!.why)}`,
    sizeBytes: gguf && checkpoint.sizeBytes,
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
  return offers;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** What is put behind a model's name in each form. */
const ENDINGS: Readonly<Record<ExportTarget, readonly [mark: string, ending: string]>> = {
  huggingface: ['', ''],
  merged: ['-merged', ''],
  peft: ['-adapter', ''],
  gguf: ['', '.gguf'],
  card: ['', '.recipe.json'],
};

/** A free path below `folder` for a model in one form. */
export function pathForExport(app: App, id: string, target: ExportTarget, folder: string): string {
  const [mark, ending] = ENDINGS[target];
  return freePath(join(folder, `${toFileName(getModel(app.db, id).name)}${mark}`), ending);
}

/**
 * Writes a model in one form to `path`, which is complete and was read again afterwards, or is not there. Throws AppError `bad-input` when
 * something lies there or the model has no such form, and what copying, merging, writing and reading again throw.
 */
export async function exportModel(app: App, id: string, target: ExportTarget, path: string, work: WorkOptions = {}): Promise<void> {
  const model = getModel(app.db, id);
  await writeExport(app, model, target, path, work);
  await checkExport(app, model, target, path, work);
}

async function writeExport(app: App, model: Model, target: ExportTarget, path: string, work: WorkOptions): Promise<void> {
  const checkpoint = checkpointOf(app, model);
  const taken = [path, ...(target === 'gguf' ? [modelfileBeside(path)] : [])].find((one) => existsSync(one));
  if (taken !== undefined)
    throw new AppError('bad-input', `${taken} is there already. Choose another name, or move it away.`, { path: taken });
  const sources = {
    checkpoint: checkpoint.folderPath,
    hash: checkpoint.hash,
    adapter: model.form === 'adapter' ? model.folderPath : undefined,
  };
  const needsAdapter = (sentence: string): string => {
    if (sources.adapter === undefined) throw new AppError('bad-input', `${model.name} ${sentence}`);
    return sources.adapter;
  };
  await mkdir(dirname(path), { recursive: true });
  switch (target) {
    case 'huggingface': {
      if (sources.adapter !== undefined)
        throw new AppError('bad-input', `${model.name} is an adapter. Export it merged, or as an adapter.`);
      return await copyFolder(model.folderPath, path, work);
    }
    case 'peft': {
      await copyFolder(needsAdapter('is a whole checkpoint, not an adapter.'), path, work);
      return await nameBase(path, checkpoint.folderPath);
    }
    case 'merged': {
      const request = { ...sources, adapter: needsAdapter('has no adapter to merge.'), out: path };
      return await drainWriting(app, path, (calls, options) => calls.merge(request, options), work);
    }
    case 'gguf': {
      const request = { ...sources, out: path, name: model.name };
      await drainWriting(app, path, (calls, options) => calls.gguf(request, options), work);
      return await writeModelfile(path);
    }
    case 'card':
      return await writeFile(path, `${JSON.stringify(makeCard(app, model), null, 2)}\n`, { flag: 'wx', flush: true });
  }
}

/** Has an adapter say where its base lies now: the data folder may have been moved since it was made. */
async function nameBase(folder: string, basePath: string): Promise<void> {
  const config = join(folder, 'adapter_config.json');
  const settings = JSON.parse(await readFile(config, 'utf8')) as { base_model_name_or_path?: unknown };
  const before = settings.base_model_name_or_path;
  if (before === basePath) return;
  await writeFile(config, `${JSON.stringify({ ...settings, base_model_name_or_path: basePath }, null, 2)}\n`, { flush: true });
  const readme = join(folder, 'README.md');
  if (typeof before !== 'string' || !existsSync(readme)) return;
  const text = await readFile(readme, 'utf8');
  await writeFile(
    readme,
    text.replace(JSON.stringify(before), () => JSON.stringify(basePath)),
    { flush: true },
  );
}

/** Describes a GGUF file for Ollama; where that fails, the file goes too. What came to lie in its place meanwhile is left alone. */
async function writeModelfile(path: string): Promise<void> {
  const modelfile = modelfileBeside(path);
  try {
    await writeFile(modelfile, `FROM ./${basename(path)}\nTEMPLATE {{ .Prompt }}\n`, { flag: 'wx', flush: true });
  } catch (thrown) {
    await rm(path, { force: true });
    const isOthers = (thrown as NodeJS.ErrnoException).code === 'EEXIST';
    if (isOthers)
      throw new AppError('bad-input', `${modelfile} came to be there meanwhile. Choose another name, or move it away.`, {
        path: modelfile,
      });
    await rm(modelfile, { force: true });
    throw thrown;
  }
}

/** Where the description lies by which Ollama takes a GGUF file in: prompts go to the model as they are. */
export function modelfileBeside(path: string): string {
  return `${path.replace(/\.gguf$/i, '')}.Modelfile`;
}

type WorkerCalls = ReturnType<App['worker']>['calls'];

/**
 * Has the worker write `path`. When that is cancelled at work, it waits until the worker has taken its part away, since a command ends with
 * this; one that still waits for a run is left at once.
 */
async function drainWriting(
  app: App,
  path: string,
  start: (calls: WorkerCalls, options: { signal: AbortSignal }) => ReturnType<WorkerCalls['gguf']>,
  { signal, progress }: WorkOptions,
): Promise<void> {
  throwIfCancelled(signal);
  const { calls } = app.worker();
  const leave = new AbortController();
  let hasBegun = false;
  const stop = (): void => {
    if (hasBegun) calls.stop({ folder: path }).catch(() => leave.abort());
    else leave.abort();
  };
  signal?.addEventListener('abort', stop, { once: true });
  try {
    await drainStream(await start(calls, { signal: leave.signal }), {
      progress(frame) {
        hasBegun = true;
        progress?.(frame);
      },
    });
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

/** The files of a checkpoint or adapter folder itself; what lies deeper is not part of it. */
async function copyFolder(folder: string, target: string, work: WorkOptions): Promise<void> {
  const files = await listFolderFiles(folder, (name) => !/[\\/]/.test(name) && !name.startsWith('.'));
  if (files.length === 0)
    throw new AppError('not-found', `${folder} is empty or gone. Add the model again from where its files are now.`, { folder });
  await copyFiles(files, target, work);
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
