// Widths set by hand: kept exactly, made up for by the other layers, refused where they do not fit, and said where the target is missed.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/shared/errors.ts';
import type { LlamaConfig } from '../../../src/shared/llama-config.ts';
import { choose } from '../../../src/shared/prune/choose.ts';
import { cutConfig, ffnChannelParameters, kvGroupParameters, widthsOf } from '../../../src/shared/prune/groups.ts';
import { planCut } from '../../../src/shared/prune/plan.ts';
import { parseSetWidths, widthsAtStep, withSetWidth, writeSetWidths } from '../../../src/shared/prune/set-widths.ts';
import { chooseSettings, type ChooseSettings, type SetWidth } from '../../../src/shared/recipe.ts';
import { countParameters } from '../../../src/shared/tensor-names.ts';
import { anyConfig, llama, settings } from './configs.ts';

const at = { dtypeBytes: 2 };
const config = llama({ D: 64, E: 8, V: 100, L: 4, H: 8, K: 8, F: 100 });
const widths = (wanted: ChooseSettings): string[] =>
  planCut(config, wanted, { ...at, randomSeed: 3 }).widths.map(({ kvHeads, ffn }) => `${kvHeads},${ffn}`);
const tenth = { kind: 'parameters', fraction: 0.1 } as const;

/** Settings with widths of some layers set, of kinds that the unit cuts. */
const anySetting = anyConfig.chain((model) =>
  fc
    .record({
      target: fc.oneof(
        fc.record({ kind: fc.constant('ratio' as const), ratio: fc.double({ min: 0, max: 0.9, noNaN: true }) }),
        fc.record({ kind: fc.constant('parameters' as const), fraction: fc.double({ min: 0, max: 0.9, noNaN: true }) }),
      ),
      unit: fc.constantFrom('block' as const, 'attention' as const, 'ffn' as const),
      ranking: fc.constantFrom('local' as const, 'global' as const, 'global-normalised' as const),
      ffnMultiple: fc.constantFrom(1, 4),
      parts: fc.tuple(...model.layers.map(() => fc.record({ kv: fc.nat(7), ffn: fc.nat(80), which: fc.nat(3) }))),
    })
    .map(({ parts, ...rest }) => {
      const set = parts.flatMap(({ kv, ffn, which }, layer): SetWidth[] => {
        const { kvHeads, ffn: channels } = model.layers[layer]!;
        const own = {
          ...(which % 2 === 1 && rest.unit !== 'ffn' ? { kvGroups: 1 + (kv % kvHeads) } : {}),
          ...(which > 1 && rest.unit !== 'attention' ? { ffn: 1 + (ffn % channels) } : {}),
        };
        return Object.keys(own).length > 0 ? [{ layer, ...own }] : [];
      });
      return { model, wanted: settings({ ...rest, widths: set }), set };
    }),
);

describe('widths set by hand', () => {
  it('are kept exactly by every ranking, unit and target, and no budget is exceeded', () => {
    fc.assert(
      fc.property(anySetting, fc.nat(99), ({ model, wanted, set }, seed) => {
        let left: LlamaConfig;
        try {
          left = cutConfig(model, widthsOf(model, choose(model, { randomSeed: seed }, wanted, at)));
        } catch (thrown) {
          if (thrown instanceof AppError && /at most/.test(thrown.message)) return;
          throw thrown;
        }
        for (const { layer, kvGroups, ffn } of set) {
          if (kvGroups !== undefined) expect(left.layers[layer]!.kvHeads).toBe(kvGroups);
          if (ffn !== undefined) expect(left.layers[layer]!.ffn).toBe(ffn);
        }
        if (wanted.target.kind === 'parameters')
          expect(countParameters(left)).toBeLessThanOrEqual(countParameters(model) * (1 - wanted.target.fraction) + 1e-6);
      }),
      { numRuns: 400 },
    );
  });

  it.each(['local', 'global'] as const)('are made up for by the free layers, so that the target still holds: %s ranking', (ranking) => {
    const reached = (set: SetWidth[]): number =>
      planCut(config, settings({ target: tenth, ranking, widths: set }), { ...at, randomSeed: 3 }).parameters;
    const budget = countParameters(config) * 0.9;
    for (const set of [[], [{ layer: 1, ffn: 99, kvGroups: 8 }], [{ layer: 1, ffn: 60 }], [{ layer: 0, kvGroups: 5 }]]) {
      expect(reached(set)).toBeLessThanOrEqual(budget);
      expect(budget - reached(set)).toBeLessThan(ffnChannelParameters(config));
    }
  });

  it('are made up for in a nominal ratio too, each kind by itself', () => {
    const half = { kind: 'ratio', ratio: 0.5 } as const;
    expect(widths(settings({ target: half }))).toEqual(['4,50', '4,50', '4,50', '4,50']);
    expect(widths(settings({ target: half, widths: [{ layer: 2, ffn: 20 }] }))).toEqual(['4,60', '4,60', '4,20', '4,60']);
    expect(widths(settings({ target: half, widths: [{ layer: 0, kvGroups: 7 }] }))).toEqual(['7,50', '3,50', '3,50', '3,50']);
    // A width that is what the ranking gives changes nothing.
    expect(widths(settings({ target: half, widths: [{ layer: 2, ffn: 50, kvGroups: 4 }] }))).toEqual(['4,50', '4,50', '4,50', '4,50']);
  });

  it('leave the ranking of everything else as it was', () => {
    const wanted = { target: { kind: 'ratio', ratio: 0.3 }, ranking: 'global-normalised' } as const;
    const free = choose(config, { randomSeed: 3 }, settings(wanted), at);
    const set = [{ layer: 1, kvGroups: free.layers[1]!.kvGroups.length, ffn: free.layers[1]!.ffn.length }];
    expect(choose(config, { randomSeed: 3 }, settings({ ...wanted, widths: set }), at)).toEqual(free);
  });

  it.each([
    {
      name: 'take more than the target by themselves',
      set: [{ layer: 0, ffn: 1, kvGroups: 1 }],
      said: /alone take 2\d\.\d/,
    },
    { name: 'leave nothing to miss', set: [{ layer: 0, ffn: 80 }], said: null },
  ])('say plainly where the target is missed: they $name', ({ set, said }) => {
    const { missed } = planCut(config, settings({ target: tenth, widths: set }), at);
    if (said === null) expect(missed).toBeNull();
    else expect(missed).toMatch(said);
  });

  it('say so of a nominal ratio that the others cannot reach, and give the ratio that is reached', () => {
    const set = [0, 1, 2].map((layer) => ({ layer, ffn: 100 }));
    const { missed, nominalRatio } = planCut(config, settings({ target: { kind: 'ratio', ratio: 0.5 }, unit: 'ffn', widths: set }), at);
    expect(missed).toMatch(/no more than 24\.8.% of FFN channels; the target is 50\.0/);
    expect(nominalRatio).toBeCloseTo(99 / 400, 6);
  });

  it('refuse a budget that they put out of reach, with what can be had', () => {
    const set = [0, 1, 2, 3].map((layer) => ({ layer, kvGroups: 8 }));
    expect(() => planCut(config, settings({ target: { kind: 'parameters', fraction: 0.7 }, widths: set }), at)).toThrow(
      /at most .* narrower widths where they are set by hand/,
    );
  });

  it.each([
    { name: 'a layer that is not there', wanted: { widths: [{ layer: 4, ffn: 3 }] }, message: /layer 4, but the layers are 0-3/ },
    { name: 'more than there is', wanted: { widths: [{ layer: 1, kvGroups: 9 }] }, message: /Layer 1 has 8 KV groups; 9 cannot be kept/ },
    {
      name: 'a layer that is kept whole',
      wanted: { widths: [{ layer: 1, ffn: 3 }], protectedLayers: [1] },
      message: /which is kept whole/,
    },
    {
      name: 'a layer named twice',
      wanted: {
        widths: [
          { layer: 1, ffn: 3 },
          { layer: 1, ffn: 4 },
        ],
      },
      message: /named twice/,
    },
    { name: 'a kind that is not cut', wanted: { widths: [{ layer: 1, ffn: 3 }], unit: 'attention' }, message: /“attention” cuts none/ },
    { name: 'whole layers', wanted: { widths: [{ layer: 1, ffn: 3 }], unit: 'layer' }, message: /“layer” cuts none/ },
    { name: 'uniform widths', wanted: { widths: [{ layer: 1, ffn: 3 }], uniform: true }, message: /Uniform widths leave no single layer/ },
  ] as const)('refuse $name', ({ wanted, message }) => {
    const given = { target: tenth, ...wanted } as unknown as Parameters<typeof settings>[0];
    expect(() => choose(config, { randomSeed: 1 }, settings(given), at)).toThrow(message);
  });

  it('go the same share of their way at each of several steps, and arrive', () => {
    const set = [
      { layer: 0, kvGroups: 3 },
      { layer: 2, ffn: 41 },
    ];
    expect(widthsAtStep(config, set, 1, 2)).toEqual([
      { layer: 0, kvGroups: 6 },
      { layer: 2, ffn: 71 },
    ]);
    expect(widthsAtStep(config, set, 2, 2)).toEqual(set);
  });
});

describe('set widths in words and in a recipe', () => {
  it('are read as they were written', () => {
    const text = '2:ffn=41,3:kv=2,3:ffn=96';
    expect(parseSetWidths(text)).toEqual([
      { layer: 2, ffn: 41 },
      { layer: 3, kvGroups: 2, ffn: 96 },
    ]);
    expect(writeSetWidths(parseSetWidths(text))).toBe(text);
    expect(writeSetWidths([])).toBe('');
  });

  it.each(['3:ffn', '3:heads=2', '3:ffn=0', '-1:ffn=2', '3:ffn=1.5', 'x'])('are refused where they are none: %s', (text) => {
    expect(() => parseSetWidths(text)).toThrow(/sets no width/);
  });

  it('are given back to the ranking one by one', () => {
    const set = withSetWidth(withSetWidth([], 3, 'ffn', 96), 1, 'kvGroups', 2);
    expect(set.map(({ layer }) => layer)).toEqual([1, 3]);
    expect(withSetWidth(set, 3, 'ffn', undefined)).toEqual([{ layer: 1, kvGroups: 2 }]);
  });

  it('leave a recipe without them as it was, so that it keeps its hash', () => {
    expect(Object.keys(chooseSettings.parse({ target: tenth }))).not.toContain('widths');
  });

  it('cost what their units cost', () => {
    const all = { kind: 'parameters', fraction: 0 } as const;
    const left = planCut(config, settings({ target: all, widths: [{ layer: 1, kvGroups: 7, ffn: 98 }] }), at).parameters;
    expect(countParameters(config) - left).toBe(kvGroupParameters(config, config.layers[1]!) + 2 * ffnChannelParameters(config));
  });
});
