// The Hugging Face cache of this machine: snapshot folders that hold a LLaMA-family checkpoint. Nothing is downloaded.
import { readdir, readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseLlamaConfig } from '../../shared/parse-config.ts';
import { countParameters } from '../../shared/tensor-names.ts';
import { listFolderFiles } from './folder-files.ts';

/** A checkpoint of the cache. */
export interface CachedModel {
  /** "org/name". */
  readonly name: string;
  readonly revision: string;
  readonly folder: string;
  readonly parameters: number;
  readonly sizeBytes: number;
}

export interface HubCache {
  readonly folder: string;
  readonly models: readonly CachedModel[];
  /** Why there is nothing, or what was passed over; undefined when there is nothing to say. */
  readonly reason: string | undefined;
}

const PREFIX = 'models--';

/** Where the cache lies: HF_HUB_CACHE (HUGGINGFACE_HUB_CACHE before), else hub in HF_HOME, else hub in the usual folder (XDG_CACHE_HOME is honoured). */
export function hubCacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const caches = environment['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  return (
    environment['HF_HUB_CACHE'] ??
    environment['HUGGINGFACE_HUB_CACHE'] ??
    join(environment['HF_HOME'] ?? join(caches, 'huggingface'), 'hub')
  );
}

/** Looks through the cache. One that is missing or cannot be read is an empty list with a reason. */
export async function scanHubCache(folder = hubCacheFolder()): Promise<HubCache> {
  let names: string[];
  try {
    names = (await readdir(folder)).filter((name) => name.startsWith(PREFIX));
  } catch (thrown) {
    const isMissing = (thrown as NodeJS.ErrnoException).code === 'ENOENT';
    const reason = isMissing
      ? `There is no Hugging Face cache at ${folder}.`
      : `The cache at ${folder} cannot be read (${messageOf(thrown)}).`;
    return { folder, models: [], reason };
  }
  const models: CachedModel[] = [];
  let passedOver = 0;
  for (const name of names.sort()) {
    const snapshots = join(folder, name, 'snapshots');
    for (const revision of await readdir(snapshots).catch(() => [])) {
      const found = await readSnapshot(join(snapshots, revision));
      if (found) models.push({ name: name.slice(PREFIX.length).replaceAll('--', '/'), revision, ...found });
      else passedOver += 1;
    }
  }
  if (names.length === 0) return { folder, models, reason: `The cache at ${folder} holds no models.` };
  const other = passedOver === 1 ? 'One snapshot was' : `${passedOver} snapshots were`;
  return { folder, models, reason: passedOver === 0 ? undefined : `${other} passed over: not of the LLaMA family, or not complete.` };
}

async function readSnapshot(folder: string): Promise<Omit<CachedModel, 'name' | 'revision'> | undefined> {
  try {
    const config = parseLlamaConfig(JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')), 'config.json');
    const weights = await listFolderFiles(folder, (name) => name.endsWith('.safetensors'));
    if (weights.length === 0 || !(await stat(folder)).isDirectory()) return undefined;
    return { folder, parameters: countParameters(config), sizeBytes: weights.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) };
  } catch {
    return undefined; // no configuration, or another family's
  }
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
