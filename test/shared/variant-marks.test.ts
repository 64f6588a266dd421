// Markers follow the cut and its tuning, and never stand for two variants.
import { describe, expect, it } from 'vitest';
import { assignMarks, distinguishMarks, type MarkedEntry, type VariantMark } from '../../src/shared/variant-marks.ts';

const entry = (id: string, kind: MarkedEntry['kind'], parentId?: string): MarkedEntry => ({ id, kind, parentId });
const hollow = (slot: VariantMark['slot']): VariantMark => ({ slot, hollow: true });
const filled = (slot: VariantMark['slot']): VariantMark => ({ slot, hollow: false });

describe('the marks of a family', () => {
  const marks = assignMarks([
    entry('base', 'base'),
    entry('cut20', 'pruned', 'base'),
    entry('cut50', 'pruned', 'base'),
    entry('tuned50', 'tuned', 'cut50'),
    entry('merged50', 'merged', 'tuned50'),
    entry('other', 'base'),
    entry('othercut', 'pruned', 'other'),
    entry('cut35', 'pruned', 'base'),
    entry('cut10', 'pruned', 'base'),
    entry('tuned', 'tuned', 'base'),
  ]);

  it('give each cut of a base a slot of its own, hollow until it is tuned', () => {
    expect(Object.fromEntries(marks)).toEqual({
      base: filled(0),
      cut20: hollow(1),
      cut50: hollow(2),
      tuned50: filled(2),
      merged50: filled(2),
      other: filled(0),
      othercut: hollow(1),
      cut35: hollow(3),
      cut10: hollow(1), // three slots, then anew
      tuned: filled(0),
    });
  });

  it('stay with each cut when a sibling goes; the next cut takes what came free', () => {
    const made = { ...entry('cut50', 'pruned', 'base'), markSlot: 2 } as const;
    const left = [entry('base', 'base'), made, entry('tuned50', 'tuned', 'cut50')];
    expect(Object.fromEntries(assignMarks(left))).toEqual({ base: filled(0), cut50: hollow(2), tuned50: filled(2) });
    expect(assignMarks([entry('base', 'base'), entry('planned', 'pruned', 'base'), made]).get('planned')).toEqual(hollow(1));
    expect(assignMarks([...left, entry('a', 'pruned', 'base'), entry('b', 'pruned', 'cut50')]).get('b')).toEqual(hollow(3));
  });
});

describe('variants side by side', () => {
  it('keep the look that they have in their family, whichever stand beside them', () => {
    const [base, cut50, tuned50] = [
      { origin: 'base', mark: filled(0) },
      { origin: 'cut50', mark: hollow(2) },
      { origin: 'cut50', mark: filled(2) },
    ];
    expect(distinguishMarks([base, cut50, tuned50])).toEqual([filled(0), hollow(2), filled(2)]);
    expect(distinguishMarks([tuned50, cut50])).toEqual([filled(2), hollow(2)]);
  });

  it('that would look alike take the next free slot, and those that would not keep theirs', () => {
    const tunedTwice = { origin: 'a', mark: filled(1) };
    expect(distinguishMarks([{ origin: 'base', mark: filled(0) }, { origin: 'base', mark: filled(0) }, tunedTwice, tunedTwice])).toEqual([
      filled(0),
      filled(2),
      filled(1),
      filled(3),
    ]);
  });

  it('never share a slot between two cuts, even where one is tuned and the other is not', () => {
    expect(
      distinguishMarks([
        { origin: 'first', mark: hollow(1) },
        { origin: 'fourth', mark: filled(1) },
        { origin: 'fourth', mark: hollow(1) },
      ]),
    ).toEqual([hollow(1), filled(2), hollow(2)]);
  });
});
