// How many KV groups and FFN channels stay in each layer, for a target and its constraints, by a local or a global ranking.
import { AppError } from '../errors.ts';
import type { LayerShape, LlamaConfig } from '../llama-config.ts';
import type { ChooseSettings } from '../recipe.ts';
import type { Kept } from '../scores.ts';
import { countParameters } from '../tensor-names.ts';
import {
  cutConfig,
  ffnChannelParameters,
  fullWidths,
  headsPerGroup,
  kvGroupParameters,
  layersToCut,
  widthsOf,
  withWidths,
} from './groups.ts';
import type { Widths } from './groups.ts';
import { fixedWidth, makeLadder, moveOne, nearestWidth, roundTogether } from './ladder.ts';
import type { Ladder } from './ladder.ts';
import { rankUnits, type RankedBundle } from './rank-units.ts';
import { readSetWidths } from './set-widths.ts';
import { requireReachable } from './target.ts';
import type { Goal } from './target.ts';
import type { UnitScores } from './unit-scores.ts';

/** Layers that are cut to the same widths: one layer, or all of them when widths must be uniform. Costs are parameters of one unit. */
interface Bundle extends RankedBundle {
  readonly kv: Ladder;
  readonly ffn: Ladder;
  readonly kvCost: number;
  readonly ffnCost: number;
  /** Widths before the first step. */
  readonly initial: LayerShape;
}

/** What may be cut, and what a choice of widths (one per bundle) leaves. */
interface Space {
  readonly bundles: readonly Bundle[];
  readonly widths: (kv: readonly number[], ffn: readonly number[]) => Widths;
  readonly parameters: (kv: readonly number[], ffn: readonly number[]) => number;
}

/**
 * Local ranking: every layer in range loses the same share. A nominal ratio is rounded as LLM-Pruner does (pruning.md 2.4). With a budget,
 * KV groups are cut by the share that the budget asks of everything in range, rounded across layers, and FFN channels then meet the
 * budget to within one step. Widths set by hand stay as they are, and the others make up for them. Throws AppError `bad-input` when the budget cannot be met.
 */
export function localWidths(config: LlamaConfig, settings: ChooseSettings, left: Kept, goal: Goal): Widths {
  const space = makeSpace(config, settings, left);
  const { bundles } = space;
  if (goal.kind === 'ratio') {
    const kv = shareOut(bundles, 'kv', ({ kvHeads }) => nominalGroups(kvHeads, config.headSize, goal.ratio));
    return space.widths(
      kv,
      shareOut(bundles, 'ffn', ({ ffn }) => nominalChannels(ffn, goal.ratio)),
    );
  }
  const share = keptShare(config, settings, goal.parameters, bundles);
  const kvWishes = bundles.map(({ initial, isFree, kv }) => (isFree.kv ? initial.kvHeads * share : kv.most));
  return meetBudget(config, space, goal.parameters, kvWishes, (kv) => {
    const base = bundles.map(({ isFree, ffn }) => (isFree.ffn ? 0 : ffn.most));
    const rest = goal.parameters - space.parameters(kv, base);
    const all = bundles.reduce((sum, { initial, ffnCost, isFree }) => sum + (isFree.ffn ? initial.ffn * ffnCost : 0), 0);
    return bundles.map(({ initial, isFree }, b) => (!isFree.ffn ? base[b]! : all > 0 ? (initial.ffn * rest) / all : 0));
  });
}

/** The nominal widths of one kind. Where some are set by hand, the others share out what these leave of the whole, in proportion. */
function shareOut(bundles: readonly Bundle[], kind: 'kv' | 'ffn', nominal: (initial: LayerShape) => number): number[] {
  const ladders = bundles.map((bundle) => bundle[kind]);
  const own = bundles.map(({ initial }) => nominal(initial));
  const fullOf = ({ initial }: Bundle): number => (kind === 'kv' ? initial.kvHeads : initial.ffn);
  const free = bundles.filter(({ isFree }) => isFree[kind]);
  if (free.length === bundles.length) return own.map((width, b) => nearestWidth(ladders[b]!, width));
  const set = bundles.reduce((sum, { isFree }, b) => sum + (isFree[kind] ? 0 : ladders[b]!.most), 0);
  const share = (own.reduce((sum, width) => sum + width, 0) - set) / free.reduce((sum, bundle) => sum + fullOf(bundle), 0);
  return roundTogether(
    bundles.map((bundle, b) => (bundle.isFree[kind] ? fullOf(bundle) * share : ladders[b]!.most)),
    ladders,
  );
}

/**
 * Global ranking: the lowest-scoring units of all layers and both kinds go first, but never the last one of a sub-block. A nominal ratio
 * counts units (LLM-Pruner's, which weighs a KV group against a single channel as it is, pruning.md 2.7); a budget counts their parameters.
 * `units` are indexed as in the unpruned model.
 */
export function globalWidths(config: LlamaConfig, settings: ChooseSettings, left: Kept, goal: Goal, units: UnitScores): Widths {
  if (settings.uniform) {
    throw new AppError('bad-input', 'Uniform widths leave a global ranking nothing to decide; choose local ranking or uneven widths.');
  }
  const space = makeSpace(config, settings, left);
  const { bundles } = space;
  if (goal.kind === 'budget') requireReachable(config, goal.parameters, space.parameters(...rungs(space, 'least')));
  const { slots, tallies, stride } = rankUnits(bundles, settings, left, units);
  const { length } = slots;
  // Slot s is the KV groups of bundle s, and after all of these the FFN channels of bundle s - B.
  const counts = Int32Array.from(rungs(space, 'most').flat());
  const B = bundles.length;
  const widthsNow = (): [kv: number[], ffn: number[]] => [Array.from(counts.subarray(0, B)), Array.from(counts.subarray(B))];
  /** Cuts all units up to the last tally where none was skipped yet and `mayGo` agrees; returns the place behind them. */
  const skipAhead = (mayGo: (tally: Int32Array, place: number) => boolean): number => {
    const isWhole = (tally: Int32Array, t: number): boolean =>
      tally.every((gone, slot) => gone === 0 || gone < counts[slot]!) && mayGo(tally, t * stride);
    const last = Math.max(0, tallies.findLastIndex(isWhole));
    tallies[last]!.forEach((gone, slot) => (counts[slot]! -= gone));
    return last * stride;
  };
  if (goal.kind === 'ratio') {
    const toKeep = nominalChannels(countUnits(settings, bundles), goal.ratio) - countSetUnits(settings, bundles);
    const count = Math.min(length, length - toKeep);
    for (let place = skipAhead((_, place) => place <= count); place < count; place++) {
      const slot = slots[place]!;
      if (counts[slot]! > 1) counts[slot]!--;
    }
    const [kv, ffn] = widthsNow();
    return space.widths(
      kv,
      bundles.map((bundle, b) => nearestWidth(bundle.ffn, ffn[b]!)),
    );
  }
  const costs = Float64Array.from([...bundles.map(({ kvCost }) => kvCost), ...bundles.map(({ ffnCost }) => ffnCost)]);
  const smallest = costs.reduce((a, b) => Math.min(a, b));
  const firstSkipped = new Int32Array(2 * B).fill(length);
  const before = space.parameters(...widthsNow()) - goal.parameters;
  let place = skipAhead((tally) => tally.reduce((sum, gone, slot) => sum + gone * costs[slot]!, 0) <= before);
  let excess = space.parameters(...widthsNow()) - goal.parameters;
  for (; place < length && excess >= smallest; place++) {
    const slot = slots[place]!;
    if (costs[slot]! <= excess && counts[slot]! > 1) {
      counts[slot]!--;
      excess -= costs[slot]!;
    } else if (place < firstSkipped[slot]!) firstSkipped[slot] = place;
  }
  // What is still too much is less than any unit that was skipped and may go: the smallest one settles it, the lowest of equals.
  if (excess > 0) {
    for (let isFound = false; place < length && !isFound; place++) {
      const slot = slots[place]!;
      if (place < firstSkipped[slot]!) firstSkipped[slot] = place;
      isFound = costs[slot] === smallest && counts[slot]! > 1; // those behind it cost no less
    }
    const free = firstSkipped.keys().filter((slot) => firstSkipped[slot]! < length && counts[slot]! > 1);
    const [first] = [...free].sort((a, b) => costs[a]! - costs[b]! || firstSkipped[a]! - firstSkipped[b]!);
    if (first !== undefined) {
      counts[first]!--;
      excess -= costs[first]!;
    }
    // That one may have been large, so that smaller ones went in vain: they come back, highest score first.
    const seen = new Int32Array(2 * B);
    for (place = length - 1; place >= 0 && -excess >= smallest; place--) {
      const slot = slots[place]!;
      if (++seen[slot]! <= counts[slot]! || costs[slot]! > -excess) continue;
      counts[slot]!++;
      excess += costs[slot]!;
    }
  }
  const [kv, ffn] = widthsNow();
  if (settings.ffnMultiple === 1) return space.widths(kv, ffn);
  return meetBudget(config, space, goal.parameters, kv, () => ffn);
}

/** Units of the unpruned model that may be cut. */
function countUnits({ unit }: ChooseSettings, bundles: readonly Bundle[]): number {
  return bundles.reduce((sum, { initial }) => sum + (unit === 'ffn' ? 0 : initial.kvHeads) + (unit === 'attention' ? 0 : initial.ffn), 0);
}

/** Those of them that widths set by hand keep. */
function countSetUnits({ unit }: ChooseSettings, bundles: readonly Bundle[]): number {
  return bundles.reduce(
    (sum, { isFree, kv, ffn }) => sum + (unit === 'ffn' || isFree.kv ? 0 : kv.most) + (unit === 'attention' || isFree.ffn ? 0 : ffn.most),
    0,
  );
}

/** LLM-Pruner keeps int(initial · (1 - ratio)) channels. */
export function nominalChannels(initial: number, ratio: number): number {
  return Math.trunc(initial * (1 - ratio));
}

/** Of heads it removes as many whole ones as fit into the channels to remove, so the rest is rounded up. */
function nominalGroups(initial: number, headSize: number, ratio: number): number {
  const channels = initial * headSize;
  return initial - Math.floor((channels - nominalChannels(channels, ratio)) / headSize);
}

/** Rounds the wishes to ladders so that the parameters stay within the budget and as near to it as one FFN step. */
function meetBudget(
  config: LlamaConfig,
  space: Space,
  budget: number,
  kvWishes: readonly number[],
  ffnWishesFor: (kv: readonly number[]) => readonly number[],
): Widths {
  const { parameters, bundles } = space;
  const [kvLadders, ffnLadders] = [bundles.map(({ kv }) => kv), bundles.map(({ ffn }) => ffn)];
  const [leastKv, leastFfn] = rungs(space, 'least');
  const [, mostFfn] = rungs(space, 'most');
  requireReachable(config, budget, parameters(leastKv, leastFfn));

  let kv = roundTogether(kvWishes, kvLadders);
  // Rounding may cut more KV groups than the whole budget asks for, or too few for the FFN to make up the rest.
  for (let next; parameters(kv, mostFfn) < budget && (next = moveOne(kv, kvWishes, kvLadders, 'up'));) kv = next;
  for (let next; parameters(kv, leastFfn) > budget && (next = moveOne(kv, kvWishes, kvLadders, 'down'));) kv = next;

  const ffnWishes = ffnWishesFor(kv);
  let ffn = ffnWishes.map((wish, b) => nearestWidth(ffnLadders[b]!, wish));
  for (let next; parameters(kv, ffn) > budget && (next = moveOne(ffn, ffnWishes, ffnLadders, 'down'));) ffn = next;
  for (let next; (next = moveOne(ffn, ffnWishes, ffnLadders, 'up')) && parameters(kv, next) <= budget;) ffn = next;
  return space.widths(kv, ffn);
}

/** The share of everything in range whose width is not set by hand that may stay within the budget. */
function keptShare(config: LlamaConfig, settings: ChooseSettings, budget: number, bundles: readonly Bundle[]): number {
  let [excess, prunable] = [countParameters(config) - budget, prunableParameters(config, settings)];
  for (const { isFree, initial, kv, ffn, kvCost, ffnCost } of bundles) {
    const [kvFull, ffnFull] = [isFree.kv ? 0 : initial.kvHeads, isFree.ffn ? 0 : initial.ffn];
    prunable -= kvFull * kvCost + ffnFull * ffnCost;
    if (kvFull > 0) excess -= (kvFull - kv.most) * kvCost;
    if (ffnFull > 0) excess -= (ffnFull - ffn.most) * ffnCost;
  }
  return excess <= 0 || prunable <= 0 ? 1 : Math.max(0, 1 - excess / prunable);
}

/** Parameters of all KV groups and FFN channels that the settings allow to be cut. */
export function prunableParameters(config: LlamaConfig, settings: ChooseSettings): number {
  return layersToCut(config, settings).reduce((sum, i) => {
    const layer = config.layers[i]!;
    const attention = settings.unit === 'ffn' ? 0 : layer.kvHeads * kvGroupParameters(config, layer);
    return sum + attention + (settings.unit === 'attention' ? 0 : layer.ffn * ffnChannelParameters(config));
  }, 0);
}

function makeSpace(config: LlamaConfig, settings: ChooseSettings, left: Kept): Space {
  const present = widthsOf(config, left);
  const sized = { ...config, hiddenSize: present.hidden };
  const cuttable = layersToCut(config, settings).filter((layer) => present.layers[layer] !== null);
  const set = readSetWidths(config, settings);
  if (settings.uniform) requireUniformPossible(config, present, cuttable, settings);
  const bundles = (settings.uniform ? [cuttable] : cuttable.map((layer) => [layer])).map((layers): Bundle => {
    const first = config.layers[layers[0]!]!;
    const narrowest = (widths: Widths): LayerShape => {
      const shapes = layers.map((layer) => widths.layers[layer]!);
      return withWidths(first, Math.min(...shapes.map(({ kvHeads }) => kvHeads)), Math.min(...shapes.map(({ ffn }) => ffn)));
    };
    const now = narrowest(present);
    // transformers 5 refuses a head count that does not divide the hidden size (conventions.md D5).
    const fits = (groups: number): boolean => !settings.uniform || sized.hiddenSize % (groups * headsPerGroup(first)) === 0;
    const own = set.get(layers[0]!);
    const ladderOf = (width: number | undefined, most: number, rule: (width: number) => boolean): Ladder =>
      width === undefined ? makeLadder(most, rule) : fixedWidth(Math.min(width, most));
    return {
      layers,
      isFree: { kv: own?.kvGroups === undefined, ffn: own?.ffn === undefined },
      initial: narrowest(fullWidths(config)),
      kv: settings.unit === 'ffn' ? fixedWidth(now.kvHeads) : ladderOf(own?.kvGroups, now.kvHeads, fits),
      ffn: settings.unit === 'attention' ? fixedWidth(now.ffn) : ladderOf(own?.ffn, now.ffn, (width) => width % settings.ffnMultiple === 0),
      kvCost: layers.reduce((sum, layer) => sum + kvGroupParameters(sized, config.layers[layer]!), 0),
      ffnCost: layers.length * ffnChannelParameters(sized),
    };
  });
  const widths: Space['widths'] = (kv, ffn) => {
    const layers = [...present.layers];
    for (const [b, bundle] of bundles.entries()) {
      for (const layer of bundle.layers) layers[layer] = withWidths(config.layers[layer]!, kv[b]!, ffn[b]!);
    }
    return { ...present, layers };
  };
  const cost = (kv: readonly number[], ffn: readonly number[]): number =>
    bundles.reduce((sum, { kvCost, ffnCost }, b) => sum + kv[b]! * kvCost + ffn[b]! * ffnCost, 0);
  const most = [bundles.map(({ kv }) => kv.most), bundles.map(({ ffn }) => ffn.most)] as const;
  const rest = countParameters(cutConfig(config, widths(...most))) - cost(...most);
  return { bundles, widths, parameters: (kv, ffn) => rest + cost(kv, ffn) };
}

function requireUniformPossible(config: LlamaConfig, { layers }: Widths, cuttable: readonly number[], { unit }: ChooseSettings): void {
  const present = layers.filter((layer) => layer !== null);
  if (cuttable.length < present.length) {
    throw new AppError('bad-input', 'Uniform widths need every layer to be cut alike; leave out the layer range and the protected layers.');
  }
  const perGroup = new Set(present.map(headsPerGroup));
  if (perGroup.size > 1 || new Set(present.map(({ ffn }) => ffn > 0)).size > 1) {
    throw new AppError(
      'bad-input',
      `The layers differ in kind (query heads to a KV group: ${[...perGroup].join(', ')}); cutting cannot make them uniform.`,
    );
  }
  const other = unit === 'ffn' ? 'kvHeads' : unit === 'attention' ? 'ffn' : undefined;
  if (other && new Set(present.map((layer) => layer[other])).size > 1) {
    throw new AppError(
      'bad-input',
      `The layers already differ in ${other}, which this unit leaves alone; cut blocks to make them uniform.`,
    );
  }
}

function rungs({ bundles }: Space, end: 'least' | 'most'): [kv: number[], ffn: number[]] {
  return [bundles.map(({ kv }) => kv[end]), bundles.map(({ ffn }) => ffn[end])];
}
