// Which colour and shape stands for which variant, so that a cut keeps its look on every page, whether it is tuned or not.

/** A slot of the variant colours and shapes: 0 ● the base's, 1 ■, 2 ▲, 3 ◆. */
export type MarkSlot = 0 | 1 | 2 | 3;

/** A slot beside the base's. */
export type CutSlot = Exclude<MarkSlot, 0>;

/** A variant's slot, and whether its marker is drawn hollow. */
export interface VariantMark {
  readonly slot: MarkSlot;
  readonly hollow: boolean;
}

/** What the marks of a family follow: who came from whom, and how. */
export interface MarkedEntry {
  readonly id: string;
  readonly parentId: string | undefined;
  readonly kind: 'base' | 'pruned' | 'tuned' | 'merged';
  /** The slot that a cut was given when it was made; absent where it is not made yet. */
  readonly markSlot?: CutSlot | undefined;
}

/**
 * The mark of each entry among its base's whole family, parents first: a cut keeps the slot that it was given, a new one takes the first of
 * the three beside the base's that the fewest have; what is tuned from it has the same, filled. A cut that was not tuned is hollow.
 */
export function assignMarks(entries: readonly MarkedEntry[]): ReadonlyMap<string, VariantMark> {
  const marks = new Map<string, VariantMark>();
  const roots = new Map<string, string>();
  /** How many cuts of each root have slot 1, 2 and 3. */
  const counts = new Map<string, [number, number, number]>();
  for (const { id, parentId, markSlot } of entries) {
    const root = (parentId === undefined ? undefined : roots.get(parentId)) ?? id;
    roots.set(id, root);
    if (!counts.has(root)) counts.set(root, [0, 0, 0]);
    if (markSlot) counts.get(root)![markSlot - 1]! += 1;
  }
  for (const { id, parentId, kind, markSlot } of entries) {
    if (kind === 'pruned') {
      const used = counts.get(roots.get(id)!)!;
      const index = used.indexOf(Math.min(...used));
      if (!markSlot) used[index]! += 1;
      marks.set(id, { slot: markSlot ?? ((index + 1) as CutSlot), hollow: true });
    } else marks.set(id, { slot: (kind === 'base' || parentId === undefined ? undefined : marks.get(parentId)?.slot) ?? 0, hollow: false });
  }
  return marks;
}

/** A variant's own mark, and the cut or base that it shares its slot with. */
export interface Marked {
  readonly origin: string;
  readonly mark: VariantMark;
}

const SLOTS = [1, 2, 3, 0] as const;

/** The marks as shown side by side: where two would look alike, or two cuts would share a slot, the later one takes the next free slot. */
export function distinguishMarks(variants: readonly Marked[]): VariantMark[] {
  const owners = new Map<MarkSlot, string>();
  const taken = new Set<string>();
  function take(slot: MarkSlot, { origin, mark: { hollow } }: Marked): VariantMark {
    if (!owners.has(slot)) owners.set(slot, origin);
    taken.add(`${slot} ${hollow}`);
    return { slot, hollow };
  }
  const isFree = (slot: MarkSlot, { mark }: Marked): boolean => !taken.has(`${slot} ${mark.hollow}`);
  const own = variants.map((variant) => {
    const { slot } = variant.mark;
    return (owners.get(slot) ?? variant.origin) === variant.origin && isFree(slot, variant) ? take(slot, variant) : undefined;
  });
  return own.map((mark, index) => {
    if (mark) return mark;
    const variant = variants[index]!;
    const free =
      SLOTS.find((slot) => owners.get(slot) === variant.origin && isFree(slot, variant)) ?? SLOTS.find((slot) => !owners.has(slot));
    return take(free ?? variant.mark.slot, variant);
  });
}
