// Stop strings are found wherever the borders of the pieces fall, and nothing that could begin one is given out early.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scanForStops } from '../../../src/worker/evaluate/stop-strings.ts';

function scan(pieces: readonly string[], stops: readonly string[]): { given: string[]; stopped: boolean } {
  const scanner = scanForStops(stops);
  const given: string[] = [];
  for (const piece of pieces) {
    const { text, stopped } = scanner.push(piece);
    given.push(text);
    if (stopped) return { given, stopped };
  }
  return { given: [...given, scanner.flush()], stopped: false };
}

/** What should be given out of the whole text: up to where the stop string begins that is complete first. */
function cutAtStop(text: string, stops: readonly string[]): { text: string; stopped: boolean } {
  for (let end = 1; end <= text.length; end++) {
    const complete = stops.filter((stop) => stop !== '' && text.slice(0, end).endsWith(stop)).map((stop) => stop.length);
    if (complete.length > 0) return { text: text.slice(0, end - Math.max(...complete)), stopped: true };
  }
  return { text, stopped: false };
}

describe('scanForStops', () => {
  it.each([
    [['one', ' two\n', '\nthree'], ['\n\n'], ['one', ' two', ''], true],
    [['one', ' two\n', 'three'], ['\n\n'], ['one', ' two', '\nthree', ''], false],
    [['aab'], ['ab'], ['a'], true],
    [['ab', 'ab', 'c'], ['ababc'], ['', '', ''], true],
    [['x END y Q'], ['Q', 'END'], ['x '], true],
    [['bcba', 'b'], ['a', 'bab'], ['bcb'], true],
    [['bcbab'], ['a', 'bab'], ['bcb'], true],
    [['text'], [], ['text', ''], false],
    [['text'], [''], ['text', ''], false],
  ])('%j with stops %j gives %j', (pieces, stops, given, stopped) => {
    expect(scan(pieces, stops)).toEqual({ given, stopped });
  });

  it('does not depend on where the pieces begin and end', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 30 });
    const stops = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 4 }), { maxLength: 3 });
    fc.assert(
      fc.property(text, stops, fc.array(fc.nat({ max: 5 }), { maxLength: 20 }), (whole, wanted, cuts) => {
        const pieces: string[] = [];
        let from = 0;
        for (const length of cuts) pieces.push(whole.slice(from, (from += length)));
        pieces.push(whole.slice(from));
        const { given, stopped } = scan(pieces, wanted);
        expect({ text: given.join(''), stopped }).toEqual(cutAtStop(whole, wanted));
      }),
      { examples: [['bcbab', ['a', 'bab'], [4]]] },
    );
  });
});
