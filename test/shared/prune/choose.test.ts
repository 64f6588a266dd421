// What stays after a choice: hand-made cases, and laws over any architecture, target and seed.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LlamaConfig } from '../../../src/shared/llama-config.ts';
import { choose } from '../../../src/shared/prune/choose.ts';
import { cutConfig, ffnChannelParameters, keepAll, kvGroupParameters, widthsOf } from '../../../src/shared/prune/groups.ts';
import { targetAtStep } from '../../../src/shared/prune/target.ts';
import type { ChooseSettings } from '../../../src/shared/recipe.ts';
import type { Kept, Scores } from '../../../src/shared/scores.ts';
import { countParameters, expectedTensors } from '../../../src/shared/tensor-names.ts';
import type { Axis } from '../../../src/shared/tensor-names.ts';
import { AppError } from '../../../src/shared/errors.ts';
import { anyConfig, llama, llama7b, settings } from './configs.ts';

const at = { dtypeBytes: 2 };
const counts = (kept: Kept): [number, number][] => kept.layers.map((layer) => [layer!.kvGroups.length, layer!.ffn.length]);
const parametersLeft = (config: LlamaConfig, kept: Kept): number => countParameters(cutConfig(config, widthsOf(config, kept)));

/** Scores with one member each, so that a unit's score is what is written here. */
function scoresOf(layers: readonly { kv: number[]; ffn: number[] }[], hidden?: number[]): Scores {
  return {
    criterion: 'l1',
    layers: layers.map(({ kv, ffn }) => ({
      attention: [Float32Array.from(kv.flatMap((score) => [score, 0]))],
      ffn: [Float32Array.from(ffn)],
    })),
    hidden: hidden && [Float32Array.from(hidden)],
  };
}

const small = llama({ D: 8, E: 2, V: 10, L: 2, H: 4, K: 2, F: 4 });
const smallScores = scoresOf(
  [
    { kv: [5, 6], ffn: [1, 4, 2, 3] },
    { kv: [9, 8], ffn: [40, 10, 30, 20] },
  ],
  [3, 1, 8, 2, 7, 4, 6, 5],
);

describe('choosing by scores', () => {
  it('keeps the highest of each layer under a local ranking', () => {
    expect(choose(small, smallScores, settings({ target: { kind: 'ratio', ratio: 0.5 } }), at)).toEqual({
      layers: [
        { kvGroups: [1], ffn: [1, 3] },
        { kvGroups: [0], ffn: [0, 2] },
      ],
      hidden: undefined,
    });
  });

  it('takes the lowest of all under a global ranking, as they are, but never the last of a sub-block', () => {
    const kept = choose(small, smallScores, settings({ target: { kind: 'ratio', ratio: 0.5 }, ranking: 'global' }), at);
    // Of 12 units the 6 lowest: FFN 1 2 3 (and 4, which stays as the last of its layer), KV 5 and 6 (again the last stays).
    expect(kept.layers).toEqual([
      { kvGroups: [1], ffn: [1] },
      { kvGroups: [0, 1], ffn: [0, 1, 2, 3] },
    ]);
  });

  it('weighs kinds against each other when normalised', () => {
    // KV mean 7 and FFN mean 13.75: KV 5/7 and 6/7 lie above FFN 10/13.75, which goes instead.
    const kept = choose(small, smallScores, settings({ target: { kind: 'ratio', ratio: 0.45 }, ranking: 'global-normalised' }), at);
    expect(counts(kept)).toEqual([
      [1, 1],
      [2, 3],
    ]);
  });

  it('drops the layers and the hidden channels that score lowest', () => {
    const layers = choose(small, smallScores, settings({ target: { kind: 'ratio', ratio: 0.5 }, unit: 'layer' }), at);
    expect(layers.layers.map((layer) => layer !== null)).toEqual([false, true]);
    const hidden = choose(small, smallScores, settings({ target: { kind: 'ratio', ratio: 0.4 }, unit: 'hidden' }), at);
    expect(hidden.hidden).toEqual([2, 4, 6, 7]);
    expect(hidden.layers).toEqual(keepAll(small).layers);
  });

  it('leaves protected layers and the other unit alone', () => {
    const kept = choose(small, smallScores, settings({ target: { kind: 'ratio', ratio: 0.5 }, unit: 'ffn', protectedLayers: [0] }), at);
    expect(counts(kept)).toEqual([
      [2, 4],
      [2, 2],
    ]);
  });

  it('rounds KV groups across layers, the middle first, and meets the rest with FFN channels', () => {
    const config = llama({ D: 128, E: 32, V: 500, L: 6, H: 4, K: 2, F: 384 });
    const kept = choose(config, { randomSeed: 0 }, settings({ target: { kind: 'parameters', fraction: 0.2 } }), at);
    expect(counts(kept).map(([kv]) => kv)).toEqual([2, 2, 1, 1, 1, 2]);
    const over = countParameters(config) * 0.8 - parametersLeft(config, kept);
    expect(over).toBeGreaterThanOrEqual(0);
    expect(over).toBeLessThan(ffnChannelParameters(config));
  });

  it('cuts uniform heads only to counts that divide the hidden size', () => {
    const kept = choose(
      llama7b,
      { randomSeed: 0 },
      settings({ target: { kind: 'ratio', ratio: 0.4 }, uniform: true, ffnMultiple: 256 }),
      at,
    );
    expect(new Set(counts(kept).map(String))).toEqual(new Set(['16,6656']));
  });
});

describe('iterative steps', () => {
  it('ends where one step would, in indices of the unpruned model', () => {
    const config = llama({ D: 16, E: 4, V: 20, L: 3, H: 8, K: 4, F: 30 });
    const goal = { kind: 'ratio', ratio: 0.5 } as const;
    let left = keepAll(config);
    for (let step = 1; step <= 3; step++) {
      const target = targetAtStep(goal, step, 3, 0);
      const scores: Scores = {
        criterion: 'l2',
        // The score of a unit is its index in the unpruned model, whatever place it has now.
        layers: left.layers.map((layer) => ({
          attention: [Float32Array.from(layer!.kvGroups.flatMap((group) => [group, 0, 0, 0]))],
          ffn: [Float32Array.from(layer!.ffn)],
        })),
        hidden: undefined,
      };
      left = choose(config, scores, settings({ target }), { ...at, left });
    }
    expect(left.layers).toEqual(Array(3).fill({ kvGroups: [2, 3], ffn: Array.from({ length: 15 }, (_, i) => 15 + i) }));
  });

  it('reaches the whole target at the last step, for every kind of target', () => {
    for (const target of [
      { kind: 'ratio', ratio: 0.3 },
      { kind: 'parameters', fraction: 0.3 },
      { kind: 'bytes', bytes: 700 },
    ] as const) {
      expect(targetAtStep(target, 5, 5, 1000)).toEqual(target);
    }
    expect(targetAtStep({ kind: 'bytes', bytes: 600 }, 1, 2, 1000)).toEqual({ kind: 'bytes', bytes: 800 });
    expect(targetAtStep({ kind: 'parameters', fraction: 0.5 }, 1, 2, 0)).toEqual({ kind: 'parameters', fraction: 0.25 });
  });

  it('goes on dropping layers from those that are left', () => {
    const config = llama({ D: 8, E: 2, V: 10, L: 4, H: 2, K: 1, F: 2 });
    const unit = 'layer';
    const first = choose(
      config,
      scoresOf([9, 1, 5, 7].map((s) => ({ kv: [s], ffn: [0, 0] }))),
      settings({ target: { kind: 'ratio', ratio: 0.25 }, unit }),
      at,
    );
    expect(first.layers.map((layer) => layer !== null)).toEqual([true, false, true, true]);
    const rescored = scoresOf([1, 5, 7].map((s) => ({ kv: [s], ffn: [0, 0] })));
    const second = choose(config, rescored, settings({ target: { kind: 'ratio', ratio: 0.5 }, unit }), { ...at, left: first });
    expect(second.layers.map((layer) => layer !== null)).toEqual([false, false, true, true]);
  });
});

describe('settings that do not fit', () => {
  it.each([
    {
      name: 'a range past the end',
      wanted: { layers: { first: 1, last: 2 } },
      message: /Layers 1-2 were asked for; give a range within 0-1/,
    },
    {
      name: 'a stranger among the protected',
      wanted: { protectedLayers: [5] },
      message: /Layer 5 is to be protected, but the layers are 0-1/,
    },
    { name: 'nothing left to cut', wanted: { protectedLayers: [0, 1] }, message: /Every layer of 0-1 is protected/ },
    {
      name: 'a range for hidden channels',
      wanted: { unit: 'hidden', layers: { first: 0, last: 1 } },
      message: /Hidden channels run through every layer/,
    },
    { name: 'uniform widths over a part', wanted: { uniform: true, protectedLayers: [0] }, message: /Uniform widths need every layer/ },
    {
      name: 'uniform widths by a global ranking',
      wanted: { uniform: true, ranking: 'global' },
      message: /leave a global ranking nothing to decide/,
    },
    { name: 'a cut out of reach', wanted: { target: { kind: 'parameters', fraction: 0.95 } }, message: /at most/ },
  ] as const)('$name', ({ wanted, message }) => {
    const given = { target: { kind: 'ratio', ratio: 0.5 }, ...wanted } as Parameters<typeof settings>[0];
    expect(() => choose(small, smallScores, settings(given), at)).toThrow(message);
  });

  it('names the largest cut that can be had, and that cut works', () => {
    for (const unit of ['block', 'attention', 'ffn', 'layer', 'hidden'] as const) {
      const wanted = (fraction: number): ChooseSettings => settings({ target: { kind: 'parameters', fraction }, unit });
      const error = caught(() => choose(small, smallScores, wanted(0.99), at));
      expect(error.code).toBe('bad-input');
      const { largest, leastParameters } = error.data as { largest: number; leastParameters: number };
      const bytes = settings({ target: { kind: 'bytes', bytes: 2 * leastParameters }, unit });
      expect(parametersLeft(small, choose(small, smallScores, bytes, at))).toBe(leastParameters);
      expect(1 - leastParameters / countParameters(small)).toBeCloseTo(largest, 12);
    }
  });

  it('asks for hidden scores where there are none', () => {
    const wanted = settings({ target: { kind: 'ratio', ratio: 0.5 }, unit: 'hidden' });
    expect(() => choose(small, { ...smallScores, hidden: undefined }, wanted, at)).toThrow(/hold no hidden channels/);
  });
});

const anySettings = fc
  .record({
    target: fc.oneof(
      fc.record({ kind: fc.constant('ratio' as const), ratio: fc.double({ min: 0, max: 0.99, noNaN: true }) }),
      fc.record({ kind: fc.constant('parameters' as const), fraction: fc.double({ min: 0, max: 0.99, noNaN: true }) }),
      fc.record({ kind: fc.constant('bytes' as const), bytes: fc.integer({ min: 1, max: 300_000 }) }),
    ),
    unit: fc.constantFrom('block', 'attention', 'ffn', 'layer', 'hidden' as const),
    ranking: fc.constantFrom('local', 'global', 'global-normalised' as const),
    ffnMultiple: fc.constantFrom(1, 4, 32),
    uniform: fc.boolean(),
  })
  .map(settings);
const anySeed = fc.integer({ min: 0, max: 1000 });

/** Runs `check` where the settings are possible; anything but a clear refusal is a failure. */
function whereChosen(config: LlamaConfig, seed: number, wanted: ChooseSettings, check: (kept: Kept) => void): void {
  let kept: Kept;
  try {
    kept = choose(config, { randomSeed: seed }, wanted, at);
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.code === 'bad-input') return;
    throw thrown;
  }
  check(kept);
}

function caught(action: () => unknown): AppError {
  try {
    action();
  } catch (thrown) {
    return thrown as AppError;
  }
  throw new Error('nothing was thrown');
}

describe('laws of choosing, for any architecture and settings', () => {
  const holds = (check: (config: LlamaConfig, wanted: ChooseSettings, kept: Kept) => void): void =>
    fc.assert(
      fc.property(anyConfig, anySettings, anySeed, (config, wanted, seed) =>
        whereChosen(config, seed, wanted, (kept) => check(config, wanted, kept)),
      ),
      { numRuns: 400 },
    );

  it('kept indices are ascending, unique and in range, and no sub-block is emptied', () => {
    const sound = (kept: readonly number[], size: number): void => {
      expect(kept.every((index, i) => Number.isInteger(index) && index < size && index > (kept[i - 1] ?? -1))).toBe(true);
      if (size > 0) expect(kept.length).toBeGreaterThan(0);
    };
    holds((config, { unit }, kept) => {
      expect(kept.layers).toHaveLength(config.layers.length);
      for (const [i, layer] of kept.layers.entries()) {
        if (layer === null) expect(unit).toBe('layer');
        else {
          sound(layer.kvGroups, config.layers[i]!.kvHeads);
          sound(layer.ffn, config.layers[i]!.ffn);
        }
      }
      expect(kept.layers.some((layer) => layer !== null)).toBe(true);
      if (kept.hidden) sound(kept.hidden, config.hiddenSize);
    });
  });

  it('the parameters of the plan are those of the sliced tensors', () => {
    holds((config, _, kept) => {
      const size = (axis: Axis, layer: number | undefined, whole: number): number => {
        const own = layer === undefined ? undefined : kept.layers[layer]!;
        if (axis === 'hidden') return kept.hidden?.length ?? whole;
        if (axis === 'ffn') return own!.ffn.length;
        if (axis === 'keyValue') return own!.kvGroups.length * config.headSize;
        if (axis === 'query') return (own!.kvGroups.length * whole) / config.layers[layer!]!.kvHeads;
        return whole;
      };
      const sliced = expectedTensors(config)
        .filter(({ layer }) => layer === undefined || kept.layers[layer] !== null)
        .reduce((sum, { shape, axes, layer }) => sum + axes.reduce((product, axis, i) => product * size(axis, layer, shape[i]!), 1), 0);
      expect(parametersLeft(config, kept)).toBe(sliced);
    });
  });

  it('what one unit costs is what the count loses with it', () => {
    fc.assert(
      fc.property(anyConfig, (config) => {
        const first = config.layers[0]!;
        const without = (shape: Partial<typeof first>): number =>
          countParameters({ ...config, layers: [{ ...first, ...shape }, ...config.layers.slice(1)] });
        if (first.ffn > 1) expect(without({}) - without({ ffn: first.ffn - 1 })).toBe(ffnChannelParameters(config));
        if (first.kvHeads < 2) return;
        const fewer = { kvHeads: first.kvHeads - 1, queryHeads: (first.queryHeads / first.kvHeads) * (first.kvHeads - 1) };
        expect(without({}) - without(fewer)).toBe(kvGroupParameters(config, first));
      }),
    );
  });

  it('a true target is met, and by less than one unit too much', () => {
    holds((config, wanted, kept) => {
      if (wanted.target.kind === 'ratio') return;
      const total = countParameters(config);
      const budget =
        wanted.target.kind === 'bytes' ? Math.min(total, Math.floor(wanted.target.bytes / 2)) : total * (1 - wanted.target.fraction);
      const parameters = parametersLeft(config, kept);
      expect(parameters).toBeLessThanOrEqual(budget + 1e-6);

      const alike = wanted.uniform ? config.layers.length : 1;
      const widest = (cost: (layer: LlamaConfig['layers'][number]) => number): number => Math.max(...config.layers.map(cost));
      const kvUnit = alike * widest((layer) => kvGroupParameters(config, layer)) * (wanted.uniform ? widest(({ kvHeads }) => kvHeads) : 1);
      const ffnUnit = alike * wanted.ffnMultiple * ffnChannelParameters(config);
      const layerUnit = widest((layer) => countParameters({ ...config, layers: [layer] }) - countParameters({ ...config, layers: [] }));
      const hiddenUnit = countParameters({ ...config, hiddenSize: 1 }) - countParameters({ ...config, hiddenSize: 0 });
      // FFN channels settle the count, unless KV groups alone already remove enough.
      const ffnCut = kept.layers.some((layer, i) => layer && layer.ffn.length < config.layers[i]!.ffn);
      const unit = { block: ffnCut ? ffnUnit : kvUnit, ffn: ffnUnit, attention: kvUnit, layer: layerUnit, hidden: hiddenUnit }[wanted.unit];
      const uneven = wanted.uniform && new Set(config.layers.map((layer) => JSON.stringify(layer))).size > 1;
      if (!uneven) expect(budget - parameters).toBeLessThan(unit + 1);
    });
  });

  it('a larger nominal ratio never keeps more', () => {
    fc.assert(
      fc.property(anyConfig, anySettings, anySeed, fc.double({ min: 0, max: 0.99, noNaN: true }), (config, wanted, seed, ratio) => {
        const smaller = { ...wanted, target: { kind: 'ratio' as const, ratio: ratio / 2 } };
        const larger = { ...wanted, target: { kind: 'ratio' as const, ratio } };
        whereChosen(config, seed, larger, (less) => {
          const more = choose(config, { randomSeed: seed }, smaller, at);
          for (const [i, layer] of less.layers.entries()) {
            if (layer === null) continue;
            expect(more.layers[i]!.kvGroups).toEqual(expect.arrayContaining([...layer.kvGroups]));
            expect(more.layers[i]!.ffn).toEqual(expect.arrayContaining([...layer.ffn]));
          }
        });
      }),
      { numRuns: 200 },
    );
  });

  it('uniform means the same widths in every layer, and heads that divide the hidden size once they are cut', () => {
    holds((config, wanted, kept) => {
      if (!wanted.uniform || wanted.unit === 'layer' || wanted.unit === 'hidden') return;
      expect(new Set(counts(kept).map(String)).size).toBe(1);
      const { queryHeads, kvHeads } = widthsOf(config, kept).layers[0]!;
      if (kvHeads < Math.min(...config.layers.map((layer) => layer.kvHeads))) expect(config.hiddenSize % queryHeads).toBe(0);
    });
  });

  it('FFN widths that change become multiples', () => {
    holds((config, { ffnMultiple, uniform, unit }, kept) => {
      const narrowest = Math.min(...config.layers.map(({ ffn }) => ffn));
      if (unit === 'hidden' || unit === 'layer') return;
      for (const [i, layer] of kept.layers.entries()) {
        if (layer && layer.ffn.length !== (uniform ? narrowest : config.layers[i]!.ffn)) expect(layer.ffn.length % ffnMultiple).toBe(0);
      }
    });
  });

  it('widths round as LLM-Pruner’s do: whole heads that fit into the channels to remove, and truncated channels', () => {
    fc.assert(
      fc.property(anyConfig, fc.double({ min: 0, max: 0.99, noNaN: true }), (config, ratio) => {
        const kept = choose(config, { randomSeed: 1 }, settings({ target: { kind: 'ratio', ratio } }), at);
        for (const [i, { kvHeads, ffn }] of config.layers.entries()) {
          const channels = kvHeads * config.headSize;
          let heads = 0;
          while ((heads + 1) * config.headSize <= channels - Math.trunc(channels * (1 - ratio))) heads++;
          expect(kept.layers[i]!.kvGroups).toHaveLength(Math.max(1, kvHeads - heads));
          expect(kept.layers[i]!.ffn).toHaveLength(Math.max(1, Math.trunc(ffn * (1 - ratio))));
        }
      }),
    );
  });
});
