// Opens the model that a tune run starts from, in the way its method needs.
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { canonicalJson } from '../../shared/canonical-json.ts';
import { AppError } from '../../shared/errors.ts';
import type { LlamaConfig } from '../../shared/llama-config.ts';
import { parseLlamaConfig } from '../../shared/parse-config.ts';
import type { WorkOptions } from '../../shared/progress.ts';
import type { TuneRecipe } from '../../shared/recipe.ts';
import { hashText } from '../../shared/sha256.ts';
import type { Device } from '../graph/device.ts';
import type { LlamaModel } from '../llama/model.ts';
import { openCheckpoint, type Checkpoint } from '../weights/checkpoint.ts';
import { openModelFrom, weightsInMemory } from '../weights/open-model.ts';
import { initialWeights } from './initial-weights.ts';

export interface Base extends AsyncDisposable {
  readonly config: LlamaConfig;
  readonly rawConfig: Readonly<Record<string, unknown>>;
  /** The checkpoint's content hash; from scratch, a hash of the config. */
  readonly hash: string;
  readonly model: LlamaModel;
  /** Undefined from scratch. */
  readonly checkpoint: Checkpoint | undefined;
}

/**
 * Opens the recipe's checkpoint, with trainable weights for `full`. For `scratch` the folder needs a config.json and a tokenizer only,
 * and the weights are drawn from the recipe's seed.
 */
export async function openBase(recipe: TuneRecipe, device: Device, work: WorkOptions): Promise<Base> {
  const { checkpoint: folder, adapter } = recipe.model;
  if (adapter !== undefined) {
    throw new AppError(
      'bad-recipe',
      `Tuning starts from a checkpoint, but the recipe names the adapter ${adapter} on top of it: merge the two first.`,
    );
  }
  return recipe.method === 'scratch' ? openFresh(folder, recipe.seed, device) : openTrained(recipe, device, work);
}

async function openFresh(folder: string, seed: number, device: Device): Promise<Base> {
  const rawConfig = await readConfig(folder);
  const config = parseLlamaConfig(rawConfig, `${basename(folder)}/config.json`);
  const model = await openModelFrom(weightsInMemory(config, initialWeights(config, seed)), { device, trainable: true });
  const hash = hashText(canonicalJson(rawConfig));
  return { config, rawConfig, hash, model, checkpoint: undefined, [Symbol.asyncDispose]: () => model[Symbol.asyncDispose]() };
}

async function openTrained(
  { model: { checkpoint: folder, hash }, method, machine }: TuneRecipe,
  device: Device,
  work: WorkOptions,
): Promise<Base> {
  await using opened = new AsyncDisposableStack();
  const checkpoint = opened.use(await openCheckpoint(folder));
  const model = opened.use(await openModelFrom(checkpoint, { device, weights: machine.weights, trainable: method === 'full' }));
  const { config, rawConfig } = checkpoint;
  const baseHash = hash ?? (await checkpoint.hash(work));
  const held = opened.move();
  return { config, rawConfig, hash: baseHash, model, checkpoint, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

async function readConfig(folder: string): Promise<Record<string, unknown>> {
  const where = `${basename(folder)}/config.json`;
  try {
    return JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as Record<string, unknown>;
  } catch (cause) {
    throw new AppError(
      'bad-model',
      `${where}: cannot be read (${(cause as Error).message}); training from scratch needs a folder with config.json and tokenizer.json.`,
      undefined,
      { cause },
    );
  }
}
