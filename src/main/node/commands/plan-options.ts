// The options that say what a cut should be, shared by plan, prune and study.
import { Option, type Command } from 'commander';
import { AppError } from '../../../shared/errors.ts';
import { chooseSettings, type ChooseSettings, type SetWidth, type Target } from '../../../shared/recipe.ts';
import { parseSetWidths } from '../../../shared/prune/set-widths.ts';
import { toCount, toLayers, toList, toNumber } from './bind.ts';

export interface CutOptions {
  readonly ratio?: number;
  readonly fraction?: number;
  readonly bytes?: number;
  readonly layers?: { readonly first: number; readonly last: number };
  readonly protect?: number[];
  readonly unit?: ChooseSettings['unit'];
  readonly ranking?: ChooseSettings['ranking'];
  readonly reduction?: ChooseSettings['reduction'];
  readonly ffnMultiple?: number;
  readonly uniform?: boolean;
  readonly widths?: SetWidth[];
}

/** Adds them to a command, with or without those that name the target. */
export function addCutOptions(command: Command, { target }: { readonly target: boolean }): Command {
  if (target) {
    command
      .option('--ratio <share>', 'nominal ratio of the groups in the layers that may be cut', toNumber)
      .option('--fraction <share>', 'true share of all parameters to remove', toNumber)
      .option('--bytes <n>', 'size on disk to reach', toNumber);
  }
  return command
    .option('--layers <first-last>', 'layers that may be cut, both ends included, counted from 0', toLayers)
    .option('--protect <layers>', 'layers to leave whole, such as 0,11', (text) => toList(text).map(toCount))
    .addOption(new Option('--unit <unit>', 'what is cut').choices(['block', 'attention', 'ffn', 'layer', 'hidden']))
    .addOption(new Option('--ranking <how>', 'what is ranked with what').choices(['local', 'global', 'global-normalised']))
    .addOption(new Option('--reduction <how>', 'how the scores in a group become one').choices(['sum', 'mean', 'max', 'prod']))
    .option('--ffn-multiple <n>', 'round FFN widths to a multiple of this', toCount)
    .option('--uniform', 'the same widths in every layer')
    .option(
      '--widths <list>',
      'widths of single layers to keep exactly, such as 3:ffn=96,3:kv=2; the others make up for them',
      parseSetWidths,
    );
}

/** The settings that the options say, for a target. */
export function readCutSettings(options: CutOptions, target: Target): ChooseSettings {
  return chooseSettings.parse({
    target,
    unit: options.unit,
    layers: options.layers,
    protectedLayers: options.protect,
    ranking: options.ranking,
    reduction: options.reduction,
    ffnMultiple: options.ffnMultiple,
    uniform: options.uniform,
    widths: options.widths,
  });
}

/** The target that exactly one of the options names. Throws AppError `bad-input` otherwise. */
export function readTarget({ ratio, fraction, bytes }: CutOptions): Target {
  const given: Target[] = [];
  if (ratio !== undefined) given.push({ kind: 'ratio', ratio: requireShare('--ratio', ratio) });
  if (fraction !== undefined) given.push({ kind: 'parameters', fraction: requireShare('--fraction', fraction) });
  if (bytes !== undefined) given.push({ kind: 'bytes', bytes });
  const [target, ...others] = given;
  if (!target || others.length > 0)
    throw new AppError('bad-input', 'Say how much to cut with exactly one of --ratio, --fraction and --bytes.');
  return target;
}

function requireShare(option: string, share: number): number {
  if (share >= 0 && share < 1) return share;
  throw new AppError('bad-input', `${option} is a share from 0 to below 1; found ${share}. A quarter is 0.25.`);
}
