// Plain English for single words: articles, plurals and templates.
import { describe, expect, it } from 'vitest';
import { fill, pluralOf, withArticle } from '../../src/demo/phrase.ts';

describe('plurals', () => {
  it.each([
    ['kettle', 'kettles'],
    ['box', 'boxes'],
    ['bench', 'benches'],
    ['brush', 'brushes'],
    ['cherry', 'cherries'],
    ['toy', 'toys'],
    ['key', 'keys'],
    ['knife', 'knives'],
    ['mouse', 'mice'],
    ['trout', 'trout'],
    ['long ladder', 'long ladders'],
    ['little knife', 'little knives'],
  ])('%s -> %s', (noun, plural) => expect(pluralOf(noun)).toBe(plural));
});

describe('articles', () => {
  it.each([
    ['kettle', 'a kettle'],
    ['axe', 'an axe'],
    ['round axe', 'a round axe'],
    ['old axe', 'an old axe'],
  ])('%s -> %s', (noun, phrase) => expect(withArticle(noun)).toBe(phrase));
});

describe('templates', () => {
  it('write a thing with its article, its plural and capitals, and the values they name', () => {
    expect(fill('{A} is made of {m}; {s} shine. {S} do, {the} {n}.', { name: 'urn' }, { m: 'tin' })).toBe(
      'An urn is made of tin; urns shine. Urns do, the urn urn.',
    );
  });

  it('leave proper names as they are', () => {
    expect(fill('{A} lives in {v}, says {n}.', { name: 'Ada', proper: true }, { v: 'Holme' })).toBe('Ada lives in Holme, says Ada.');
  });

  it('name the slot that nothing was given for', () => {
    expect(() => fill('{A} has {what}.', { name: 'cat' })).toThrow('{what}');
  });
});
