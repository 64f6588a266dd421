// What the home page says of a study's figures: marks, names, intervals, times, findings.
import { describe, expect, it } from 'vitest';
import { aboutDuration } from '../../src/shared/figures.ts';
import { aggregateStudy, type Measurement } from '../../src/shared/study/table.ts';
import { sharedStart } from '../../src/main/api/examples.ts';
import {
  aboutRange,
  compareQuery,
  findings,
  halfOfKept,
  halfOfMean,
  isHollow,
  listWords,
  meanRecovery,
  parseRatios,
  readyChoices,
  rowsOf,
  rulerStart,
  slotOf,
  titleOfRow,
} from '../../src/renderer/pages/studies/study.ts';

const measurement = (nominalRatio: number, tuned: boolean, acc: number): Measurement => ({
  nominalRatio,
  tuned,
  draw: 0,
  adapterParameters: 0,
  cost: { elapsedMs: 1, tokens: 1, tokensPerSecond: 1, peakMemoryBytes: 1, device: 'cpu', threads: 1 },
  sets: ['a', 'b'].map((name) => ({
    kind: 'choices',
    name,
    items: 100,
    acc,
    accStderr: 0.03,
    accNorm: acc,
    accNormStderr: 0.03,
    truncated: 0,
  })),
});
const facts = (parameters: number) => ({ parameters, bytes: 1, macs: 1 });
const table = aggregateStudy({
  tasks: ['a', 'b'].map((name) => ({ name, headline: 'acc', chance: 0.5 })),
  shots: 50,
  draws: 1,
  models: new Map([
    [0, facts(100)],
    [0.2, facts(80)],
    [0.5, facts(50)],
  ]),
  measurements: [measurement(0, false, 0.8), measurement(0.2, false, 0.6), measurement(0.2, true, 0.76), measurement(0.5, false, 0.5)],
  seconds: 1,
});
const [base, baseTuned, cut, cutTuned, half] = rowsOf(table);

describe('the rows', () => {
  it('take their mark from the family, and their name from the cut', () => {
    expect(rowsOf(table).map((row) => [slotOf(row, { slots: { 0: 0, 0.2: 2, 0.5: 1 } }), isHollow(row), titleOfRow(row, 'M')])).toEqual([
      [0, false, 'M'],
      [0, false, 'M, tuned'],
      [2, true, '20\u202f% cut'],
      [2, false, '20\u202f% cut, tuned'],
      [1, true, '50\u202f% cut'],
      [1, false, '50\u202f% cut, tuned'],
    ]);
  });

  it('are offered to Compare as each cut with its tuning, and the cuts beside each other, where they are measured', () => {
    const titles = readyChoices({ table }).map((choice) => choice.map((row) => titleOfRow(row, 'M')));
    expect(titles).toEqual([
      ['M', '20\u202f% cut', '20\u202f% cut, tuned'],
      ['M', '50\u202f% cut'],
      ['M', '20\u202f% cut', '50\u202f% cut'],
    ]);
    expect(readyChoices({ table: undefined })).toEqual([]);
  });

  it('ask Compare for their models, and name themselves where one has an adapter for each task', () => {
    const model = (id: string, nominalRatio: number, tuned: boolean) => ({ id, name: id, nominalRatio, tuned, draw: 0, task: undefined });
    const study = { id: 's', models: [model('b', 0, false), model('c', 0.2, false), model('t', 0.2, true)] };
    expect(compareQuery(study, [base!, cut!])).toEqual({ models: 'b,c' });
    expect(compareQuery(study, [base!, cutTuned!])).toEqual({ models: 'b,t', study: 's', rows: `${base!.name}|${cutTuned!.name}` });
    expect(compareQuery(study, [base!])).toBeUndefined();
    expect(compareQuery(study, [base!, half!])).toBeUndefined();
  });

  it('carry their doubt: 1.96 standard errors of the mean over the tasks, as a share of the base for what is kept', () => {
    const error = Math.hypot(0.03, 0.03) / 2;
    expect(halfOfMean(cut!, table)).toBeCloseTo(1.96 * error, 12);
    expect(halfOfKept(cut!, table)).toBeCloseTo((1.96 * error) / 0.8, 12);
    expect(halfOfKept(base!, table)).toBeUndefined();
    expect(halfOfMean(baseTuned!, table)).toBeUndefined();
    expect(rulerStart(table)).toBe(0.5);
    expect(half!.kept).toBeCloseTo(0.625, 12);
  });

  it('are told in sentences, and only what is told apart is called won', () => {
    const says = findings(table, 'M');
    expect(says).toHaveLength(3);
    expect(says[1]).toBe('Tuning the 20\u202f% cut wins back 16.0 points; it keeps 95.0\u202f%.');
    const close = { ...table, variants: table.variants.map((row) => (row === cutTuned ? { ...row, mean: 0.61 } : row)) };
    expect(findings(close, 'M')[1]).toContain('+1.0 points, which so few items do not tell apart');
  });
});

it.each([
  [12_000, 'about 10 s'],
  [185_000, 'about 3 min'],
  [9_000_000, 'about 2 h 30 min'],
])('%i ms are %s', (elapsedMs, words) => expect(aboutDuration(elapsedMs)).toBe(words));

it.each([
  [300_000, 840_000, 'about 5 to 14 min'],
  [50_000, 180_000, 'about 50 s to 3 min'],
  [300_000, 330_000, 'about 5 min'],
  [2000, 4000, 'about 5 s'],
])('%i to %i ms are %s', (elapsedMs, longestMs, words) => expect(aboutRange(elapsedMs, longestMs)).toBe(words));

it.each([
  ['', []],
  ['35, 60', [0.35, 0.6]],
  ['12.5 %', [0.125]],
  ['100', undefined],
  ['-5', undefined],
  ['many', undefined],
])('the sizes “%s” are %j', (text, ratios) => expect(parseRatios(text)).toEqual(ratios));

it('joins words as a sentence does', () => {
  expect([[], ['a'], ['a', 'b'], ['a', 'b', 'c']].map(listWords)).toEqual(['', 'a', 'a and b', 'a, b and c']);
});

it('takes the mean of curves where all of them have a point', () => {
  const curve = (task: string, ...values: number[]) => ({
    nominalRatio: 0.2,
    draw: 0,
    task,
    points: values.map((value, index) => ({ step: 10 * (index + 1), value })),
  });
  expect(meanRecovery([curve('a', 0.5, 0.6, 0.7), curve('b', 0.7, 0.8)])).toEqual([
    {
      nominalRatio: 0.2,
      points: [
        { step: 10, value: 0.6 },
        { step: 20, value: 0.7 },
      ],
    },
  ]);
});

it.each([
  [['one two', 'one two'], 'one two'],
  [['They saw Tim', 'They saw Tom'], 'They saw '],
  [['Ann', 'Bob'], ''],
  [['the cat', 'the cats'], 'the '],
])('contexts %j share “%s”', (contexts, shared) => expect(sharedStart(contexts)).toBe(shared));
