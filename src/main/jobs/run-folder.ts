// Writes run folders: everything the worker will need lies there, flushed to the disk, before a row says that the run exists.
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { canonicalJson } from '../../shared/canonical-json.ts';
import { AppError, asAppError } from '../../shared/errors.ts';
import { placeRecipe, recipe, type Recipe, type RecipeInput } from '../../shared/recipe.ts';
import { drain } from '../db/turns.ts';

/** What main needs to know again when the results come, and the worker does not: by evaluation set, whose examples they were. */
export interface RunOrigin {
  readonly sets: Readonly<Record<string, { readonly datasetHash: string; readonly promptHash?: string }>>;
  /** Name of the model that the run makes. */
  readonly modelName?: string;
  /** What the person asked for in the form that made it, to be asked again with a change. */
  readonly asked?: Readonly<Record<string, unknown>>;
}

/** A data file of a run: JSON lines, made and written one by one; undefined is a step on the way to the next. */
export interface RunFile {
  readonly name: string;
  readonly lines: Iterable<object | undefined>;
}

/** A run folder under a temporary name, with the hash of everything that decides its results. */
export interface StagedRun {
  readonly recipe: Recipe;
  readonly recipeHash: string;
  /** Gives the folder its name and returns its path. */
  commit(runId: string): string;
  /** Removes it. */
  drop(): void;
}

/** What a run folder is called before it has a run. */
const STAGED = '.staged-';
const WRITE_CHUNK_CHARS = 1 << 20;
const ORIGIN_FILE = 'origin.json';

/**
 * Writes spec.json, origin.json and the data files to a temporary folder in `runsFolder`, fsynced. `identities` gives the content hash
 * behind a path that the recipe names (a checkpoint, an adapter, a score file), so that moving a file changes no recipe.
 * Throws AppError `bad-recipe` when the recipe does not fit, `disk-full` with nothing left behind.
 */
export function stageRun(...given: Parameters<typeof stageRunInSteps>): StagedRun {
  return drain(stageRunInSteps(...given));
}

/** As `stageRun`, in steps of about a line between which others may work. */
export function* stageRunInSteps(
  runsFolder: string,
  input: RecipeInput,
  files: readonly RunFile[],
  origin: RunOrigin,
  identities: ReadonlyMap<string, string>,
): Generator<undefined, StagedRun> {
  const parsed = recipe.safeParse(input);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new AppError('bad-recipe', `The settings do not fit: ${issue?.path.join('.') ?? 'recipe'}: ${issue?.message ?? 'unknown'}.`);
  }
  mkdirSync(runsFolder, { recursive: true });
  const staged = mkdtempSync(join(runsFolder, STAGED));
  const drop = (): void => rmSync(staged, { recursive: true, force: true });
  try {
    const hashes = new Map(identities);
    for (const file of files) hashes.set(file.name, yield* writeText(join(staged, file.name), jsonLines(file.lines)));
    const spec = placeRecipe(parsed.data, (path) => nameFromRun(dirname(resolve(runsFolder)), staged, path));
    yield* writeText(join(staged, 'spec.json'), [JSON.stringify(spec, null, 2)]);
    yield* writeText(join(staged, ORIGIN_FILE), [JSON.stringify(origin)]);
    return {
      recipe: parsed.data,
      recipeHash: hashRecipe(parsed.data, hashes),
      commit(runId) {
        const folder = join(runsFolder, runId);
        renameSync(staged, folder);
        flushFolder(runsFolder);
        return folder;
      },
      drop,
    };
  } catch (thrown) {
    drop();
    throw asAppError(thrown);
  }
}

/** Removes folders that were being written when the program ended; called when none can be. */
export function clearStaged(runsFolder: string): void {
  if (!existsSync(runsFolder)) return;
  for (const name of readdirSync(runsFolder)) if (name.startsWith(STAGED)) rmSync(join(runsFolder, name), { recursive: true, force: true });
}

/** How spec.json names a path: from its own folder on where it lies in the data folder, which may be moved; else in full. */
function nameFromRun(dataFolder: string, runFolder: string, path: string): string {
  const inside = relative(dataFolder, path);
  if (!isAbsolute(path) || inside.startsWith('..') || isAbsolute(inside)) return path;
  return relative(resolve(runFolder), path).split(sep).join('/');
}

/** What main wrote beside the recipe; empty for a folder that came from elsewhere. */
export function readOrigin(folder: string): RunOrigin {
  const path = join(folder, ORIGIN_FILE);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as RunOrigin) : { sets: {} };
}

/** SHA-256 of the recipe in one spelling, with content hashes in the place of paths and file names. */
export function hashRecipe(recipe: Recipe, identities: ReadonlyMap<string, string>): string {
  const resolved = JSON.parse(JSON.stringify(recipe), (_key, value: unknown) =>
    typeof value === 'string' ? (identities.get(value) ?? value) : value,
  ) as unknown;
  return createHash('sha256').update(canonicalJson(resolved)).digest('hex');
}

function* jsonLines(lines: Iterable<object | undefined>): Generator<string> {
  for (const line of lines) yield line ? `${JSON.stringify(line)}\n` : '';
}

/** Writes and flushes one file; returns the SHA-256 of its bytes. */
function* writeText(path: string, parts: Iterable<string>): Generator<undefined, string> {
  const hash = createHash('sha256');
  const file = openSync(path, 'wx');
  try {
    let chunk = '';
    const flush = (): void => {
      hash.update(chunk);
      writeSync(file, chunk);
      chunk = '';
    };
    for (const part of parts) {
      chunk += part;
      if (chunk.length > WRITE_CHUNK_CHARS) flush();
      yield;
    }
    flush();
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  return hash.digest('hex');
}

/** Makes a rename last through a power loss; Windows has no such call and needs none. */
function flushFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
