// Snapshots of a training: parameters, optimizer moments and counters in one file, from which a run goes on as if never interrupted.
import { mkdir, readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { AppError } from '../../shared/errors.ts';
import { openSafetensors, writeSafetensors, type SafetensorsFile, type WritableTensor } from '../weights/safetensors.ts';
import type { Parameter } from './adamw.ts';
import type { Trainable } from './trainable.ts';
import { startState, type TrainState } from './trainer.ts';

const NAME = /^step-(\d+)\.safetensors$/;

/** The counters of a TrainState, kept as text in the file's metadata. */
interface Counters {
  readonly step: number;
  readonly loss: number;
  readonly best: { readonly step: number; readonly score: number } | undefined;
  readonly evaluationsSinceBest: number;
}

/**
 * Writes the snapshot of `state` into `folder` (temporary name, fsync, rename) and deletes all but the newest `keep`; with keep 0 nothing
 * is written. `recipeHash` stands for everything the bytes of the result depend on.
 */
export async function saveSnapshot(
  folder: string,
  parameters: readonly Parameter[],
  state: TrainState,
  recipeHash: string,
  keep: number,
): Promise<void> {
  if (keep === 0) return;
  await mkdir(folder, { recursive: true });
  const { step, loss, best, moments, evaluationsSinceBest } = state;
  const counters: Counters = { step, loss, best: best && { step: best.step, score: best.score }, evaluationsSinceBest };
  const groups = {
    parameter: parameters.map(({ values }) => values),
    first: moments.first,
    second: moments.second,
    best: best?.values ?? [],
  };
  const tensors = Object.entries(groups).flatMap(([group, lists]) =>
    lists.map((values, index) => writable(group, parameters[index]!.name, values)),
  );
  await writeSafetensors(join(folder, `step-${String(step).padStart(8, '0')}.safetensors`), tensors, {
    recipe: recipeHash,
    counters: JSON.stringify(counters),
  });
  const older = (await listSnapshots(folder)).slice(0, -keep);
  for (const name of older) await rm(join(folder, name));
}

/**
 * Reads the newest snapshot of `folder` into the trainable's parameters and returns its state, or undefined when there is none.
 * Throws AppError `cannot-resume` when it was made for another recipe, other data or another model.
 */
export async function loadSnapshot(folder: string, trainable: Trainable, recipeHash: string): Promise<TrainState | undefined> {
  const newest = (await listSnapshots(folder)).at(-1);
  if (newest === undefined) return undefined;
  await using file = await openSafetensors(join(folder, newest));
  if (file.metadata['recipe'] !== recipeHash) {
    throw new AppError(
      'cannot-resume',
      `${basename(folder)}/${newest} was made with another recipe, other data or another base model than this run has now ` +
        `(expected ${recipeHash.slice(0, 12)}, found ${file.metadata['recipe']?.slice(0, 12)}). ` +
        'Put the old ones back, or delete the folder of snapshots to start over.',
      { expected: recipeHash, found: file.metadata['recipe'] },
    );
  }
  const { best, ...counters } = JSON.parse(file.metadata['counters']!) as Counters;
  const { parameters } = trainable;
  const state = { ...startState(trainable), ...counters };
  state.moments.updates = state.step;
  for (const [index, { name, values }] of parameters.entries()) {
    values.set(await readValues(file, `parameter/${name}`));
    state.moments.first[index]!.set(await readValues(file, `first/${name}`));
    state.moments.second[index]!.set(await readValues(file, `second/${name}`));
  }
  if (best) {
    const kept = parameters.filter(({ name }) => file.tensors.has(`best/${name}`));
    state.best = { ...best, values: await Promise.all(kept.map(({ name }) => readValues(file, `best/${name}`))) };
  }
  await trainable.changed();
  return state;
}

async function listSnapshots(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => NAME.test(name)).sort();
}

function writable(group: string, name: string, values: Float32Array): WritableTensor {
  const data = (): Uint8Array => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return { name: `${group}/${name}`, dtype: 'F32', shape: [values.length], data };
}

async function readValues(file: SafetensorsFile, name: string): Promise<Float32Array> {
  return new Float32Array((await file.read(name)).buffer);
}
