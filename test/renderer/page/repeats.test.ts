// Answers that loop are told from those that only sound alike.
import { expect, it } from 'vitest';
import { repeatsItself } from '../../../src/renderer/pages/compare/repeats.ts';

it.each([
  ['a sentence over and over', 'A knife is made of steel. It is sharp. It is sharp. It is sharp. It is sh', true],
  ['one word', 'the the the the the the the', true],
  ['one letter', 'a'.repeat(30), true],
  ['a long stretch, three times', 'x'.repeat(3) + 'once upon a time there was a small cat that sat on a mat; '.repeat(3), true],
  ['a stretch that comes twice', 'It is sharp and hard. It is sharp and hard.', false],
  ['an end in dots', 'And then there was nothing more to say...', false],
  ['a loop that it left', 'It is sharp. It is sharp. It is sharp. Then it was put into a drawer.', false],
  ['nothing', '', false],
])('%s', (_, text, loops) => {
  expect(repeatsItself(text)).toBe(loops);
});
