// The family of models as a picture: which column and row each stands in.
import type { MarkedEntry } from './variant-marks.ts';

/** What the picture needs of a model, made or planned. */
export type LineageEntry = MarkedEntry;

/** What a tuning was made for, as its study says. */
export interface TuningPlace {
  readonly task: string;
  readonly draw: number;
}

/** What folding needs beside: only adapters are folded. */
export interface FoldableEntry extends LineageEntry {
  readonly form: 'checkpoint' | 'adapter';
  /** Absent: no study made it. */
  readonly tuning?: TuningPlace | undefined;
}

/** Adapters of one parent that stand as one node. */
export interface Fold<T extends FoldableEntry> {
  readonly id: string;
  readonly parentId: string;
  readonly kind: 'tuned';
  /** Task by task and draw by draw; those of no study last. */
  readonly members: readonly T[];
}

/** So many adapters of one parent become a fold; fewer can be seen at a glance. */
export const FOLD_FROM = 5;

export function isFold<T extends FoldableEntry>(entry: T | Fold<T>): entry is Fold<T> {
  return 'members' in entry;
}

/** Puts a fold in the place of a parent's first adapter where it has `FOLD_FROM` or more. An adapter that others came from stays itself. */
export function foldAdapters<T extends FoldableEntry>(entries: readonly T[]): (T | Fold<T>)[] {
  const ids = new Set(entries.map(({ id }) => id));
  const parents = new Set(entries.map(({ parentId }) => parentId));
  const isFoldable = ({ id, kind, form, parentId }: T): boolean =>
    kind === 'tuned' && form === 'adapter' && parentId !== undefined && ids.has(parentId) && !parents.has(id);
  const groups = Map.groupBy(entries.filter(isFoldable), ({ parentId }) => parentId!);
  return entries.flatMap((entry): (T | Fold<T>)[] => {
    const members = isFoldable(entry) ? groups.get(entry.parentId!)! : [];
    if (members.length < FOLD_FROM) return [entry];
    return members[0] === entry
      ? [{ id: `${entry.parentId!}/adapters`, parentId: entry.parentId!, kind: 'tuned', members: orderByTask(members) }]
      : [];
  });
}

function orderByTask<T extends FoldableEntry>(members: readonly T[]): T[] {
  const tasks = [...new Set(members.flatMap(({ tuning }) => tuning?.task ?? []))];
  const taskOf = ({ tuning }: T): number => (tuning ? tasks.indexOf(tuning.task) : tasks.length);
  return members.toSorted((a, b) => taskOf(a) - taskOf(b) || (a.tuning?.draw ?? 0) - (b.tuning?.draw ?? 0));
}

export interface PlacedEntry<T extends LineageEntry> {
  readonly entry: T;
  /** 0 for those without a parent. */
  readonly column: number;
  /** In rows; a parent stands in the middle of its children, so halves occur. A tall leaf counts as one row there. */
  readonly row: number;
}

export interface Layout<T extends LineageEntry> {
  /** Every parent before its children, in the order in which a list would show them. */
  readonly placed: readonly PlacedEntry<T>[];
  readonly columns: number;
  readonly rows: number;
}

/**
 * Places every entry: children a column to the right of their parent, leaves in rows below each other, in the given order. A leaf may be
 * taller than a row: `rowsOf` says how many it takes; it is placed by the first.
 */
export function layOut<T extends LineageEntry>(entries: readonly T[], rowsOf: (leaf: T) => number = () => 1): Layout<T> {
  const ids = new Set(entries.map(({ id }) => id));
  const children = Map.groupBy(entries, ({ parentId }) => (parentId !== undefined && ids.has(parentId) ? parentId : undefined));
  const placed: PlacedEntry<T>[] = [];
  let rows = 0;
  let columns = 0;
  let flatRows = 0;
  /** Returns the row, and the row that it would be in if every leaf took one. */
  const place = (entry: T, column: number): { row: number; flat: number } => {
    columns = Math.max(columns, column + 1);
    const at = placed.length;
    placed.push({ entry, column, row: 0 });
    const below = (children.get(entry.id) ?? []).map((child) => place(child, column + 1));
    const [first, last] = [below[0], below.at(-1)];
    const flat = first && last ? (first.flat + last.flat) / 2 : flatRows++;
    const row = first ? first.row + flat - first.flat : rows;
    if (!first) rows += rowsOf(entry);
    placed[at] = { entry, column, row };
    return { row, flat };
  };
  for (const root of children.get(undefined) ?? []) place(root, 0);
  return { placed, columns, rows };
}
