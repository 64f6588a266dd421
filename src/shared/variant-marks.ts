// Which colour and shape stands for which variant, so that a cut keeps its look whether it is tuned or not.

/** A variant's slot (0 ● base, 1 ■, 2 ▲, 3 ◆), and whether its marker is drawn hollow. */
export interface VariantMark {
  readonly slot: 0 | 1 | 2 | 3;
  readonly hollow: boolean;
}

/** What decides a marker: which cut the variant stands on (undefined: none), and whether it is tuned. */
export interface MarkedVariant {
  readonly cut: string | undefined;
  readonly tuned: boolean;
}

const SLOTS = [0, 1, 2, 3] as const;

/**
 * The markers of up to four variants: no cut is the filled disc, each cut takes the next slot, hollow is untuned and filled is tuned.
 * Two variants that would look alike are told apart by the next free slot.
 */
export function assignMarks(variants: readonly MarkedVariant[]): VariantMark[] {
  const slots = new Map<string, number>();
  const taken = new Set<string>();
  return variants.map(({ cut, tuned }) => {
    if (cut !== undefined && !slots.has(cut)) slots.set(cut, Math.min(slots.size + 1, SLOTS.length - 1));
    const hollow = cut !== undefined && !tuned;
    const wanted = cut === undefined ? 0 : slots.get(cut)!;
    const free = [wanted, ...SLOTS].find((slot) => !taken.has(`${slot} ${hollow}`)) ?? wanted;
    taken.add(`${free} ${hollow}`);
    return { slot: free as VariantMark['slot'], hollow };
  });
}
