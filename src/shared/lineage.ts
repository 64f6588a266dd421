// The family of models as a picture: which column and row each stands in, and the mark by which it is known.

/** What the picture needs of a model, made or planned. */
export interface LineageEntry {
  readonly id: string;
  readonly parentId: string | undefined;
  readonly kind: 'base' | 'pruned' | 'tuned' | 'merged';
}

/** A slot of the variant colours and shapes; 0 is the base's. */
export type MarkSlot = 0 | 1 | 2 | 3;

export interface PlacedEntry<T extends LineageEntry> {
  readonly entry: T;
  /** 0 for those without a parent. */
  readonly column: number;
  /** In rows; a parent stands in the middle of its children, so halves occur. */
  readonly row: number;
}

export interface Layout<T extends LineageEntry> {
  /** Every parent before its children, in the order in which a list would show them. */
  readonly placed: readonly PlacedEntry<T>[];
  readonly columns: number;
  readonly rows: number;
}

/** Places every entry: children a column to the right of their parent, leaves in rows below each other, in the given order. */
export function layOut<T extends LineageEntry>(entries: readonly T[]): Layout<T> {
  const ids = new Set(entries.map(({ id }) => id));
  const children = Map.groupBy(entries, ({ parentId }) => (parentId !== undefined && ids.has(parentId) ? parentId : undefined));
  const placed: PlacedEntry<T>[] = [];
  let rows = 0;
  let columns = 0;
  const place = (entry: T, column: number): number => {
    columns = Math.max(columns, column + 1);
    const at = placed.length;
    placed.push({ entry, column, row: 0 });
    const below = (children.get(entry.id) ?? []).map((child) => place(child, column + 1));
    const row = below.length > 0 ? (below[0]! + below.at(-1)!) / 2 : rows++;
    placed[at] = { entry, column, row };
    return row;
  };
  for (const root of children.get(undefined) ?? []) place(root, 0);
  return { placed, columns, rows };
}

/**
 * The mark of each entry: a cut takes the next of the three slots beside the base's, and what is tuned from it keeps it, filled;
 * a cut that was not tuned is hollow.
 */
export function assignMarks(entries: readonly LineageEntry[]): ReadonlyMap<string, { readonly slot: MarkSlot; readonly hollow: boolean }> {
  const marks = new Map<string, { slot: MarkSlot; hollow: boolean }>();
  let cuts = 0;
  for (const { id, parentId, kind } of entries) {
    if (kind === 'base') marks.set(id, { slot: 0, hollow: false });
    else if (kind === 'pruned') marks.set(id, { slot: ((cuts++ % 3) + 1) as MarkSlot, hollow: true });
    else marks.set(id, { slot: (parentId === undefined ? undefined : marks.get(parentId)?.slot) ?? 0, hollow: false });
  }
  return marks;
}
