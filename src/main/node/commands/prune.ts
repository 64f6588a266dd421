// tailor plan and tailor prune: what a cut would leave, and the cut itself.
import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Option, type Command } from 'commander';
import { AppError } from '../../../shared/errors.ts';
import { formatBytes, formatCount, formatPercent } from '../../../shared/figures.ts';
import { parseLlamaConfig } from '../../../shared/parse-config.ts';
import { planCut, type Plan } from '../../../shared/prune/plan.ts';
import { CRITERIA } from '../../../shared/recipe.ts';
import { formatTable } from '../../study/report-text.ts';
import type { Bind } from './bind.ts';
import { toCount } from './bind.ts';
import { addCutOptions, readCutSettings, readTarget, type CutOptions } from './plan-options.ts';

interface PlanOptions extends CutOptions {
  readonly config?: string;
  readonly seed: number;
}

/** Adds `plan` and `prune`. */
export function addPruneCommands(program: Command, bind: Bind): void {
  bind(
    addCutOptions(program.command('plan').description('say what a cut would leave, from a config.json alone'), { target: true })
      .requiredOption('--config <file>', 'the config.json of a checkpoint, or its folder')
      .option('--seed <n>', 'seed where chance decides', toCount, 42),
    (terminal, options: PlanOptions) => {
      const path = options.config ?? '';
      const raw = readConfig(path);
      const plan = planCut(
        parseLlamaConfig(raw, join(basename(dirname(path)), basename(path))),
        { ...readCutSettings(options), target: readTarget(options) },
        { dtypeBytes: bytesOfDtype(raw) },
      );
      terminal.answer(plan, describePlan(plan));
      return undefined;
    },
  );
}

/** How `criterion` is asked for wherever a cut is made. */
export function criterionOption(): Option {
  return new Option('--criterion <name>', 'how importance is measured').choices([...CRITERIA]).default('param_first');
}

/** A plan in words and a table of widths, equal neighbours drawn together. */
export function describePlan(plan: Plan): string {
  const lines = [
    `parameters  ${formatCount(plan.parameters)} of ${formatCount(plan.parametersBefore)}, ${formatPercent(plan.trueReduction)} removed (${plan.parameters} exactly)`,
    `MACs        ${formatCount(plan.macs)} of ${formatCount(plan.macsBefore)} over 64 tokens`,
    `on disk     ${formatBytes(plan.sizeBytes)} of ${formatBytes(plan.sizeBytesBefore)}`,
    '',
    formatTable(['layers', 'query heads', 'KV heads', 'FFN'], groupLayers(plan)),
    '',
    ...plan.exports.map((choice) => `${choice.possible ? '✓' : '✗'} ${choice.target}: ${choice.why}`),
  ];
  return lines.join('\n');
}

function groupLayers(plan: Plan): string[][] {
  const rows: { from: string; to: string; widths: string[] }[] = [];
  for (const { layer, queryHeads, kvHeads, ffn } of plan.widths) {
    const widths = [queryHeads, kvHeads, ffn].map(String);
    const last = rows.at(-1);
    if (last && last.widths.join() === widths.join()) last.to = String(layer);
    else rows.push({ from: String(layer), to: String(layer), widths });
  }
  return rows.map(({ from, to, widths }) => [from === to ? from : `${from}–${to}`, ...widths]);
}

function readConfig(path: string): unknown {
  const file = path.endsWith('.json') ? path : join(path, 'config.json');
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (thrown) {
    throw new AppError('not-found', `${file} cannot be read (${(thrown as Error).message}). Give the path of a config.json.`);
  }
  try {
    return JSON.parse(text);
  } catch (thrown) {
    throw new AppError('bad-model', `${file} is not JSON: ${(thrown as Error).message}.`);
  }
}

/** Bytes of one weight by the config's own word, in either spelling; half precision where it says nothing. */
function bytesOfDtype(config: unknown): number {
  const { dtype, torch_dtype } = config as { dtype?: unknown; torch_dtype?: unknown };
  return (dtype ?? torch_dtype) === 'float32' ? 4 : 2;
}
