// Scores on disk: one safetensors file with a vector per criterion, layer and group member.
import { findScoreNames, scoreNames } from '../../shared/prune/scores-layout.ts';
import type { Criterion } from '../../shared/recipe.ts';
import type { Scores } from '../../shared/scores.ts';
import { toFloat32 } from '../weights/dtype.ts';
import { openSafetensors, writeSafetensors, type WritableTensor } from '../weights/safetensors.ts';

/** What a scores file says of itself. */
export interface ScoresInfo {
  /** Hash of the model that was scored; other models are refused. */
  readonly modelHash: string;
  readonly layers: number;
}

/** Writes the vectors of all criteria in f32, under the names of `scoreNames`. */
export async function writeScores(path: string, scores: readonly Scores[], info: ScoresInfo): Promise<void> {
  const tensors: WritableTensor[] = [];
  const put = (name: string, values: Float32Array): void => {
    tensors.push({
      name,
      dtype: 'F32',
      shape: [values.length],
      data: () => new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
    });
  };
  for (const { criterion, layers, hidden } of scores) {
    const names = scoreNames(criterion, layers.length, hidden?.length ?? 0);
    for (const [layer, { attention, ffn }] of layers.entries()) {
      attention.forEach((values, i) => put(names.layers[layer]!.attention[i]!, values));
      ffn.forEach((values, i) => put(names.layers[layer]!.ffn[i]!, values));
    }
    hidden?.forEach((values, i) => put(names.hidden[i]!, values));
  }
  await writeSafetensors(path, tensors, { modelHash: info.modelHash, layers: String(info.layers) });
}

/**
 * Reads the scores of one criterion. Throws AppError `bad-input` when the file holds scores of another model or not this criterion, and
 * `bad-file` when it is broken.
 */
export async function readScores(path: string, criterion: Criterion, modelHash: string): Promise<Scores> {
  await using file = await openSafetensors(path);
  const names = findScoreNames(path, file, criterion, modelHash);
  const readAll = (some: readonly string[]): Promise<Float32Array[]> =>
    Promise.all(some.map(async (name) => toFloat32('F32', await file.read(name))));
  const layers: { attention: Float32Array[]; ffn: Float32Array[] }[] = [];
  for (const { attention, ffn } of names.layers) layers.push({ attention: await readAll(attention), ffn: await readAll(ffn) });
  const hidden = await readAll(names.hidden);
  return { criterion, layers, hidden: hidden.length > 0 ? hidden : undefined };
}
