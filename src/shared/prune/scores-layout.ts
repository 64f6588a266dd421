// How scores lie in their safetensors file: a vector per criterion, layer and group member, by names that both rooms know.
import { AppError } from '../errors.ts';
import { PROJECTIONS, type Criterion } from '../recipe.ts';

const ATTENTION = PROJECTIONS.slice(0, 4);
const FFN = PROJECTIONS.slice(4);

/** The names of one criterion's vectors, laid out as `Scores` are. */
export interface ScoreNames {
  readonly layers: readonly { readonly attention: readonly string[]; readonly ffn: readonly string[] }[];
  readonly hidden: readonly string[];
}

/** `${criterion}.${layer}.${projection}` for every member of each layer's groups, and `${criterion}.hidden.${member}`. */
export function scoreNames(criterion: Criterion, layers: number, hidden: number): ScoreNames {
  return {
    layers: Array.from({ length: layers }, (_, layer) => ({
      attention: ATTENTION.map((member) => `${criterion}.${layer}.${member}`),
      ffn: FFN.map((member) => `${criterion}.${layer}.${member}`),
    })),
    hidden: Array.from({ length: hidden }, (_, member) => `${criterion}.hidden.${member}`),
  };
}

/**
 * The names of one criterion's vectors that a file holds. Throws AppError `bad-input` when the file at `path` holds scores of another model
 * than `modelHash` or not this criterion.
 */
export function findScoreNames(
  path: string,
  file: { readonly tensors: ReadonlyMap<string, unknown>; readonly metadata: Readonly<Record<string, string>> },
  criterion: Criterion,
  modelHash: string,
): ScoreNames {
  const found = file.metadata['modelHash'];
  if (found !== modelHash)
    throw new AppError(
      'bad-input',
      `${path} holds scores of the model ${found ?? 'unknown'}, but the model to be cut is ${modelHash}. Score this model.`,
    );
  const own = [...file.tensors.keys()].filter((name) => name.startsWith(`${criterion}.`));
  if (own.length === 0) throw new AppError('bad-input', `${path} holds no ${criterion} scores; score the model by that criterion.`);
  const hidden = own.filter((name) => name.startsWith(`${criterion}.hidden.`)).length;
  const all = scoreNames(criterion, Number(file.metadata['layers']), hidden);
  const held = (names: readonly string[]): string[] => names.filter((name) => file.tensors.has(name));
  return { layers: all.layers.map(({ attention, ffn }) => ({ attention: held(attention), ffn: held(ffn) })), hidden: held(all.hidden) };
}
