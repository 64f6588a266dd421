// The tokenizer trainer: merges worked out by hand, and a tokenizer.json that others load and that loses nothing.
import { Tokenizer } from '@huggingface/tokenizers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { documents } from '../../src/demo/corpus.ts';
import { learnMerges, SPECIAL_TOKENS, tokenizerConfig, trainTokenizer } from '../../src/demo/train-bpe.ts';
import { buildWorld } from '../../src/demo/world.ts';

const texts = [...documents(buildWorld(), 3, 500, [])];
const file = trainTokenizer(texts, 700);
const tokenizer = new Tokenizer(file, tokenizerConfig(512));
const encode = (text: string): number[] => tokenizer.encode(text, { add_special_tokens: false }).ids;

describe('merges', () => {
  it('come by frequency, then by the code units of the pair', () => {
    // Words: low ×2, " low" ×3, " lower" ×1. Pairs: l+o 6, o+w 6, then lo+w 6; Ġ+low 4; " lower" occurs once, so nothing more repeats.
    expect(learnMerges(['low low low', 'low low lower'], 10)).toEqual([
      ['l', 'o'],
      ['lo', 'w'],
      ['Ġ', 'low'],
    ]);
  });

  it('count a pair that overlaps itself as the words are cut, not twice', () => {
    // "aaa" twice: a+a is merged from the left, leaving aa a.
    expect(learnMerges(['aaa', 'aaa'], 5)).toEqual([
      ['a', 'a'],
      ['aa', 'a'],
    ]);
  });

  it('stop at the number asked for', () => {
    expect(learnMerges(['low low low'], 1)).toEqual([['l', 'o']]);
  });
});

describe('tokenizer.json', () => {
  it('holds the special tokens first, then every byte, then the merges, with ids in order', () => {
    const { vocab, merges } = file['model'] as { vocab: Record<string, number>; merges: unknown[] };
    expect(SPECIAL_TOKENS.map((token) => vocab[token])).toEqual([0, 1, 2]);
    expect(vocab['!']).toBe(3 + 33);
    expect(Object.values(vocab).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 700 }, (_, id) => id));
    expect(merges).toHaveLength(700 - 3 - 256);
  });

  it('is the same for the same texts', () => {
    expect(trainTokenizer(texts, 700)).toEqual(file);
  });

  it('puts <s> before a text when asked, and never otherwise', () => {
    expect(tokenizer.encode('A kettle.').ids[0]).toBe(1);
    expect(encode('A kettle.')[0]).not.toBe(1);
  });

  it('gives frequent words one token', () => {
    expect(encode(' is made of the')).toHaveLength(4);
  });

  it('gives back any text unchanged', () => {
    const text = fc.oneof(
      fc.string({ unit: 'grapheme', minLength: 1 }),
      fc.string({ unit: 'binary', minLength: 1 }),
      fc.constantFrom(...texts),
    );
    fc.assert(
      fc.property(text, (original) => tokenizer.decode(encode(original)) === new TextDecoder().decode(new TextEncoder().encode(original))),
    );
  });
});
