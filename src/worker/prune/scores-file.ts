// Scores on disk: one safetensors file with a vector per criterion, layer and group member.
import { AppError } from '../../shared/errors.ts';
import { PROJECTIONS, type Criterion } from '../../shared/recipe.ts';
import type { Scores } from '../../shared/scores.ts';
import { toFloat32 } from '../weights/dtype.ts';
import { openSafetensors, writeSafetensors, type WritableTensor } from '../weights/safetensors.ts';

const ATTENTION = PROJECTIONS.slice(0, 4);
const FFN = PROJECTIONS.slice(4);

/** What a scores file says of itself. */
export interface ScoresInfo {
  /** Hash of the model that was scored; other models are refused. */
  readonly modelHash: string;
  readonly layers: number;
}

/** Writes `${criterion}.${layer}.${projection}` vectors in f32, and `${criterion}.hidden.${member}`. */
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
    for (const [layer, { attention, ffn }] of layers.entries()) {
      attention.forEach((values, i) => put(`${criterion}.${layer}.${ATTENTION[i]!}`, values));
      ffn.forEach((values, i) => put(`${criterion}.${layer}.${FFN[i]!}`, values));
    }
    hidden?.forEach((values, i) => put(`${criterion}.hidden.${i}`, values));
  }
  await writeSafetensors(path, tensors, { modelHash: info.modelHash, layers: String(info.layers) });
}

/**
 * Reads the scores of one criterion. Throws AppError `bad-input` when the file holds scores of another model or not this criterion, and
 * `bad-file` when it is broken.
 */
export async function readScores(path: string, criterion: Criterion, modelHash: string): Promise<Scores> {
  await using file = await openSafetensors(path);
  const found = file.metadata['modelHash'];
  if (found !== modelHash)
    throw new AppError(
      'bad-input',
      `${path} holds scores of the model ${found ?? 'unknown'}, but the model to be cut is ${modelHash}. Score this model.`,
    );
  const has = (name: string): boolean => file.tensors.has(name);
  const read = async (name: string): Promise<Float32Array> => toFloat32('F32', await file.read(name));
  const readAll = async (prefix: string, names: readonly string[]): Promise<Float32Array[]> =>
    Promise.all(names.filter((name) => has(`${prefix}.${name}`)).map((name) => read(`${prefix}.${name}`)));
  if (![...file.tensors.keys()].some((name) => name.startsWith(`${criterion}.`)))
    throw new AppError('bad-input', `${path} holds no ${criterion} scores; score the model by that criterion.`);
  const layers: { attention: Float32Array[]; ffn: Float32Array[] }[] = [];
  for (let layer = 0; layer < Number(file.metadata['layers']); layer++)
    layers.push({ attention: await readAll(`${criterion}.${layer}`, ATTENTION), ffn: await readAll(`${criterion}.${layer}`, FFN) });
  const hidden: Float32Array[] = [];
  for (let i = 0; has(`${criterion}.hidden.${i}`); i++) hidden.push(await read(`${criterion}.hidden.${i}`));
  return { criterion, layers, hidden: hidden.length > 0 ? hidden : undefined };
}
