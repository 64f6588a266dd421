// The heat map's geometry: units in cells, cells in seven steps of importance, and the outline of what a cut takes away.

/** Steps of importance that a map tells apart. */
export const HEAT_STEPS = 7;
/** The width of the bar where a width is set by hand. */
const HAND_PX = 5;
/** A row has at most about this many cells. */
const MAX_CELLS = 40;

/** Where cells lie: `size` units to a cell, `columns` cells to the longest row. */
export interface Cells {
  readonly size: number;
  readonly columns: number;
}

/** Cells for rows of these many units. */
export function divide(counts: readonly number[]): Cells {
  const most = Math.max(1, ...counts);
  const size = Math.ceil(most / MAX_CELLS);
  return { size, columns: Math.ceil(most / size) };
}

/** The mean of each cell's scores, in the order in which they are drawn. */
export function meansOf(scores: Float64Array, size: number): Float64Array {
  const means = new Float64Array(Math.ceil(scores.length / size));
  for (let cell = 0; cell < means.length; cell++) {
    const end = Math.min(scores.length, (cell + 1) * size);
    let sum = 0;
    for (let i = cell * size; i < end; i++) sum += scores[i]!;
    means[cell] = sum / (end - cell * size);
  }
  return means;
}

/** Each mean's step, 0 the least important: a seventh of all cells has each, equal means the same one. */
export function stepsOf(rows: readonly Float64Array[]): Uint8Array[] {
  const sorted = Float64Array.from(rows.flatMap((row) => [...row])).sort();
  const step = (mean: number): number => {
    let [low, high] = [0, sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sorted[middle]! < mean) low = middle + 1;
      else high = middle;
    }
    return Math.min(HEAT_STEPS - 1, Math.floor((low * HEAT_STEPS) / sorted.length));
  };
  return rows.map((row) => Uint8Array.from(row, step));
}

/** One path per step, in cells: a square for each cell of that step. */
export function stepPaths(rows: readonly Uint8Array[]): string[] {
  const paths = Array.from({ length: HEAT_STEPS }, () => '');
  for (const [y, row] of rows.entries()) for (const [x, step] of row.entries()) paths[step]! += `M${x} ${y}h1v1h-1z`;
  return paths;
}

/** A row's units and how many of them stay; a width of 0 is a row that goes. */
export interface CutRow {
  readonly count: number;
  readonly width: number;
}

/** Drawn by rank: a bar across the line in each row that is set by hand. */
export function handMarks(rows: readonly CutRow[], isSet: (row: number) => boolean, { size }: Cells, dx: number, dy: number): string {
  let marks = '';
  for (const [y, { width }] of rows.entries())
    if (isSet(y))
      marks += `M${round((width / size) * dx - HAND_PX / 2)} ${round(y * dy + 1)}h${HAND_PX}v${round(Math.max(1, dy - 2))}h-${HAND_PX}z`;
  return marks;
}

/** Drawn by rank: the line between what stays and what goes, and the area that goes, for cells of `dx` by `dy`. */
export function outlineByRank(rows: readonly CutRow[], { size }: Cells, dx: number, dy: number): { line: string; gone: string } {
  let [line, gone] = ['', ''];
  for (const [y, { count, width }] of rows.entries()) {
    const [x, end] = [round((width / size) * dx), round((count / size) * dx)];
    const [top, bottom] = [round(y * dy), round((y + 1) * dy)];
    line += `${y === 0 ? 'M' : 'H'}${x}${y === 0 ? ` ${top}` : ''}V${bottom}`;
    if (width < count) gone += `M${x} ${top}H${end}V${bottom}H${x}z`;
  }
  return { line, gone };
}

/** Drawn by index: in each cell the share that goes, from its right edge. `ranks` say which units go: those from the width on. */
export function goneByIndex(rows: readonly (CutRow & { readonly ranks: Uint32Array })[], { size }: Cells, dx: number, dy: number): string {
  let gone = '';
  for (const [y, { count, width, ranks }] of rows.entries()) {
    if (width >= count) continue;
    const [top, bottom] = [round(y * dy), round((y + 1) * dy)];
    for (let first = 0; first < count; first += size) {
      const last = Math.min(count, first + size);
      let lost = 0;
      for (let i = first; i < last; i++) if (ranks[i]! >= width) lost++;
      if (lost === 0) continue;
      const end = (last / size) * dx;
      gone += `M${round(end - (lost / size) * dx)} ${top}H${round(end)}V${bottom}H${round(end - (lost / size) * dx)}z`;
    }
  }
  return gone;
}

/** How many units two criteria both keep, and how many either keeps. */
export interface Agreement {
  readonly both: number;
  readonly either: number;
}

/**
 * Counts where two rankings of the same units agree, at any two widths. It goes on from the widths asked for before, so that a small
 * move of the slider costs no more than the units that it moves.
 */
export function makeAgreement(a: Uint32Array, b: Uint32Array): (widthOfA: number, widthOfB: number) => Agreement {
  const [byA, byB] = [invert(a), invert(b)];
  let [inA, inB, both] = [0, 0, 0];
  return (widthOfA, widthOfB) => {
    for (; inA < widthOfA; inA++) if (b[byA[inA]!]! < inB) both++;
    for (; inA > widthOfA; inA--) if (b[byA[inA - 1]!]! < inB) both--;
    for (; inB < widthOfB; inB++) if (a[byB[inB]!]! < inA) both++;
    for (; inB > widthOfB; inB--) if (a[byB[inB - 1]!]! < inA) both--;
    return { both, either: inA + inB - both };
  };
}

/** The unit at each rank. */
function invert(ranks: Uint32Array): Uint32Array {
  const units = new Uint32Array(ranks.length);
  for (const [unit, rank] of ranks.entries()) units[rank] = unit;
  return units;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
