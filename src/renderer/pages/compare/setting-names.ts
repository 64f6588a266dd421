// Plain names: for settings and their values, and for the two sides of a pair.
import { formatBytes, formatCount, formatPercent, formatShare, formatWhole } from '../../../shared/figures.ts';
import { PROJECTIONS } from '../../../shared/recipe.ts';
import {
  CRITERION_NAMES,
  DEVICE_NAMES,
  KIND_NAMES,
  LOSS_NAMES,
  METHOD_NAMES,
  PAIR_NAMES,
  RANKING_NAMES,
  REDUCTION_NAMES,
  SCHEDULE_NAMES,
  UNIT_NAMES,
} from '../../../shared/recipe-words.ts';
import type { Variant } from './types.ts';

/** Those that tell what a step did. */
const HEADLINES: Readonly<Record<string, string>> = {
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
  'tune.batch': 'Examples a step',
};

/** Those that tell how. */
const DETAILS: Readonly<Record<string, string>> = {
  'prune.prompt': 'Prompt of the calibration',
  'prune.calibration.seed': 'Seed of the calibration',
  'prune.choose.layers.first': 'First layer that is cut',
  'prune.choose.layers.last': 'Last layer that is cut',
  'prune.choose.protectedLayers': 'Locked layers',
  'prune.choose.reduction': 'Scores of a group joined by',
  'prune.choose.ffnMultiple': 'FFN widths a multiple of',
  'prune.seed': 'Seed of the cut',
  'tune.lora.dropout': 'Adapter dropout',
  'tune.lora.rsLora': 'Scaled by the root of the rank',
  'tune.loss': 'Loss on',
  'tune.appendEos': 'Answers end with EOS',
  'tune.tokenisation.bos': 'BOS before each text',
  'tune.tokenisation.pair': 'Question and answer tokenised',
  'tune.optimizer.beta1': 'Optimiser beta 1',
  'tune.optimizer.beta2': 'Optimiser beta 2',
  'tune.optimizer.eps': 'Optimiser epsilon',
  'tune.optimizer.weightDecay': 'Weight decay',
  'tune.optimizer.clipNorm': 'Gradient norm clipped at',
  'tune.schedule.kind': 'Schedule',
  'tune.schedule.warmupSteps': 'Warm-up steps',
  'tune.rowTokens': 'Longest example, tokens',
  'tune.microTokens': 'Tokens at once',
  'tune.distill.weight': 'Weight of the teacher',
  'tune.distill.temperature': 'Temperature of the teacher',
  'tune.evaluateEvery': 'Steps between checks',
  'tune.keepBest': 'Keeps the best measured step',
  'tune.patience': 'Stops after checks without a better one',
  'tune.snapshotEvery': 'Steps between checkpoints',
  'tune.keepSnapshots': 'Checkpoints kept',
  'tune.merge': 'Also merged',
  'tune.saveDtype': 'Saved as',
  'tune.seed': 'Seed of the tuning',
  ...machineNames('prune', 'the cut'),
  ...machineNames('tune', 'the tuning'),
};

function machineNames(step: string, what: string): Record<string, string> {
  return {
    [`${step}.machine.device`]: `Device of ${what}`,
    [`${step}.machine.threads`]: `Threads of ${what}`,
    [`${step}.machine.weights`]: `Weights held during ${what}`,
  };
}

/** Words for values that are one of several, by the setting. */
const VALUES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'prune.criterion': CRITERION_NAMES,
  'prune.choose.target.kind': KIND_NAMES,
  'prune.choose.unit': UNIT_NAMES,
  'prune.choose.ranking': RANKING_NAMES,
  'prune.choose.reduction': REDUCTION_NAMES,
  'prune.machine.device': DEVICE_NAMES,
  'tune.method': METHOD_NAMES,
  'tune.loss': LOSS_NAMES,
  'tune.tokenisation.pair': PAIR_NAMES,
  'tune.schedule.kind': SCHEDULE_NAMES,
  'tune.machine.device': DEVICE_NAMES,
};

/** "prune 2.criterion" as the kind of step, which time it was taken, and the setting among all of its kind. */
function parsePath(path: string): { times: number; setting: string } {
  const [, kind = '', times = '1', rest = ''] = /^(\w+)(?: (\d+))?(.*)$/.exec(path) ?? [];
  return { times: Number(times), setting: `${kind}${rest}` };
}

/** Whether a setting is among those that tell what a step did, and not only how. */
export function isHeadline(path: string): boolean {
  return HEADLINES[parsePath(path).setting] !== undefined;
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

/** "prune.choose.protectedLayers" as "Locked layers"; of a step that was taken again, "Locked layers, the 2nd time". */
export function nameSetting(path: string): string {
  const { times, setting } = parsePath(path);
  const name = HEADLINES[setting] ?? DETAILS[setting] ?? setting.split('.').slice(1).map(inWords).join(', ');
  return times === 1 ? name : `${name}, ${times === 2 ? 'the 2nd' : times === 3 ? 'the 3rd' : `the ${times}th`} time`;
}

function inWords(part: string): string {
  return part.replace(/([A-Z])/g, (letter) => ` ${letter.toLowerCase()}`);
}

/** A setting's value as the other pages say it; several values, of models that stand for one variant, are parted by "; ". */
export function showSetting(path: string, value: string): string {
  const { setting } = parsePath(path);
  const names = VALUES[setting];
  if (names)
    return value
      .split('; ')
      .map((one) => names[one] ?? one)
      .join('; ');
  const number = Number(value);
  if (/\.(data|prompt)$/.test(setting) || value === '') return value;
  if (/ytes$/.test(setting) && Number.isFinite(number)) return formatBytes(number);
  if (/target\.(fraction|ratio)$/.test(setting) && Number.isFinite(number)) return formatPercent(number);
  if (/arameters$/.test(setting) && Number.isFinite(number)) return `${formatCount(number)} (${formatWhole(number)})`;
  if (setting === 'tune.lora.targets' && value === PROJECTIONS.join(', ')) return `all ${PROJECTIONS.length}`;
  return value === 'true' ? 'yes' : value === 'false' ? 'no' : value;
}

/** A share as points with its sign: "+1.2", "−0.4", "0.0". */
export function signed(share: number): string {
  const text = formatShare(share);
  return share > 0 && text !== '0.0' ? `+${text}` : text;
}
