// tailor plan and tailor prune: what a cut would leave, and the cut itself.
import { readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { AppError } from '../../../shared/errors.ts';
import { formatBytes, formatCount, formatPercent } from '../../../shared/figures.ts';
import { parseLlamaConfig } from '../../../shared/parse-config.ts';
import { planCut, type Plan } from '../../../shared/prune/plan.ts';
import { CRITERIA, type Criterion } from '../../../shared/recipe.ts';
import { pickSplit, resolveDataset } from '../../api/datasets.ts';
import { planPruning, planScores, type CalibrationTexts } from '../../api/plan-runs.ts';
import { carryOut } from '../../api/runs.ts';
import { listModels, listModelsOfRun } from '../../db/models.ts';
import { formatTable } from '../../study/report-text.ts';
import type { Terminal } from '../terminal.ts';
import { toCount, type Bind } from './bind.ts';
import { addCutOptions, readCutSettings, readTarget, type CutOptions } from './plan-options.ts';
import { addMachineOptions, findQuestions, readMachine, splitTaskName, type MachineOptions } from './run-options.ts';
import { findModel } from './tune.ts';

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
        readCutSettings(options, readTarget(options)),
        { dtypeBytes: bytesOfDtype(raw) },
      );
      terminal.answer(plan, describePlan(plan));
      return undefined;
    },
  );
  const command = program.command('prune').description('cut a model down and write the smaller checkpoint');
  bind(
    addMachineOptions(addCutOptions(command, { target: true }))
      .requiredOption('--model <model>', 'a checkpoint folder, or a model of the records')
      .requiredOption('--calibration <dataset>', 'text to measure importance on, or a task’s questions')
      .addOption(criterionOption())
      .option('--samples <n>', 'windows of calibration text', toCount, 10)
      .option('--length <n>', 'tokens in a window', toCount, 64)
      .option('--steps <n>', 'cut in so many steps, with fresh scores between', toCount, 1)
      .option('--seed <n>', 'seed of the windows and of chance', toCount, 42)
      .option('--name <name>', 'what to call the result'),
    prune,
  );
}

interface PruneOptions extends CutOptions, MachineOptions {
  readonly model: string;
  readonly criterion: Criterion;
  readonly calibration: string;
  readonly samples: number;
  readonly length: number;
  readonly steps: number;
  readonly seed: number;
  readonly name?: string;
}

/** Scores by the criterion (once for a model and its calibration, whatever the target), then the cut. */
async function prune(terminal: Terminal, options: PruneOptions): Promise<undefined> {
  const app = terminal.app();
  const target = readTarget(options);
  const model = await findModel(terminal, options.model);
  const texts = await findTexts(terminal, options.calibration);
  const { criterion, steps, seed } = options;
  const calibration = { samples: options.samples, length: options.length, seed };
  const machine = readMachine(options);
  const name = options.name ?? `${model.name}-cut`;
  const known = new Set(listModels(app.db).map(({ id }) => id));
  const run = await terminal.working(`Cutting ${model.name}`, async (work) => {
    const shared = steps === 1 && criterion !== 'random';
    const scored = shared
      ? await carryOut(app, planScores(app, model, texts, { criteria: [criterion], calibration, seed, machine }), work)
      : undefined;
    const scores = scored && resolve(scored.folderPath, scored.result.scores);
    const choose = readCutSettings(options, target);
    return await carryOut(
      app,
      planPruning(app, model, texts, { criterion, choose, scores, calibration, steps, seed, machine, name }),
      work,
    );
  });
  const { result } = run;
  const pruned = listModelsOfRun(app.db, run.id)[0];
  const cut = 1 - result.parameters / result.baseParameters;
  const isKnown = pruned !== undefined && known.has(pruned.id);
  const unused = options.name === undefined || options.name === pruned?.name ? '' : `; the name “${options.name}” was not used`;
  if (isKnown) terminal.note(`This very cut was made before${unused}.`);
  const text = `${pruned?.name ?? name} (${pruned?.id}): ${formatCount(result.parameters)} of ${formatCount(result.baseParameters)} parameters, ${formatPercent(cut)} removed, ${formatBytes(result.sizeBytes)}: ${pruned?.folderPath}`;
  terminal.answer({ run: run.id, model: pruned, result }, text);
  return undefined;
}

/** Plain text, or else a task's questions with their answers. */
async function findTexts(terminal: Terminal, name: string): Promise<CalibrationTexts> {
  const app = terminal.app();
  const { taskName, datasetName } = splitTaskName(name);
  const dataset = await terminal.working(`Importing ${datasetName}`, (work) => resolveDataset(app, datasetName, work));
  if (dataset.mapping?.kind !== 'text' || taskName !== undefined) return await findQuestions(terminal, name, ['train', 'validation']);
  return { dataset, split: pickSplit(app, dataset, ['train', 'validation', 'test']) };
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
    ...(plan.missed === null ? [] : ['', plan.missed]),
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
