// Widths on a ladder of allowed steps, and the rounding of wished widths across layers.

/** The widths that a layer may take: those in [least, most] that are `allowed`, both ends among them. */
export interface Ladder {
  readonly least: number;
  readonly most: number;
  readonly allowed: (width: number) => boolean;
}

/** The widths up to `most` that pass `rule`, and `most` itself; at least one unit stays when there was one. */
export function makeLadder(most: number, rule: (width: number) => boolean): Ladder {
  const allowed = (width: number): boolean => width === most || rule(width);
  let least = Math.min(1, most);
  while (!allowed(least)) least++;
  return { least, most, allowed };
}

/** A ladder with one rung: this width stays. */
export function fixedWidth(width: number): Ladder {
  return { least: width, most: width, allowed: (other) => other === width };
}

/** The allowed width nearest to `wish`, the larger of two equally near. */
export function nearestWidth({ least, most, allowed }: Ladder, wish: number): number {
  let below = Math.max(least, Math.min(most, Math.floor(wish)));
  let above = Math.max(least, Math.min(most, Math.ceil(wish)));
  while (!allowed(below)) below--;
  while (!allowed(above)) above++;
  return wish - below < above - wish ? below : above;
}

/**
 * Moves one of the widths by one rung: the one farthest above its wish going down, or below it going up. Of equals, the one nearest the
 * middle, then the later one, goes down first and up last: a model's first layers bear a cut worst, then its last. Undefined when none
 * can move.
 */
export function moveOne(
  widths: readonly number[],
  wishes: readonly number[],
  ladders: readonly Ladder[],
  direction: 'down' | 'up',
): number[] | undefined {
  const sign = direction === 'down' ? 1 : -1;
  const middle = (widths.length - 1) / 2;
  let best = -1;
  for (const [i, width] of widths.entries()) {
    if (width === (direction === 'down' ? ladders[i]!.least : ladders[i]!.most)) continue;
    if (best < 0) {
      best = i;
      continue;
    }
    const gain = sign * (width - wishes[i]! - (widths[best]! - wishes[best]!));
    const centrality = sign * (Math.abs(best - middle) - Math.abs(i - middle));
    if (gain > 0 || (gain === 0 && (centrality > 0 || (centrality === 0 && direction === 'down')))) best = i;
  }
  if (best < 0) return undefined;
  let moved = widths[best]! - sign;
  while (!ladders[best]!.allowed(moved)) moved -= sign;
  return widths.with(best, moved);
}

/** Rounds each wish to its ladder so that the sum comes as near to the wishes' sum as it can: largest remainders go up. */
export function roundTogether(wishes: readonly number[], ladders: readonly Ladder[]): number[] {
  let widths = wishes.map((wish, i) => nearestWidth(ladders[i]!, wish));
  const goal = sum(wishes);
  for (const direction of ['down', 'up'] as const) {
    for (;;) {
      const next = moveOne(widths, wishes, ladders, direction);
      if (next === undefined || Math.abs(sum(next) - goal) >= Math.abs(sum(widths) - goal)) break;
      widths = next;
    }
  }
  return widths;
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
