// Tokens put back into their text, and names for the choices of an example.
import { expect, test } from 'vitest';
import { choiceLabels } from '../../../src/shared/prompt/choice-labels.ts';
import { placeTokens } from '../../../src/shared/prompt/place-tokens.ts';

test.each([
  ['pieces as they are', 'a cat', ['a', ' cat'], ['a', ' cat']],
  ['spaces lost in decoding', 'a big cat', ['a', 'big', 'cat'], ['a', ' big', ' cat']],
  ['a character of several tokens', 'x é y', ['x', '\ufffd', '\ufffd', ' y'], ['x', ' é', '', ' y']],
  ['a broken character at the end', 'x é', ['x', '\ufffd', '\ufffd'], ['x', ' é', '']],
  ['a piece that is nowhere', 'ab', ['a', 'Z', 'b'], ['a', 'Z', 'b']],
])('%s', (_name, text, pieces, expected) => {
  expect(placeTokens(text, pieces)).toEqual(expected);
});

test.each([
  [
    'continuations',
    [
      ['Q', ' no'],
      ['Q', ' yes'],
    ],
    ['no', 'yes'],
  ],
  [
    'contexts that differ',
    [
      ['Then Ann', ' ran.'],
      ['Then Annabel', ' ran.'],
    ],
    ['Ann', 'Annabel'],
  ],
])('choices are named by %s', (_name, pairs, expected) => {
  expect(choiceLabels(pairs.map(([context, continuation]) => ({ context: context!, continuation: continuation! })))).toEqual(expected);
});
