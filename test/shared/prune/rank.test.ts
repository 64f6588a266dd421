// Laws of the fast orders: they are a stable sort, and widths by a global ranking are those of the plain reading of it.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LlamaConfig } from '../../../src/shared/llama-config.ts';
import { choose, chooseWidths } from '../../../src/shared/prune/choose.ts';
import { ffnChannelParameters, kvGroupParameters } from '../../../src/shared/prune/groups.ts';
import { orderAscending, ranksDescending } from '../../../src/shared/prune/rank.ts';
import type { UnitScores } from '../../../src/shared/prune/unit-scores.ts';
import type { ChooseSettings } from '../../../src/shared/recipe.ts';
import type { Kept } from '../../../src/shared/scores.ts';
import { countParameters } from '../../../src/shared/tensor-names.ts';
import { anyConfig, settings } from './configs.ts';

/** Few different values, so that ties are common; and any doubles at all. */
const anyScore = fc.oneof(fc.constantFrom(-1, -0, 0, 1, 2, 1e-320), fc.double({ noNaN: true }));
/** Scores as they are made: finite and not negative. */
const anyImportance = fc.oneof(fc.constantFrom(0, 1, 2), fc.double({ min: 0, max: 10, noNaN: true }));

describe('orders', () => {
  it('are those of a stable sort', () => {
    fc.assert(
      fc.property(fc.array(anyScore, { maxLength: 200 }), (scores) => {
        const sorted = scores.map((_, i) => i).sort((a, b) => scores[a]! - scores[b]! || a - b);
        // Infinity minus itself is no number; the order of equal infinities is then the index, as above.
        expect([...orderAscending(Float64Array.from(scores))]).toEqual(sorted);
      }),
    );
  });

  it('of very many values are those of a stable sort too', () => {
    const scores = Float64Array.from({ length: 70_000 }, (_, i) => ((i * 7919) % 50_021) - 9_000.5);
    const sorted = [...scores.keys()].sort((a, b) => scores[a]! - scores[b]! || a - b);
    expect([...orderAscending(scores)]).toEqual(sorted);
  });

  it('rank the highest first, of equals the lower index', () => {
    expect([...ranksDescending(Float64Array.of(3, 9, 3, 0))]).toEqual([1, 0, 2, 3]);
  });
});

/** A model with scores, and settings that rank globally. */
const anyChoice = anyConfig.chain((config) =>
  fc.record({
    config: fc.constant(config),
    units: fc
      .tuple(
        ...config.layers.map(({ kvHeads, ffn }) =>
          fc.record({
            kvGroups: fc.array(anyImportance, { minLength: kvHeads, maxLength: kvHeads }).map((a) => Float64Array.from(a)),
            ffn: fc.array(anyImportance, { minLength: ffn, maxLength: ffn }).map((a) => Float64Array.from(a)),
          }),
        ),
      )
      .map((layers): UnitScores => ({ layers, layer: new Float64Array(layers.length), hidden: undefined })),
    unit: fc.constantFrom('block' as const, 'attention' as const, 'ffn' as const),
    ranking: fc.constantFrom('global' as const, 'global-normalised' as const),
    shares: fc.array(fc.double({ min: 0, max: 0.9, noNaN: true }), { minLength: 1, maxLength: 4 }),
    protectedLayers: fc.constantFrom<number[]>([], config.layers.length > 1 ? [0] : []),
  }),
);

describe('a global ranking', () => {
  it('cuts the lowest units one by one, whatever targets were asked before', () => {
    fc.assert(
      fc.property(anyChoice, ({ config, units, unit, ranking, shares, protectedLayers }) => {
        for (const ratio of shares) {
          const wanted = settings({ target: { kind: 'ratio', ratio }, unit, ranking, protectedLayers });
          expect(widthsIn(config, wanted, units)).toEqual(cutOneByOne(config, wanted, units));
        }
      }),
    );
  });

  it('takes nothing more from a model that earlier steps cut further', () => {
    fc.assert(
      fc.property(anyChoice, ({ config, ranking }) => {
        const cut = (ratio: number, left?: Kept): Kept =>
          choose(config, { randomSeed: 1 }, settings({ target: { kind: 'ratio', ratio }, ranking }), { dtypeBytes: 2, left });
        const left = cut(0.6);
        expect(cut(0.1, left)).toEqual(left);
      }),
    );
  });

  it('meets a budget as cutting one by one does', () => {
    fc.assert(
      fc.property(anyChoice, ({ config, units, ranking, shares, protectedLayers }) => {
        for (const share of shares) {
          const fraction = share / 4;
          const wanted = settings({ target: { kind: 'parameters', fraction }, ranking, protectedLayers });
          const widths = attempt(() => widthsIn(config, wanted, units));
          if (widths === undefined) continue; // out of reach
          const budget = countParameters(config) - Math.ceil(countParameters(config) * fraction);
          expect(widths).toEqual(cutToBudget(config, wanted, units, budget));
        }
      }),
    );
  });

  it('keeps in each layer those whose rank is below the width', () => {
    fc.assert(
      fc.property(anyChoice, ({ config, units, ranking, shares }) => {
        const wanted = settings({ target: { kind: 'ratio', ratio: shares[0]! }, ranking });
        const scores = {
          criterion: 'l1' as const,
          layers: units.layers.map(({ kvGroups, ffn }) => ({
            attention: [Float32Array.from([...kvGroups].flatMap((score) => [score, ...Array<number>(config.headSize - 1).fill(0)]))],
            ffn: [Float32Array.from(ffn)],
          })),
          hidden: undefined,
        };
        const rounded: UnitScores = {
          ...units,
          layers: units.layers.map(({ kvGroups, ffn }) => ({
            kvGroups: Float64Array.from(Float32Array.from(kvGroups)),
            ffn: Float64Array.from(Float32Array.from(ffn)),
          })),
        };
        const widths = chooseWidths(config, wanted, { dtypeBytes: 2 }, rounded);
        const kept = choose(config, scores, wanted, { dtypeBytes: 2 });
        for (const [layer, width] of widths.layers.entries()) {
          const ranks = ranksDescending(rounded.layers[layer]!.ffn);
          expect(kept.layers[layer]!.ffn).toEqual([...ranks.keys()].filter((i) => ranks[i]! < width!.ffn));
        }
      }),
    );
  });
});

interface Unit {
  readonly layer: number;
  readonly kind: 'kvHeads' | 'ffn';
  readonly score: number;
}

function widthsIn(config: LlamaConfig, wanted: ChooseSettings, units: UnitScores): { kvHeads: number; ffn: number }[] {
  return chooseWidths(config, wanted, { dtypeBytes: 2 }, units).layers.map((layer) => ({ kvHeads: layer!.kvHeads, ffn: layer!.ffn }));
}

/** Every unit as an object, sorted by the language's own sort. */
function rank(config: LlamaConfig, wanted: ChooseSettings, units: UnitScores): Unit[] {
  return (['kvHeads', 'ffn'] as const)
    .flatMap((kind) => {
      if (wanted.unit === (kind === 'kvHeads' ? 'ffn' : 'attention')) return [];
      const own = config.layers.flatMap((_, layer) => {
        if (wanted.protectedLayers.includes(layer)) return [];
        const scores = kind === 'kvHeads' ? units.layers[layer]!.kvGroups : units.layers[layer]!.ffn;
        return Array.from(scores, (score): Unit => ({ layer, kind, score }));
      });
      const mean = own.reduce((sum, { score }) => sum + score, 0) / own.length;
      const one = wanted.ranking === 'global-normalised' && mean > 0 ? mean : 1;
      return own.map((unit) => ({ ...unit, score: unit.score / one }));
    })
    .sort((a, b) => a.score - b.score);
}

function cutOneByOne(config: LlamaConfig, wanted: ChooseSettings, units: UnitScores): { kvHeads: number; ffn: number }[] {
  const widths = config.layers.map(({ kvHeads, ffn }) => ({ kvHeads, ffn }));
  const ranked = rank(config, wanted, units);
  const ratio = wanted.target.kind === 'ratio' ? wanted.target.ratio : 0;
  for (const { layer, kind } of ranked.slice(0, ranked.length - Math.trunc(ranked.length * (1 - ratio)))) {
    if (widths[layer]![kind] > 1) widths[layer]![kind]--;
  }
  return widths;
}

function cutToBudget(config: LlamaConfig, wanted: ChooseSettings, units: UnitScores, budget: number): { kvHeads: number; ffn: number }[] {
  const widths = config.layers.map(({ kvHeads, ffn }) => ({ kvHeads, ffn }));
  const costOf = ({ layer, kind }: Unit): number =>
    kind === 'ffn' ? ffnChannelParameters(config) : kvGroupParameters(config, config.layers[layer]!);
  const cut = ({ layer, kind }: Unit): boolean => {
    if (widths[layer]![kind] <= 1) return false;
    widths[layer]![kind]--;
    return true;
  };
  let excess = countParameters(config) - budget;
  const skipped: Unit[] = [];
  const ranked = rank(config, wanted, units);
  for (const unit of ranked) {
    if (costOf(unit) <= excess && cut(unit)) excess -= costOf(unit);
    else skipped.push(unit);
  }
  if (excess <= 0) return widths;
  const last = skipped.sort((a, b) => costOf(a) - costOf(b)).find(cut);
  if (last) excess -= costOf(last);
  for (const unit of ranked.filter((unit) => !skipped.includes(unit)).reverse()) {
    if (costOf(unit) > -excess) continue;
    widths[unit.layer]![unit.kind]++;
    excess += costOf(unit);
  }
  return widths;
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
