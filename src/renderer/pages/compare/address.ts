// What is open on the page, as its address says it.
import { here, toHash } from '../../state/place.svelte.ts';

/** "ID,ID.ID" as variants: commas part them, and points part the models of one that has an adapter for each task. */
export function parseVariants(text: string): string[][] {
  return text
    .split(',')
    .map((variant) => variant.split('.').filter((id) => id !== ''))
    .filter((ids) => ids.length > 0)
    .filter((ids, at, all) => all.findIndex((other) => other.join() === ids.join()) === at)
    .slice(0, 4);
}

export function writeVariants(variants: readonly (readonly string[])[]): string {
  return variants.map((ids) => ids.join('.')).join(',');
}

type Change = Readonly<Record<string, string | undefined>>;

/** Opens something else on the page; the back button leads back here. */
export function open(change: Change): void {
  here.go('compare', [], { ...here.query, ...change });
}

/** The same for what is not worth a step back, such as the next example. */
export function shift(change: Change): void {
  location.replace(toHash('compare', [], { ...here.query, ...change }));
}

export function placeOf(change: Change): string {
  return toHash('compare', [], { ...here.query, ...change });
}
