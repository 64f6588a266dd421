// A model in words, the same in the picture, the list and the pane.
import { formatBytes, formatCount, formatPercent } from '../../../shared/figures.ts';
import type { LineageNode, ModelFacts } from './additions.svelte.ts';

const KINDS: Readonly<Record<LineageNode['kind'], string>> = { base: 'Base', pruned: 'Cut', tuned: 'Tuned', merged: 'Merged' };

export function kindOf({ kind, form }: Pick<LineageNode, 'kind' | 'form'>): string {
  return kind === 'tuned' && form === 'adapter' ? 'Tuned, adapter' : KINDS[kind];
}

/** What a model that is still to be made waits for. */
export function planWords({ kind, planned }: LineageNode): string {
  if (planned === 'running') return kind === 'pruned' ? 'Being cut now' : 'Tuning now';
  return 'Planned, in the queue';
}

export function parametersOf({ parameters }: LineageNode): string {
  return parameters === undefined ? 'not made yet' : formatCount(parameters);
}

export function leftOf({ left }: Pick<LineageNode, 'left'>): string {
  return left === undefined ? '' : formatPercent(left);
}

export function sizeOf(node: LineageNode): string {
  return node.planned ? '' : formatBytes(node.sizeBytes);
}

/** "4", or "3 to 4, sum 22" where layers differ. */
export function spanWords({ least, most, sum }: ModelFacts['ffn']): string {
  const count = (value: number): string => value.toLocaleString('en');
  return least === most ? count(least) : `${count(least)} to ${count(most)}, sum ${count(sum)}`;
}

/** What one measurement says, in its own unit. */
export function measureWords(summary: ModelFacts['measured'][number]): string {
  switch (summary.kind) {
    case 'choices':
      return `${formatPercent(summary.acc)} of ${summary.items}`;
    case 'perplexity':
      return `${(summary.form === 'rolling' ? summary.wordPerplexity : summary.tokenPerplexity).toFixed(2)} ${summary.form === 'rolling' ? 'a word' : 'a token'}`;
    case 'generation':
      return `${formatPercent(summary.exactMatch)} exact of ${summary.items}`;
  }
}
