// Which colour and shape stands for which variant, so that a cut keeps its look on every page, whether it is tuned or not.

/** A slot of the variant colours and shapes: 0 ● the base's, 1 ■, 2 ▲, 3 ◆. */
export type MarkSlot = 0 | 1 | 2 | 3;

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
}

/**
 * The mark of each entry among its base's whole family, parents first: a cut takes the next of the three slots beside the base's, and what
 * is tuned from it keeps it, filled; a cut that was not tuned is hollow.
 */
export function assignMarks(entries: readonly MarkedEntry[]): ReadonlyMap<string, VariantMark> {
  const marks = new Map<string, VariantMark>();
  const roots = new Map<string, string>();
  const cuts = new Map<string, number>();
  for (const { id, parentId, kind } of entries) {
    const root = (parentId === undefined ? undefined : roots.get(parentId)) ?? id;
    roots.set(id, root);
    if (kind === 'pruned') {
      const earlier = cuts.get(root) ?? 0;
      cuts.set(root, earlier + 1);
      marks.set(id, { slot: ((earlier % 3) + 1) as MarkSlot, hollow: true });
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
