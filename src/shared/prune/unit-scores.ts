// From scores per member and channel to one number per unit that pruning may remove: the smaller, the sooner it goes.
import { AppError } from '../errors.ts';
import type { LlamaConfig } from '../llama-config.ts';
import { RandomStream } from '../random.ts';
import type { Reduction } from '../recipe.ts';
import type { Scores } from '../scores.ts';

/** One number per KV group and FFN channel of each layer, per layer [L], and per hidden channel [D] when these were scored. */
export interface UnitScores {
  readonly layers: readonly { readonly kvGroups: Float64Array; readonly ffn: Float64Array }[];
  readonly layer: Float64Array;
  readonly hidden: Float64Array | undefined;
}

/**
 * Reduces over a group's members channel by channel, then sums a KV group's channels (LLM-Pruner's order, pruning.md 2.3-2.4).
 * A layer counts all that its members hold, whatever the reduction. `config` is the model that was scored.
 * Throws AppError `bad-input` when the scores belong to another model or are not finite.
 */
export function unitScores(config: LlamaConfig, scores: Scores, reduction: Reduction): UnitScores {
  if (scores.layers.length !== config.layers.length) {
    throw new AppError(
      'bad-input',
      `The scores are of ${scores.layers.length} layers, the model has ${config.layers.length}; score this model.`,
    );
  }
  const E = config.headSize;
  const layers = config.layers.map(({ kvHeads, ffn }, i) => {
    const { attention, ffn: ffnMembers } = scores.layers[i]!;
    return {
      kvGroups: sumBlocks(reduceMembers(attention, kvHeads * E, reduction, `layer ${i} attention`), E),
      ffn: reduceMembers(ffnMembers, ffn, reduction, `layer ${i} FFN`),
    };
  });
  const layer = Float64Array.from(scores.layers, ({ attention, ffn }) => total([...attention, ...ffn]));
  const hidden = scores.hidden && reduceHidden(scores.hidden, config.hiddenSize, reduction);
  return { layers, layer, hidden };
}

/** Scores without a model: uniform in [0, 1) per channel, summed over a KV group's channels as LLM-Pruner does. */
export function randomUnitScores(config: LlamaConfig, seed: number): UnitScores {
  const draw = (purpose: string, count: number): Float64Array => {
    const stream = new RandomStream(seed, `prune/${purpose}`);
    return Float64Array.from({ length: count }, () => stream.uniform());
  };
  return {
    layers: config.layers.map(({ kvHeads, ffn }, i) => ({
      kvGroups: sumBlocks(draw(`${i}/attention`, kvHeads * config.headSize), config.headSize),
      ffn: draw(`${i}/ffn`, ffn),
    })),
    layer: draw('layer', config.layers.length),
    hidden: draw('hidden', config.hiddenSize),
  };
}

function reduceMembers(members: readonly Float32Array[], channels: number, reduction: Reduction, where: string): Float64Array {
  const out = new Float64Array(channels).fill(reduction === 'prod' ? 1 : 0);
  const count = members.length;
  for (const member of members) {
    if (member.length !== channels) {
      throw new AppError(
        'bad-input',
        `The scores of ${where} have ${member.length} channels, the model has ${channels}; score this model.`,
      );
    }
    for (let c = 0; c < channels; c++) {
      const score = member[c]!;
      if (!Number.isFinite(score)) {
        throw new AppError('bad-input', `The score of ${where}, channel ${c}, is ${score}; score again with f32 weights or other data.`);
      }
      if (reduction === 'max') out[c] = Math.max(out[c]!, score);
      else if (reduction === 'prod') out[c]! *= score;
      else out[c]! += reduction === 'mean' ? score / count : score;
    }
  }
  return out;
}

/** A hidden channel has hundreds of members, whose product would underflow: its logarithm ranks alike. */
function reduceHidden(members: readonly Float32Array[], channels: number, reduction: Reduction): Float64Array {
  if (reduction !== 'prod') return reduceMembers(members, channels, reduction, 'the hidden axis');
  return reduceMembers(
    members.map((member) => member.map(Math.log).map((log) => Math.max(log, SMALLEST_LOG))),
    channels,
    'sum',
    'the hidden axis',
  );
}

/** Below the logarithm of every positive f32, so that a zero score ranks lowest and stays finite. */
const SMALLEST_LOG = -1e4;

function sumBlocks(channels: Float64Array, size: number): Float64Array {
  const out = new Float64Array(channels.length / size);
  for (let c = 0; c < channels.length; c++) out[Math.floor(c / size)]! += channels[c]!;
  return out;
}

function total(members: readonly Float32Array[]): number {
  let sum = 0;
  for (const member of members) for (const score of member) sum += score;
  return sum;
}
