// Plain names: for the settings that most often differ (the others are named after their path), and for the two sides of a pair.
import { formatShare } from '../../../shared/figures.ts';
import type { Variant } from './types.ts';

const NAMES: Readonly<Record<string, string>> = {
  'model.parameters': 'Parameters',
  'model.sizeBytes': 'Size on disk',
  'model.adapterParameters': 'Trained weights',
  'prune.data': 'Importance measured on',
  'prune.criterion': 'Importance criterion',
  'prune.choose.target.kind': 'Target counted in',
  'prune.choose.target.fraction': 'Share removed',
  'prune.choose.target.ratio': 'Nominal ratio removed',
  'prune.choose.target.bytes': 'Target bytes',
  'prune.choose.unit': 'What is cut',
  'prune.choose.ranking': 'Ranking',
  'prune.choose.widths': 'Widths set by hand',
  'prune.choose.uniform': 'Uniform widths',
  'prune.calibration.samples': 'Calibration samples',
  'prune.calibration.length': 'Calibration length',
  'prune.steps': 'Cutting steps',
  'tune.data': 'Tuned on',
  'tune.prompt': 'Prompt',
  'tune.method': 'Tuning method',
  'tune.lora.rank': 'Adapter rank',
  'tune.lora.alpha': 'Adapter alpha',
  'tune.lora.targets': 'Adapted projections',
  'tune.optimizer.learningRate': 'Learning rate',
  'tune.steps': 'Tuning steps',
  'tune.batch': 'Examples in a step',
};

/** Whether a setting is among those that tell what a step did, and not only how. */
export function isHeadline(path: string): boolean {
  return NAMES[path] !== undefined;
}

const SIDES = { base: 'base', pruned: 'cut', tuned: 'tuned', merged: 'merged' } as const;

/** Short words for the two sides of a pair, such as "base" and "tuned"; "first" and "second" where they are of one kind. */
export function nameSides(first: Variant, second: Variant): [string, string] {
  return first.kind === second.kind ? ['first', 'second'] : [SIDES[first.kind], SIDES[second.kind]];
}

/** Words for a narrow column each: what it is where no other is that, else its name without the base's. */
export function nameShortly(variants: readonly Variant[]): string[] {
  const base = variants.find(({ kind }) => kind === 'base');
  return variants.map(({ name, kind }) => {
    if (variants.filter((other) => other.kind === kind).length === 1) return SIDES[kind];
    return base && name.startsWith(`${base.name}-`) ? name.slice(base.name.length + 1) : name;
  });
}

/** "prune.choose.protectedLayers" as "Prune: choose, protected layers". */
export function nameSetting(path: string): string {
  const known = NAMES[path];
  if (known) return known;
  const [step = '', ...rest] = path.split('.');
  const words = rest.map((part) => part.replace(/([A-Z])/g, (letter) => ` ${letter.toLowerCase()}`)).join(', ');
  return `${step.charAt(0).toUpperCase()}${step.slice(1)}: ${words}`;
}

/** A share as points with its sign: "+1.2", "−0.4", "0.0". */
export function signed(share: number): string {
  const text = formatShare(share);
  return share > 0 && text !== '0.0' ? `+${text}` : text;
}
