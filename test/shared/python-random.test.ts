// Python's generator: expected values were printed by CPython 3.11's random module.
import { describe, expect, it } from 'vitest';
import { PythonRandom } from '../../src/shared/python-random.ts';

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

describe('PythonRandom', () => {
  it('gives the floats of random.Random(42)', () => {
    const random = new PythonRandom(42);
    expect([random.random(), random.random(), random.random()]).toEqual([0.6394267984578837, 0.025010755222666936, 0.27502931836911926]);
  });

  it('gives the words of getrandbits, also beyond 32 bits', () => {
    const random = new PythonRandom(42);
    expect([32, 32, 32, 5, 53].map((bits) => random.getrandbits(bits))).toEqual([2746317213, 478163327, 107420369, 23, 2205789010285143]);
  });

  it.each([
    [2n ** 40n + 5n, 0.5043802970418443],
    [-7, 0.32383276483316237],
    [7, 0.32383276483316237],
    [0, 0.8444218515250481],
  ])('seeds with %s as Python does', (seed, first) => {
    expect(new PythonRandom(seed).random()).toBe(first);
  });

  it('shuffles, samples from short and long lists, and chooses like Python', () => {
    const random = new PythonRandom(42);
    const items = range(10);
    random.shuffle(items);
    expect(items).toEqual([7, 3, 2, 8, 5, 6, 9, 4, 0, 1]);
    expect(random.sample(range(100), 5)).toEqual([75, 54, 4, 3, 11]);
    expect(random.sample(range(1000), 7)).toEqual([223, 238, 517, 616, 27, 574, 203]);
    expect(random.choice([...'abcdef'])).toBe('f');
  });

  it('draws a fresh sample at each call, from a pool in either of the two ways', () => {
    const random = new PythonRandom(1234);
    expect([1, 2, 3].map(() => random.sample(range(50), 3))).toEqual([
      [49, 28, 7],
      [0, 5, 37],
      [2, 42, 44],
    ]);
    expect(random.sample(range(20), 12)).toEqual([2, 3, 11, 7, 0, 15, 12, 14, 5, 10, 9, 16]);
  });

  it('stays in step after many draws (refilling its state)', () => {
    const random = new PythonRandom(42);
    const documents = range(3270);
    random.shuffle(documents);
    expect(documents.slice(0, 8)).toEqual([145, 2432, 2888, 380, 2414, 1715, 1383, 36]);
    expect(random.sample(range(9427), 5)).toEqual([3228, 7496, 1867, 4298, 8019]);
  });

  it('refuses to draw more than there are', () => {
    expect(() => new PythonRandom(1).sample([1, 2], 3)).toThrow(RangeError);
  });
});
