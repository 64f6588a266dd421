// Where a chart's labels stand, so that they cover neither each other nor what they name.

/** Labels that share a stretch stand at least this far apart. */
const LINE = 13;
/** Width of a letter of a label, about. */
const LETTER = 6;
/** A label's baseline is this far below its middle. */
const DROP = 4;
/** Between a marker's middle and its label. */
const BESIDE = 12;
/** Between a reference line and the middle of a label that would cover it. */
const CLEAR = 9;
/** Reference labels stand this far from the plot's edges, so far over their line, or so far under it. */
const INSET = 5;
const UNDER = 13;

/** A stretch of the drawing that is taken. */
export interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** A label at its place: `x` and `y` as SVG's text has them. */
export interface Label {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly anchor: 'start' | 'middle' | 'end';
}

/** The room that a label takes. */
export function boxOf({ text, x, y, anchor }: Label): Box {
  const length = text.length * LETTER;
  const left = x - { start: 0, middle: length / 2, end: length }[anchor];
  return { left, right: left + length, top: y - 11, bottom: y + 3 };
}

const overlap = (a: Box, b: Box): boolean => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
const besideEachOther = (a: Box, b: Box): boolean => a.left < b.right && b.left < a.right;

/**
 * The names of points in the points' order: to the right of them, to the left where the edge is near, pushed down where they would
 * cover each other or a level's line, which goes as far as `width`.
 */
export function placeNames(
  points: readonly { readonly x: number; readonly y: number; readonly text: string }[],
  edge: number,
  width = 0,
  levels: readonly number[] = [],
): Label[] {
  const placed = points.map(({ x, y, text }, index) => {
    const isLeft = x + BESIDE + text.length * LETTER > edge;
    return { index, text, x: isLeft ? x - BESIDE : x + BESIDE, y: y + DROP, anchor: isLeft ? ('end' as const) : ('start' as const) };
  });
  const done: typeof placed = [];
  for (const label of placed.toSorted((a, b) => a.y - b.y)) {
    for (const level of levels) if (boxOf(label).left < width && Math.abs(label.y - DROP - level) < CLEAR) label.y = level + LINE + 2;
    for (const other of done)
      if (besideEachOther(boxOf(label), boxOf(other)) && label.y - other.y < LINE) label.y = Math.max(label.y, other.y + LINE);
    done.push(label);
  }
  return placed;
}

/**
 * The names of level lines across a plot: over or under their lines, at either end or in the middle; the first of these places where a
 * name covers nothing that is taken, or else covers least. Names take room from the names after them.
 */
export function placeLevels(
  levels: readonly { readonly y: number; readonly text: string }[],
  width: number,
  height: number,
  taken: readonly Box[],
): Label[] {
  const full = [...taken];
  return levels.map(({ y, text }) => {
    const places = (['start', 'end', 'middle'] as const).flatMap((anchor) =>
      [y - INSET, y + UNDER].map((at) => ({
        text,
        anchor,
        x: { start: INSET, middle: width / 2, end: width - INSET }[anchor],
        y: at,
      })),
    );
    const covered = (place: Label): number => full.filter((box) => overlap(box, boxOf(place))).length + (place.y >= height ? Infinity : 0);
    const best = places.reduce((least, place) => (covered(place) < covered(least) ? place : least));
    full.push(boxOf(best));
    return best;
  });
}
