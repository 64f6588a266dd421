// Widths of single layers that a person sets by hand: what they may be, their share at a step, how they are written, what they do to a target.
import { AppError } from '../errors.ts';
import { formatPercent } from '../figures.ts';
import type { LlamaConfig } from '../llama-config.ts';
import type { ChooseSettings, SetWidth } from '../recipe.ts';
import { countParameters } from '../tensor-names.ts';
import { cutConfig, layersToCut } from './groups.ts';
import type { Widths } from './groups.ts';
import { goalOf } from './target.ts';

/** What a width counts in a layer. */
export type WidthKind = 'kvGroups' | 'ffn';
const KINDS: readonly WidthKind[] = ['kvGroups', 'ffn'];
/** How a kind is called where widths are written in short. */
const SHORT: Readonly<Record<WidthKind, string>> = { kvGroups: 'kv', ffn: 'ffn' };
/** Where a layer's shape holds it. */
const FIELDS = { kvGroups: 'kvHeads', ffn: 'ffn' } as const;
/** A target is met when nothing is amiss in a percentage of one decimal. */
const TOLERANCE = 5e-4;
const NOUNS: Readonly<Record<WidthKind, string>> = { kvGroups: 'KV groups', ffn: 'FFN channels' };

/** Whether the settings cut units of this kind at all, so that single widths of it may be set. */
export function isCutKind({ unit }: Pick<ChooseSettings, 'unit'>, kind: WidthKind): boolean {
  return unit === 'block' || unit === (kind === 'ffn' ? 'ffn' : 'attention');
}

/** The units of `kind` in a layer of the unpruned model. */
export function fullWidth(config: LlamaConfig, layer: number, kind: WidthKind): number {
  return config.layers[layer]?.[FIELDS[kind]] ?? 0;
}

/** The set widths by layer. Throws AppError `bad-input` where they do not fit the model or the other settings. */
export function readSetWidths(config: LlamaConfig, settings: ChooseSettings): ReadonlyMap<number, SetWidth> {
  const set = new Map<number, SetWidth>();
  if (settings.widths === undefined || settings.widths.length === 0) return set;
  if (settings.uniform)
    throw new AppError('bad-input', 'Uniform widths leave no single layer’s to be set by hand; ask for one of the two.');
  const cuttable = layersToCut(config, settings);
  for (const own of settings.widths) {
    const { layer } = own;
    if (layer >= config.layers.length)
      throw new AppError('bad-input', `A width is set for layer ${layer}, but the layers are 0-${config.layers.length - 1}.`);
    if (!cuttable.includes(layer))
      throw new AppError('bad-input', `A width is set for layer ${layer}, which is kept whole; let that layer be cut, or drop its width.`);
    if (set.has(layer)) throw new AppError('bad-input', `Layer ${layer} is named twice among the set widths; name each layer once.`);
    for (const kind of KINDS) {
      const [width, full] = [own[kind], fullWidth(config, layer, kind)];
      if (width === undefined) continue;
      if (!isCutKind(settings, kind))
        throw new AppError('bad-input', `A width of ${NOUNS[kind]} is set for layer ${layer}, but the unit “${settings.unit}” cuts none.`);
      if (width > full)
        throw new AppError('bad-input', `Layer ${layer} has ${full} ${NOUNS[kind]}; ${width} cannot be kept. Set from 1 to ${full}.`);
    }
    set.set(layer, own);
  }
  return set;
}

/** The set widths at step `step` of `steps` (1-based): the same share of the whole way each time, as the target has it. */
export function widthsAtStep(config: LlamaConfig, widths: readonly SetWidth[], step: number, steps: number): SetWidth[] {
  return widths.map((own) => {
    const part = (kind: WidthKind): number => {
      const full = fullWidth(config, own.layer, kind);
      return full - Math.floor(((full - own[kind]!) * step) / steps);
    };
    return {
      layer: own.layer,
      ...(own.kvGroups === undefined ? {} : { kvGroups: part('kvGroups') }),
      ...(own.ffn === undefined ? {} : { ffn: part('ffn') }),
    };
  });
}

/** The widths with one of them set, or given back to the ranking where `width` is undefined; ordered by layer. */
export function withSetWidth(widths: readonly SetWidth[], layer: number, kind: WidthKind, width: number | undefined): SetWidth[] {
  const { kvGroups, ffn }: Omit<SetWidth, 'layer'> = { ...widths.find((one) => one.layer === layer), [kind]: width };
  const own = { layer, ...(kvGroups === undefined ? {} : { kvGroups }), ...(ffn === undefined ? {} : { ffn }) };
  const others = widths.filter((one) => one.layer !== layer);
  return [...others, ...(kvGroups === undefined && ffn === undefined ? [] : [own])].sort((a, b) => a.layer - b.layer);
}

/** "3:kv=2,3:ffn=96": how set widths stand in an address and on a command line. */
export function writeSetWidths(widths: readonly SetWidth[]): string {
  return widths
    .flatMap((own) => KINDS.flatMap((kind) => (own[kind] === undefined ? [] : `${own.layer}:${SHORT[kind]}=${own[kind]}`)))
    .join();
}

/** Reads what `writeSetWidths` writes. Throws AppError `bad-input` at what is not so written. */
export function parseSetWidths(text: string): SetWidth[] {
  let widths: SetWidth[] = [];
  for (const part of text.split(',').filter(Boolean)) {
    const [, layer, short, width] = /^(\d{1,6}):(kv|ffn)=(\d{1,9})$/.exec(part.trim()) ?? [];
    if (layer === undefined || !(Number(width) >= 1))
      throw new AppError(
        'bad-input',
        `“${part}” sets no width. Write LAYER:kv=GROUPS or LAYER:ffn=CHANNELS, at least 1, such as 3:ffn=96.`,
      );
    widths = withSetWidth(widths, Number(layer), short === 'kv' ? 'kvGroups' : 'ffn', Number(width));
  }
  return widths;
}

/**
 * Why `widths` miss the target though the free layers went as far as they can: the set widths take more than it asks for, or leave more.
 * Undefined where it is met. Parameters over a budget never come here: `requireReachable` refuses them.
 */
export function judgeTarget(config: LlamaConfig, settings: ChooseSettings, widths: Widths, dtypeBytes: number): string | undefined {
  const set = readSetWidths(config, settings);
  if (set.size === 0) return undefined;
  const goal = goalOf(config, settings.target, dtypeBytes);
  const kinds = KINDS.filter((kind) => isCutKind(settings, kind));
  // A local ratio is each kind's own; every other target counts both together.
  const together = goal.kind === 'ratio' && settings.ranking === 'local' ? kinds.map((kind) => [kind]) : [kinds];
  for (const some of together) {
    const units = layersToCut(config, settings).flatMap((layer) =>
      some.map((kind) => {
        const [full, kept] = [fullWidth(config, layer, kind), widths.layers[layer]?.[FIELDS[kind]] ?? 0];
        const least = kind === 'ffn' ? Math.min(full, settings.ffnMultiple) : 1;
        return { full, kept, least, isSet: set.get(layer)?.[kind] !== undefined };
      }),
    );
    const free = units.filter(({ isSet }) => !isSet);
    const total = (of: 'full' | 'kept'): number => units.reduce((sum, one) => sum + one[of], 0);
    const [asked, reached] =
      goal.kind === 'ratio'
        ? [goal.ratio, 1 - total('kept') / total('full')]
        : [goal.parameters, countParameters(cutConfig(config, widths))].map((left) => 1 - left / countParameters(config));
    const what = goal.kind === 'budget' ? 'the parameters' : some.map((kind) => NOUNS[kind]).join(' and ');
    const figures = `${formatPercent(reached!)} of ${what}; the target is ${formatPercent(asked!)}`;
    if (Math.abs(reached! - asked!) < TOLERANCE) continue;
    if (reached! > asked! && free.every(({ full, kept }) => kept === full))
      return `The widths set by hand alone take ${figures}. All else stays whole.`;
    if (reached! < asked! && free.every(({ kept, least }) => kept <= least))
      return `With the widths set by hand, the cut takes no more than ${figures}. All else is at its least.`;
  }
  return undefined;
}
