// A study's measurements become the table's rows: means, kept shares, spreads, and what is left open while runs are missing.
import { describe, expect, it } from 'vitest';
import { studyToJson } from '../../../src/shared/study/json.ts';
import { studySettings } from '../../../src/shared/study/settings.ts';
import { aggregateStudy, nameVariant, type Measurement, type StudyInput } from '../../../src/shared/study/table.ts';
import type { SetSummary } from '../../../src/shared/results.ts';

const TASKS = [
  { name: 'boolq', headline: 'acc' as const, chance: 0.5 },
  { name: 'hellaswag', headline: 'acc_norm' as const, chance: 0.25 },
];
const FACTS = { parameters: 1000, bytes: 2000, macs: 64_000 };

function choices(name: string, acc: number, accNorm: number): SetSummary {
  return { kind: 'choices', name, items: 100, acc, accStderr: 0.01, accNorm, accNormStderr: 0.02, truncated: 0 };
}
const text = (meanLoss: number): SetSummary => ({
  kind: 'perplexity',
  name: 'stories',
  form: 'blocks',
  length: 128,
  tokens: 1000,
  meanLoss,
  tokenPerplexity: Math.exp(meanLoss),
});

function measured(nominalRatio: number, tuned: boolean, draw: number, sets: SetSummary[], peakMemoryBytes = 1): Measurement {
  const cost = { elapsedMs: 500, tokens: 1000, tokensPerSecond: 2000, peakMemoryBytes, device: 'cpu', threads: 2 };
  return { nominalRatio, tuned, draw, sets, cost, adapterParameters: tuned ? 50 : 0 };
}

const BASE = measured(0, false, 0, [choices('boolq', 0.8, 0.1), choices('hellaswag', 0.1, 0.6), text(1)]);

function study(measurements: Measurement[], draws = 2): StudyInput {
  const models = new Map([
    [0, FACTS],
    [0.5, { ...FACTS, parameters: 500, bytes: 1000, macs: 32_000 }],
  ]);
  return { tasks: TASKS, shots: 50, draws, models, measurements, seconds: 12 };
}

describe('the table', () => {
  it('has the base, and for it and every cut a tuned row', () => {
    const table = aggregateStudy(study([BASE]));
    expect([table.base, ...table.variants].map((row) => row.name)).toEqual(['base', 'base, tuned', '50% cut', '50% cut, tuned']);
  });

  it('has no tuned rows when nothing is tuned', () => {
    expect(aggregateStudy(study([BASE], 0)).variants.map((row) => row.name)).toEqual(['50% cut']);
  });

  it('takes the headline figure of each task into the mean', () => {
    expect(aggregateStudy(study([BASE])).base).toMatchObject({ mean: 0.7, kept: 1, keptSpread: 0 });
  });

  it('keeps a share of the base, with its spread over the draws of the tuned rows', () => {
    const draw = (index: number, boolq: number): Measurement[] => [
      measured(0.5, true, index, [choices('boolq', boolq, 0), text(2)]),
      measured(0.5, true, index, [choices('hellaswag', 0, 0.5), text(4)], 9),
    ];
    const row = aggregateStudy(study([BASE, ...draw(0, 0.69), ...draw(1, 0.83)])).variants.at(-1)!;
    expect(row.mean).toBeCloseTo((0.595 + 0.665) / 2, 12);
    expect(row.kept).toBeCloseTo(0.9, 12);
    expect(row.keptSpread).toBeCloseTo(Math.SQRT2 * 0.05, 12);
    expect(row.keptWorst).toBeCloseTo(0.85, 12);
    expect(row.tasks).toMatchObject({ boolq: { acc: 0.76, stderr: 0.01 }, hellaswag: { acc_norm: 0.5, stderr: 0.02 } });
    expect(row.perplexity['stories']).toBeCloseTo(Math.exp(3), 9);
    expect(row).toMatchObject({
      trueReduction: 0.5,
      shots: 50,
      draws: 2,
      peakMemoryBytes: 9,
      tokensPerSecond: 2000,
      adapterParameters: 50,
    });
  });

  it('leaves the mean of a row open until every task of every draw is measured', () => {
    const some = [measured(0.5, true, 0, [choices('boolq', 0.7, 0)]), measured(0.5, true, 0, [choices('hellaswag', 0, 0.5)])];
    const row = aggregateStudy(study([BASE, ...some])).variants.at(-1)!;
    expect(row).toMatchObject({ mean: undefined, kept: undefined, keptSpread: undefined });
    expect(row.tasks['boolq']?.acc).toBe(0.7);
  });

  it('knows no spread of a single draw', () => {
    const one = measured(0.5, true, 0, [choices('boolq', 0.7, 0), choices('hellaswag', 0, 0.5)]);
    const row = aggregateStudy(study([BASE, one], 1)).variants.at(-1)!;
    expect([row.keptSpread, row.keptWorst]).toEqual([undefined, undefined]);
    expect(row.kept).toBeCloseTo(0.6 / 0.7, 12);
  });
});

describe('the JSON form', () => {
  it('has the members that were promised, and null for what is not known', () => {
    const json = JSON.parse(JSON.stringify(studyToJson(aggregateStudy(study([BASE]))))) as Record<string, Record<string, unknown>[]>;
    expect(Object.keys(json)).toEqual(['base', 'variants', 'seconds']);
    expect(Object.keys(json['base']!)).toEqual(['mean', 'tasks', 'perplexity', 'parameters', 'bytes']);
    expect(Object.keys(json['variants']![0]!)).toEqual(
      'name nominalRatio trueReduction tuned shots draws mean kept keptSpread tasks perplexity parameters bytes macs tokensPerSecond peakMemoryBytes'.split(
        ' ',
      ),
    );
    expect(json['variants']![0]).toMatchObject({
      name: 'base, tuned',
      nominalRatio: 0,
      trueReduction: 0,
      tuned: true,
      mean: null,
      kept: null,
    });
  });
});

describe('settings', () => {
  it('keep what a tuning was told without filling in the rest, so that one part can change another', () => {
    const settings = studySettings.parse({
      model: 'm',
      tasks: [{ dataset: 'd' }],
      tune: { steps: 7 },
      tuneByRatio: { '0.5': { batch: 3 } },
    });
    expect(settings.tune).toEqual({ steps: 7 });
    expect(settings.tuneByRatio).toEqual({ '0.5': { batch: 3 } });
  });

  it.each([
    ['a tuning with an unknown member', { tune: { stepz: 7 } }],
    ['a tuning with a wrong value', { tune: { steps: 'many' } }],
    ['a ratio of nothing', { ratios: [0] }],
    ['a ratio of everything', { ratios: [1] }],
    ['no task', { tasks: [] }],
  ])('refuse %s', (_, wrong) => {
    expect(studySettings.safeParse({ model: 'm', tasks: [{ dataset: 'd' }], ...wrong }).success).toBe(false);
  });
});

describe('names of variants', () => {
  it.each([
    [0, false, 'base'],
    [0, true, 'base, tuned'],
    [0.2, false, '20% cut'],
    [0.333, true, '33.3% cut, tuned'],
  ])('%f, tuned %s: %s', (nominalRatio, tuned, name) => {
    expect(nameVariant({ nominalRatio, tuned })).toBe(name);
  });
});
