// The runs that a study is made of, and what they are estimated to cost.
import { describe, expect, it } from 'vitest';
import { studySettings } from '../../../src/shared/study/settings.ts';
import { estimateStudy, FIRST_PACE, shapeOfStudy, studySteps } from '../../../src/shared/study/steps.ts';

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
