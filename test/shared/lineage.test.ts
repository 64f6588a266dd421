// The picture of the lineage: columns, rows and marks.
import { expect, it } from 'vitest';
import { assignMarks, layOut, type LineageEntry } from '../../src/shared/lineage.ts';

const entry = (id: string, kind: LineageEntry['kind'], parentId?: string): LineageEntry => ({ id, kind, parentId });
const FAMILY = [
  entry('base', 'base'),
  entry('cut20', 'pruned', 'base'),
  entry('cut50', 'pruned', 'base'),
  entry('tuned50', 'tuned', 'cut50'),
  entry('tuned20a', 'tuned', 'cut20'),
  entry('tuned20b', 'merged', 'cut20'),
];

it('places children to the right of their parent, and a parent in the middle of them', () => {
  const { placed, columns, rows } = layOut(FAMILY);
  expect({ columns, rows }).toEqual({ columns: 3, rows: 3 });
  expect(placed.map(({ entry: { id }, column, row }) => [id, column, row])).toEqual([
    ['base', 0, 1.25],
    ['cut20', 1, 0.5],
    ['tuned20a', 2, 0],
    ['tuned20b', 2, 1],
    ['cut50', 1, 2],
    ['tuned50', 2, 2],
  ]);
});

it('makes a root of an entry whose parent is not shown', () => {
  expect(layOut([entry('orphan', 'tuned', 'gone')]).placed).toEqual([{ entry: entry('orphan', 'tuned', 'gone'), column: 0, row: 0 }]);
  expect(layOut([])).toEqual({ placed: [], columns: 0, rows: 0 });
});

it('gives each cut a mark of its own, and what is tuned from it the same mark filled', () => {
  const marks = assignMarks([
    ...FAMILY,
    entry('cut35', 'pruned', 'base'),
    entry('cut10', 'pruned', 'base'),
    entry('tuned', 'tuned', 'base'),
  ]);
  expect(marks.get('base')).toEqual({ slot: 0, hollow: false });
  expect(marks.get('cut20')).toEqual({ slot: 1, hollow: true });
  expect(marks.get('tuned20b')).toEqual({ slot: 1, hollow: false });
  expect(marks.get('tuned50')).toEqual({ slot: 2, hollow: false });
  expect(marks.get('cut35')).toEqual({ slot: 3, hollow: true });
  expect(marks.get('cut10')).toEqual({ slot: 1, hollow: true }); // three slots, then anew
  expect(marks.get('tuned')).toEqual({ slot: 0, hollow: false });
});
