// A model in words, the same in the picture, the list and the pane.
import { writeSetWidths } from '../../../shared/prune/set-widths.ts';
import type { PruneRecipe } from '../../../shared/recipe.ts';
import { formatBytes, formatCount, formatFixed, formatPercent, formatWhole } from '../../../shared/figures.ts';
import { BENCHMARK_TASKS } from '../../../shared/tasks/benchmarks.ts';
import type { Benchmark } from '../../../shared/tasks/prompt-library.ts';
import { countWord } from '../datasets/words.ts';
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

/**
 * An adapter's name beside its parent's: task and draw where a study named it so, else what follows the parent's name. Other models, and
 * adapters that were given a name, go by it.
 */
export function labelOf({ name, form, tuning }: Pick<LineageNode, 'name' | 'form' | 'tuning'>, parentName: string | undefined): string {
  if (form !== 'adapter') return name;
  const ofStudy = tuning && [tuning.draw, tuning.draw + 1].some((draw) => name.endsWith(`-${tuning.task}-draw-${draw}`)); // 0 came first once
  if (ofStudy) return `${tuning.task}, draw ${tuning.draw + 1}`;
  const prefix = `${parentName ?? ''}-`;
  return parentName && name.startsWith(prefix) && name.length > prefix.length ? name.slice(prefix.length) : name;
}

type Counted = Pick<LineageNode, 'tuning' | 'planned'>;

/** "21 adapters". */
export function foldTitle({ members }: { members: readonly unknown[] }): string {
  return countWord(members.length, 'adapter');
}

/** "one for each of 7 tasks and 3 draws", as far as studies tell and it is so; "" where there is nothing to tell. */
export function foldWords({ members }: { members: readonly Counted[] }): string {
  const places = members.flatMap(({ tuning }) => tuning ?? []);
  const [tasks, draws, pairs] = [
    new Set(places.map(({ task }) => task)).size,
    new Set(places.map(({ draw }) => draw)).size,
    new Set(places.map(({ task, draw }) => JSON.stringify([task, draw]))).size,
  ];
  const among = places.length < members.length ? `${places.length} of them ` : '';
  const coming = members.filter(({ planned }) => planned).length;
  const said: string[] = [];
  if (places.length > 0) {
    const of = [tasks > 1 && countWord(tasks, 'task'), draws > 1 && countWord(draws, 'draw')]
      .filter((part) => part !== false)
      .join(' and ');
    const isEach = pairs === places.length && pairs === tasks * draws && of !== '';
    said.push(
      `${among}${isEach ? `one for each of ${of}` : `for ${countWord(tasks, 'task')}${draws > 1 ? ` and ${countWord(draws, 'draw')}` : ''}`}`,
    );
  }
  if (coming > 0) said.push(`${coming} still to come`);
  return said.join('; ');
}

/** "4", or "3 to 4, sum 22" where layers differ. */
export function spanWords({ least, most, sum }: ModelFacts['ffn']): string {
  const count = (value: number): string => formatWhole(value);
  return least === most ? count(least) : `${count(least)} to ${count(most)}, sum ${count(sum)}`;
}

/** What one measurement says, in its own unit; a benchmark's accuracy is the one that its rules put first, as in a study. */
export function measureWords(summary: ModelFacts['measured'][number]): string {
  switch (summary.kind) {
    case 'choices':
      return `${formatPercent(BENCHMARK_TASKS[summary.name as Benchmark]?.metric === 'acc_norm' ? summary.accNorm : summary.acc)} of ${summary.items}`;
    case 'perplexity':
      return summary.form === 'rolling'
        ? `perplexity ${formatFixed(summary.wordPerplexity, 2)} a word`
        : `perplexity ${formatFixed(summary.tokenPerplexity, 2)}`;
    case 'generation':
      return `${formatPercent(summary.exactMatch)} exact of ${summary.items}`;
  }
}

/** The address of Prune's choices by which a model was cut, so that they can be changed. Layers out of its range are locked. */
export function cutQuery({ criterion, choose }: Pick<PruneRecipe, 'criterion' | 'choose'>, layers: number): Record<string, string> {
  const { target, protectedLayers, layers: range } = choose;
  const share = target.kind === 'ratio' ? target.ratio : target.kind === 'parameters' ? target.fraction : undefined;
  const outside = range ? Array.from({ length: layers }, (_, layer) => layer).filter((at) => at < range.first || at > range.last) : [];
  const locked = [...new Set([...protectedLayers, ...outside])].sort((a, b) => a - b);
  return {
    by: criterion,
    rank: choose.ranking,
    unit: choose.unit,
    reduce: choose.reduction,
    of: target.kind,
    ...(share === undefined ? {} : { at: String(Number((share * 100).toFixed(1))) }),
    lock: locked.join('.') || '.',
    ...(choose.widths?.length ? { set: writeSetWidths(choose.widths) } : {}),
    ...(choose.uniform ? { even: '1' } : {}),
    ...(choose.ffnMultiple > 1 ? { step: String(choose.ffnMultiple) } : {}),
  };
}
