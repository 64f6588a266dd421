// The runs that a study is made of, and what they are estimated to cost.
import { describe, expect, it } from 'vitest';
import { studySettings } from '../../../src/shared/study/settings.ts';
import { estimateStudy, FIRST_PACE, paceOfRuns, shapeOfStudy, studySteps } from '../../../src/shared/study/steps.ts';

const settingsWith = (more: object = {}) =>
  studySettings.parse({ model: 'm', tasks: [{ dataset: 'a', items: 10 }, { dataset: 'b' }], ratios: [0.5, 0.2, 0.2], ...more });
const stepsOf = (more: object = {}) => studySteps(shapeOfStudy(settingsWith(more), (task) => task.dataset));

describe('the steps of a study', () => {
  it('go from the base over the cuts to the tunings, the base’s own last, with the roles of the records', () => {
    expect(stepsOf().map(({ role }) => role)).toEqual([
      'evaluate/base',
      'score',
      'prune/0.2',
      'evaluate/0.2',
      'prune/0.5',
      'evaluate/0.5',
      ...['0.2', '0.5', '0'].flatMap((ratio) =>
        ['a', 'b'].flatMap((task) => [`tune/${ratio}/${task}/draw-0`, `evaluate/${ratio}/${task}/draw-0/tuned`]),
      ),
    ]);
  });

  it.each([
    ['no draw tunes nothing', { draws: 0 }, 6],
    ['each draw repeats every tuning', { draws: 3 }, 6 + 3 * 3 * 2 * 2],
    ['stepwise pruning scores as it cuts', { draws: 0, prune: { steps: 4 } }, 5],
    ['without sizes there is nothing to score', { draws: 0, ratios: [] }, 1],
  ])('%s', (_, more, count) => expect(stepsOf(more)).toHaveLength(count));

  it('cost more with more items, steps and texts', () => {
    const secondsOf = (more: object): number => estimateStudy(stepsOf(more), 1e9, FIRST_PACE).seconds;
    const plain = secondsOf({});
    expect(plain).toBeGreaterThan(0);
    expect(secondsOf({ tune: { steps: 1000 } })).toBeGreaterThan(plain);
    expect(secondsOf({ tuneByRatio: { 0: { steps: 5 } } })).toBeLessThan(plain);
    expect(secondsOf({ distill: {} })).toBeGreaterThan(plain);
    expect(secondsOf({ perplexity: [{ name: 't', dataset: 't' }] })).toBeGreaterThan(plain);
    expect(secondsOf({ tasks: [{ dataset: 'a', items: 10 }] })).toBeLessThan(plain);
  });
});

describe('the pace of a machine', () => {
  const run = (tokens: number, elapsedMs: number, kind: 'evaluate' | 'tune' = 'evaluate') => ({ kind, tokens, elapsedMs, parameters: 1e6 });

  it('is that of trials, with a wide range, until something was measured that tells', () => {
    expect(paceOfRuns([])).toBe(FIRST_PACE);
    expect(paceOfRuns([run(10, 20), run(0, 5000)])).toBe(FIRST_PACE);
    expect(FIRST_PACE.slowest).toBeLessThan(FIRST_PACE.operationsPerSecond);
  });

  it('is that of the runs together, not of the best; a tuning counts three passes of a token', () => {
    const { operationsPerSecond, slowest } = paceOfRuns([run(9000, 1000), run(3000, 2000), run(2000, 1000, 'tune'), run(99999, 10)]);
    expect(operationsPerSecond).toBe(((9000 + 3000 + 3 * 2000) * 2e6) / 4);
    expect(slowest).toBe(1500 * 2e6);
  });

  it('slowed to a third takes about three times as long, and the estimate says so', () => {
    const { seconds, longestSeconds } = estimateStudy(stepsOf(), 1e9, { operationsPerSecond: 3e9, slowest: 1e9 });
    expect(longestSeconds / seconds).toBeGreaterThan(2.5);
    expect(longestSeconds / seconds).toBeLessThanOrEqual(3);
  });
});
