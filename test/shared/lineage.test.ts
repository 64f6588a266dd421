// The picture of the lineage: columns and rows.
import { expect, it } from 'vitest';
import { foldAdapters, isFold, layOut, type FoldableEntry, type LineageEntry } from '../../src/shared/lineage.ts';

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

const plain = (id: string, kind: LineageEntry['kind'], parentId?: string): FoldableEntry => ({
  ...entry(id, kind, parentId),
  form: 'checkpoint',
});
const adapter = (parentId: string, task: string, draw: number): FoldableEntry => ({
  ...entry(`${parentId}-${task}-${draw}`, 'tuned', parentId),
  form: 'adapter',
  tuning: { task, draw },
});
const adaptersOf = (parentId: string, draws: number): FoldableEntry[] =>
  Array.from({ length: draws }, (_, draw) => ['boolq', 'piqa'].map((task) => adapter(parentId, task, draw))).flat();

it('folds adapters of one parent from the fifth on, in the first one’s place, task by task', () => {
  const four = adaptersOf('base', 2);
  expect(foldAdapters([plain('base', 'base'), ...four])).toEqual([plain('base', 'base'), ...four]);

  const folded = foldAdapters([plain('base', 'base'), plain('cut', 'pruned', 'base'), ...adaptersOf('cut', 3), ...four]);
  expect(folded.map(({ id }) => id)).toEqual(['base', 'cut', 'cut/adapters', ...four.map(({ id }) => id)]);
  const fold = folded.find(isFold)!;
  expect(fold).toMatchObject({ parentId: 'cut', kind: 'tuned' });
  expect(fold.members.map(({ tuning }) => `${tuning!.task} ${tuning!.draw}`)).toEqual(
    ['boolq 0', 'boolq 1', 'boolq 2', 'piqa 0', 'piqa 1', 'piqa 2'], //
  );
});

it('leaves an adapter that others came from, whole checkpoints and orphans as they are', () => {
  const family = [
    plain('base', 'base'),
    ...adaptersOf('base', 3),
    plain('merged', 'merged', 'base-piqa-1'),
    plain('full', 'tuned', 'base'),
    ...adaptersOf('gone', 3),
  ];
  const folded = foldAdapters(family);
  expect(folded.find(isFold)!.members.map(({ id }) => id)).not.toContain('base-piqa-1');
  expect(folded.filter((one) => !isFold(one)).map(({ id }) => id)).toEqual([
    'base',
    'base-piqa-1',
    'merged',
    'full',
    ...adaptersOf('gone', 3).map(({ id }) => id),
  ]);
});

it('lets a tall leaf push only what is below it', () => {
  const rowOf = (height: number) => {
    const { placed, rows } = layOut(FAMILY, ({ id }) => (id === 'tuned20b' ? height : 1));
    return { rows, ...Object.fromEntries(placed.map(({ entry: { id }, row }) => [id, row])) };
  };
  expect(rowOf(1)).toEqual({ rows: 3, base: 1.25, cut20: 0.5, tuned20a: 0, tuned20b: 1, cut50: 2, tuned50: 2 });
  expect(rowOf(6)).toEqual({ rows: 8, base: 1.25, cut20: 0.5, tuned20a: 0, tuned20b: 1, cut50: 7, tuned50: 7 });
});
