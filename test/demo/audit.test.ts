// The search for many strings at once finds exactly what a plain search finds.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { auditOverlap, makeFinder } from '../../src/demo/audit.ts';

/** How often any of the needles begins somewhere in the text. */
function countPlainly(text: string, needles: readonly string[]): number {
  let found = 0;
  for (let i = 0; i < text.length; i++) for (const needle of new Set(needles)) if (text.startsWith(needle, i)) found++;
  return found;
}

it('agrees with a plain search on any text and any needles', () => {
  // Few letters, so that needles overlap, repeat and are parts of each other.
  const letters = fc.constantFrom('a', 'b', ' ', 'é');
  const needle = fc.string({ unit: letters, minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(fc.string({ unit: letters, maxLength: 300 }), fc.array(needle, { minLength: 1, maxLength: 8 }), (text, needles) => {
      const planted = `${text}${needles[0]!}${text}`;
      expect(makeFinder(needles)(planted)).toBe(countPlainly(planted, needles));
    }),
  );
});

it('counts over all documents, and nothing where nothing is held out', () => {
  expect(auditOverlap(['a kettle', 'kettles and kettles'], ['kettle', 'spade'])).toBe(3);
  expect(auditOverlap(['a kettle'], [])).toBe(0);
});

it('refuses an empty string', () => {
  expect(() => makeFinder(['kettle', ''])).toThrow(RangeError);
});
