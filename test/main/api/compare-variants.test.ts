// Examples as a comparison shows them: what all choices share, what follows for each, and the line that asks.
import { describe, expect, it } from 'vitest';
import { flatten } from '../../../src/main/api/compare-recipes.ts';
import { partsOf, questionOf } from '../../../src/main/api/compare-example.ts';

const example = (contexts: string[], continuations: string[]) => ({
  id: '1',
  gold: 0,
  lengths: continuations.map((text) => text.length),
  choices: contexts.map((context, index) => ({ context, continuation: continuations[index]! })),
});

describe('partsOf', () => {
  it('keeps a context that all choices follow', () => {
    expect(partsOf(example(['Is it?', 'Is it?'], [' yes', ' no']))).toEqual({ context: 'Is it?', choices: ['yes', 'no'] });
  });

  it('parts contexts where they differ, at a word', () => {
    const parts = partsOf(
      example(['The cup fits in the bag as the bag', 'The cup fits in the bag as the barrel'], [' is big.', ' is big.']),
    );
    expect(parts).toEqual({ context: 'The cup fits in the bag as the …', choices: ['bag is big.', 'barrel is big.'] });
  });
});

describe('questionOf', () => {
  it.each([
    ['Question: Why is ice cold?\nAnswer:', 'Why is ice cold?'],
    ['A cat sits.\n\nA dog runs and', 'A dog runs and'],
    ['Passage.\nQuestion: is it so?\nAnswer:', 'is it so?'],
  ])('%j asks %j', (context, question) => expect(questionOf(example([context, context], [' a', ' b']))).toBe(question));
});

describe('flatten', () => {
  it('names leaves by their path and keeps plain lists whole', () => {
    expect(flatten({ a: { b: 1, c: ['x', 'y'] }, d: null, e: [], f: undefined })).toEqual([
      ['a.b', '1'],
      ['a.c', 'x, y'],
      ['d', 'none'],
      ['e', 'none'],
    ]);
  });
});
