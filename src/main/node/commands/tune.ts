// tailor tune, evaluate and generate: what is done with a model once there is one.
import { Option, type Command } from 'commander';
import { AppError } from '../../../shared/errors.ts';
import { formatBytes, formatCount, formatDuration, formatFigure, formatShare } from '../../../shared/figures.ts';
import { PROJECTIONS, tokenisation as tokenisationSchema, type Projection, type Tokenisation } from '../../../shared/recipe.ts';
import type { SetSummary } from '../../../shared/results.ts';
import { pickSplit, resolveDataset } from '../../api/datasets.ts';
import { resolveModel } from '../../api/models.ts';
import { planEvaluation, planTuning, type SetPlan } from '../../api/plan-runs.ts';
import { carryOut } from '../../api/runs.ts';
import { listModelsOfRun, type Model } from '../../db/models.ts';
import { formatTable } from '../../study/report-text.ts';
import type { Terminal } from '../terminal.ts';
import { toCount, toList, toNumber, type Bind } from './bind.ts';
import { addMachineOptions, findQuestions, readMachine, type MachineOptions } from './run-options.ts';

interface TuneCommandOptions extends MachineOptions {
  readonly model: string;
  readonly task: string;
  readonly prompt?: string;
  readonly name?: string;
  readonly shots: number;
  readonly all?: boolean;
  readonly balanced?: boolean;
  readonly seed: number;
  readonly steps: number;
  readonly batch: number;
  readonly learningRate: number;
  readonly warmup: number;
  readonly schedule: 'linear' | 'cosine' | 'constant';
  readonly rank: number;
  readonly alpha: number;
  readonly dropout: number;
  readonly rsLora?: boolean;
  readonly targets?: string[];
  readonly method: 'lora' | 'full';
  readonly loss: 'answer' | 'everything';
  readonly validate?: number;
  readonly keepBest?: boolean;
  readonly patience?: number;
  readonly distill?: string;
  readonly distillWeight?: number;
  readonly temperature?: number;
  readonly merge?: boolean;
}

interface EvaluateOptions extends MachineOptions {
  readonly model: string;
  readonly tasks?: string[];
  readonly text?: string[];
  readonly length: number;
  readonly form: 'blocks' | 'rolling';
  readonly generate?: string[];
  readonly prompt?: string;
  readonly shots?: number;
  readonly limit?: number;
  readonly split?: string;
  readonly bos: boolean;
  readonly pair: Tokenisation['pair'];
  readonly maxTokens: number;
}

/** Adds `tune` and `evaluate`. */
export function addTuneCommands(program: Command, bind: Bind): void {
  bind(addTuneOptions(program.command('tune').description('tune a model to a task with LoRA, on a few shots or on everything')), tune);
  bind(addEvaluateOptions(program.command('evaluate').description('measure a model on tasks, texts and generations')), evaluate);
}

function addTuneOptions(command: Command): Command {
  return addMachineOptions(command)
    .requiredOption('--model <model>', 'a checkpoint folder, or a model of the records')
    .requiredOption('--task <[task=]dataset>', 'what to learn: a dataset, or a benchmark on a dataset, such as boolq=./boolq')
    .option('--prompt <name>', 'a prompt of the task, or “winner”; the standard one otherwise')
    .option('--name <name>', 'what to call the result')
    .option('--shots <n>', 'how many training examples to draw', toCount, 50)
    .option('--all', 'learn from the whole training split')
    .option('--balanced', 'draw the labels in turn')
    .option('--seed <n>', 'seed of the draw and of everything else', toCount, 42)
    .option('--steps <n>', 'updates', toCount, 100)
    .option('--batch <n>', 'examples in one update', toCount, 25)
    .option('--learning-rate <x>', 'peak learning rate', toNumber, 5e-4)
    .option('--warmup <n>', 'steps until the peak', toCount, 0)
    .addOption(new Option('--schedule <kind>', 'how the rate falls').choices(['linear', 'cosine', 'constant']).default('linear'))
    .option('--rank <n>', 'rank of the adapter', toCount, 8)
    .option('--alpha <x>', 'scale of the adapter times its rank', toNumber, 16)
    .option('--dropout <share>', 'dropout on the adapter’s input', toNumber, 0.05)
    .option('--rs-lora', 'scale by the root of the rank')
    .option('--targets <list>', `projections with an adapter, of ${PROJECTIONS.join(',')}`, toList)
    .addOption(new Option('--method <method>', 'an adapter, or every weight').choices(['lora', 'full']).default('lora'))
    .addOption(new Option('--loss <where>', 'what is learnt').choices(['answer', 'everything']).default('answer'))
    .option('--validate <steps>', 'measure on the validation split every so many steps', toCount)
    .option('--keep-best', 'keep the best measured step instead of the last')
    .option('--patience <n>', 'stop after so many measurements without a better one', toCount)
    .option('--distill <model>', 'follow this model’s predictions as well')
    .option('--distill-weight <share>', 'share of that in the loss', toNumber)
    .option('--temperature <x>', 'temperature of that', toNumber)
    .option('--merge', 'also write a merged checkpoint');
}

async function tune(terminal: Terminal, options: TuneCommandOptions): Promise<undefined> {
  const app = terminal.app();
  const model = await findModel(terminal, options.model);
  const questions = await findQuestions(terminal, options.task, ['train'], options);
  const teacher = options.distill === undefined ? undefined : await findModel(terminal, options.distill);
  const name = options.name ?? `${model.name}-${questions.task.name}`;
  const plan = planTuning(app, model, questions, {
    name,
    shots: options.all ? undefined : options.shots,
    shotSeed: options.seed,
    balanced: options.balanced,
    validation:
      options.validate === undefined ? undefined : { split: pickSplit(app, questions.dataset, ['validation', 'test']), limit: 200 },
    distill: teacher && { teacher, weight: options.distillWeight, temperature: options.temperature },
    tune: {
      method: options.method,
      steps: options.steps,
      batch: options.batch,
      seed: options.seed,
      loss: options.loss,
      lora: {
        rank: options.rank,
        alpha: options.alpha,
        dropout: options.dropout,
        rsLora: options.rsLora,
        targets: readTargets(options.targets),
      },
      optimizer: { learningRate: options.learningRate },
      schedule: { kind: options.schedule, warmupSteps: options.warmup },
      evaluateEvery: options.validate,
      keepBest: options.keepBest,
      patience: options.patience,
      merge: options.merge,
      machine: readMachine(options),
    },
  });
  const run = await terminal.working(`Tuning ${name}`, (work) => carryOut(app, plan, work));
  const { result } = run;
  const models = listModelsOfRun(app.db, run.id);
  const lines = [
    `${name}: loss ${formatFigure(result.finalLoss)} after ${result.steps} steps, ${formatCount(result.trainableParameters)} trained parameters, ${formatDuration(result.cost.elapsedMs)}.`,
    ...models.map((one) => `${one.form} ${one.name} (${one.id}), ${formatBytes(one.sizeBytes)}: ${one.folderPath}`),
  ];
  terminal.answer({ run: run.id, result, models }, lines.join('\n'));
  return undefined;
}

function addEvaluateOptions(command: Command): Command {
  return addMachineOptions(command)
    .requiredOption('--model <model>', 'a checkpoint folder, or a model of the records')
    .option('--tasks <list>', 'datasets, or benchmarks on datasets, such as boolq=./boolq,./sms-spam', toList)
    .option('--text <list>', 'plain texts to measure perplexity on', toList)
    .option('--length <n>', 'block length of the perplexity', toCount, 128)
    .addOption(
      new Option('--form <form>', 'blocks as LLM-Pruner cuts them, or rolling over documents')
        .choices(['blocks', 'rolling'])
        .default('blocks'),
    )
    .option('--generate <list>', 'datasets whose answers the model is to write', toList)
    .option('--max-tokens <n>', 'longest answer', toCount, 64)
    .option('--prompt <name>', 'a prompt of the task, or “winner”; the standard one otherwise')
    .option('--shots <n>', 'worked examples before each question', toCount)
    .option('--limit <n>', 'only the first so many items', toCount)
    .option('--split <split>', 'the split to measure on; test, else validation')
    .option('--no-bos', 'put no BOS before the text')
    .addOption(new Option('--pair <how>', 'context and answer are tokenised').choices(['joint', 'separate']).default('joint'));
}

async function evaluate(terminal: Terminal, options: EvaluateOptions): Promise<undefined> {
  const app = terminal.app();
  const model = await findModel(terminal, options.model);
  const splits = options.split === undefined ? ['test', 'validation'] : [options.split];
  const tokenisation = tokenisationSchema.parse({ bos: options.bos, pair: options.pair });
  const sets: SetPlan[] = [];
  for (const text of options.tasks ?? []) {
    const found = await findQuestions(terminal, text, splits, options);
    const prompt =
      options.shots === undefined
        ? found.prompt
        : { ...found.prompt, shots: { kind: 'drawn' as const, k: options.shots, sampling: 'v0.4' as const } };
    sets.push({ kind: 'choices', name: found.task.name, ...found, prompt, settings: { tokenisation } });
  }
  for (const text of options.generate ?? []) {
    const found = await findQuestions(terminal, text, splits, options);
    sets.push({
      kind: 'generation',
      name: `${found.task.name}-text`,
      ...found,
      settings: { tokenisation, maxTokens: options.maxTokens, stop: ['\n'] },
    });
  }
  for (const name of options.text ?? []) {
    const dataset = await terminal.working(`Importing ${name}`, (work) => resolveDataset(app, name, work));
    const split = pickSplit(app, dataset, options.split === undefined ? ['test', 'validation', 'train'] : [options.split]);
    sets.push({
      kind: 'perplexity',
      name: dataset.name,
      dataset,
      split,
      settings: { form: options.form, length: options.length, tokenisation },
    });
  }
  if (sets.length === 0) throw new AppError('bad-input', 'Say what to measure with --tasks, --text or --generate.');
  const plan = planEvaluation(app, model, sets, { machine: readMachine(options) });
  const run = await terminal.working(`Evaluating ${model.name}`, (work) => carryOut(app, plan, work));
  const { sets: summaries, cost } = run.result;
  const table = formatTable(['set', 'figure', 'value', 'over'], summaries.flatMap(describeSet));
  const speed = `${formatFigure(cost.tokensPerSecond)} tokens/s on ${cost.device}, ${formatBytes(cost.peakMemoryBytes)} at most, ${formatDuration(cost.elapsedMs)}.`;
  terminal.answer({ run: run.id, model: model.id, sets: summaries, cost }, `${table}\n${speed}`);
  return undefined;
}

function describeSet(set: SetSummary): string[][] {
  switch (set.kind) {
    case 'choices':
      return [
        [set.name, 'acc %', `${formatShare(set.acc)} ± ${formatShare(set.accStderr)}`, `${set.items} items`],
        ['', 'acc_norm %', `${formatShare(set.accNorm)} ± ${formatShare(set.accNormStderr)}`, ''],
      ];
    case 'perplexity': {
      const tokens = [
        set.name,
        'token perplexity',
        formatFigure(set.tokenPerplexity),
        `${set.tokens} tokens, ${set.form === 'blocks' ? `blocks of ${set.length}` : 'rolling'}`,
      ];
      if (set.form === 'blocks') return [tokens];
      return [
        tokens,
        ['', 'word perplexity', formatFigure(set.wordPerplexity), ''],
        ['', 'bits per byte', formatFigure(set.bitsPerByte), ''],
      ];
    }
    case 'generation':
      return [
        [set.name, 'exact match %', formatShare(set.exactMatch), `${set.items} items`],
        ['', 'F1 %', formatShare(set.f1), ''],
        ['', 'ROUGE-L %', formatShare(set.rougeL), ''],
      ];
  }
}

/** The model of an option, taken in when it is a folder. */
export async function findModel(terminal: Terminal, name: string): Promise<Model> {
  return await terminal.working(`Opening ${name}`, (work) => resolveModel(terminal.app(), name, work));
}

function readTargets(names: readonly string[] | undefined): Projection[] | undefined {
  const unknown = names?.find((name) => !(PROJECTIONS as readonly string[]).includes(name));
  if (unknown !== undefined)
    throw new AppError('bad-input', `--targets: there is no projection “${unknown}”; there are ${PROJECTIONS.join(', ')}.`);
  return names as Projection[] | undefined;
}
