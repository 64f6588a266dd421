// Plans of runs: short questions become texts that a calibration window fits in.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { joinNeighbours } from '../../../src/main/api/plan-runs.ts';

const question = fc.record({ id: fc.string(), text: fc.string({ minLength: 1, maxLength: 40 }) });

it('lets each question be followed by its neighbours until a window fits, the last by the first', () => {
  const questions = ['one?', 'two?', 'three?'].map((text, index) => ({ id: `q${index}`, text }));
  expect(joinNeighbours(questions, 10)).toEqual([
    { id: 'q0', text: 'one?\n\ntwo?' },
    { id: 'q1', text: 'two?\n\nthree?' },
    { id: 'q2', text: 'three?\n\none?' },
  ]);
});

it('keeps every question as one beginning, and joins none that is long enough', () => {
  fc.assert(
    fc.property(fc.array(question, { maxLength: 20 }), fc.nat(200), (questions, characters) => {
      const joined = joinNeighbours(questions, characters);
      expect(joined.map(({ id }) => id)).toEqual(questions.map(({ id }) => id));
      const all = questions.reduce((sum, { text }) => sum + text.length + 2, -2);
      joined.forEach(({ text }, index) => {
        expect(text.startsWith(questions[index]!.text)).toBe(true);
        expect(text.length).toBeGreaterThanOrEqual(Math.min(characters, all));
        if (questions[index]!.text.length >= characters) expect(text).toBe(questions[index]!.text);
      });
    }),
  );
});
