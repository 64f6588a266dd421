// tailor compare, generate, check, doctor, run and prompts: looking at what there is, and going on with what was stopped.
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { AppError } from '../../../shared/errors.ts';
import { formatFigure, formatShare } from '../../../shared/figures.ts';
import { compareModels, type SetComparison } from '../../api/compare.ts';
import { pickSplit } from '../../api/datasets.ts';
import { referTo } from '../../api/models.ts';
import { findPrompt, listCandidates } from '../../api/prompts.ts';
import { rankPrompts } from '../../api/rank-prompts.ts';
import { findRun, resumeRun, runLooseFolder } from '../../api/runs.ts';
import { drainStream } from '../../jobs/drain.ts';
import { formatTable } from '../../study/report-text.ts';
import { BENCHMARK_TASKS } from '../../../shared/tasks/benchmarks.ts';
import { renderItems } from '../../../shared/prompt/make-examples.ts';
import type { Task } from '../../../shared/tasks/item.ts';
import type { Benchmark } from '../../../shared/tasks/prompt-library.ts';
import { readItems } from '../../api/datasets.ts';
import { EXIT, type Terminal } from '../terminal.ts';
import { toCount, toNumber, type Bind } from './bind.ts';
import { addMachineOptions, findQuestions, readMachine, type MachineOptions } from './run-options.ts';
import { findModel } from './tune.ts';

interface GenerateOptions extends MachineOptions {
  readonly model: string;
  readonly prompt: string;
  readonly maxTokens: number;
  readonly temperature: number;
  readonly topK: number;
  readonly topP: number;
  readonly stop?: string[];
  readonly seed: number;
}

/** Adds `compare`, `generate`, `prompts`, `check`, `run` and `doctor`. */
export function addLookCommands(program: Command, bind: Bind): void {
  bind(
    program
      .command('compare')
      .description('what flipped between two models on the same examples, and whether chance explains it')
      .argument('<before>', 'a model of the records')
      .argument('<after>', 'another')
      .option('--examples <n>', 'how many flipped examples of each kind to show', toCount, 3),
    compare,
  );
  bind(
    addMachineOptions(program.command('generate').description('write on from a prompt'))
      .requiredOption('--model <model>', 'a checkpoint folder, or a model of the records')
      .requiredOption('--prompt <text>', 'the text to go on from')
      .option('--max-tokens <n>', 'longest continuation', toCount, 64)
      .option('--temperature <x>', '0 takes the likeliest token', toNumber, 0)
      .option('--top-k <n>', 'draw among so many; 0 for all', toCount, 0)
      .option('--top-p <share>', 'draw among those that hold this share', toNumber, 1)
      .option('--stop <texts...>', 'end before one of these')
      .option('--seed <n>', 'seed of the draws', toCount, 42),
    generate,
  );
  addPromptCommands(program, bind);
  bind(
    addMachineOptions(program.command('check').description('compare the engine with a golden file; exit code 1 when out of tolerance'))
      .requiredOption('--model <dir>', 'the checkpoint folder that the golden file belongs to')
      .requiredOption('--golden <file>', 'the golden file'),
    check,
  );
  bind(
    program
      .command('run')
      .description('go on with a run of the records, or carry out a run folder from anywhere')
      .argument('<folder>', 'a run’s id or folder'),
    run,
  );
  bind(program.command('doctor').description('say what this machine can compute on, and why'), doctor);
}

async function compare(terminal: Terminal, before: string, after: string, options: { examples: number }): Promise<undefined> {
  const [first, second] = [await findModel(terminal, before), await findModel(terminal, after)];
  const sets = compareModels(terminal.app(), first, second, options);
  const rows = sets.map(({ set, metric, comparison: c }) => [
    set,
    metric,
    formatShare(c.before),
    formatShare(c.after),
    `${formatShare(c.difference)} [${formatShare(c.interval.low)}, ${formatShare(c.interval.high)}]`,
    String(c.flips.rightWrong.length),
    String(c.flips.wrongRight.length),
    c.p < 0.001 ? '< 0.001' : c.p.toFixed(3),
    c.p < 0.05 ? (c.difference < 0 ? '▼ lower' : '▲ higher') : '≈ not told apart',
  ]);
  const table = formatTable(['set', 'figure', first.name, second.name, 'difference %', 'lost', 'won', 'McNemar p', 'verdict'], rows);
  terminal.answer({ before: first.id, after: second.id, sets }, [table, ...sets.flatMap(describeExamples)].join('\n'));
  return undefined;
}

function describeExamples({ set, examples }: SetComparison): string[] {
  return examples.flatMap(({ id, flip, context, choices, gold, before, after }) => [
    '',
    `${set} ${id} (${flip})`,
    ...context
      .split('\n')
      .slice(-4)
      .map((line) => `  ${line}`),
    ...choices.map((choice, index) => {
      const notes = [index === gold && 'right', index === before && 'picked before', index === after && 'picked after'].filter(Boolean);
      return `    ${index === gold ? '✓' : ' '}${choice}${notes.length > 0 ? `  (${notes.join(', ')})` : ''}`;
    }),
  ]);
}

async function generate(terminal: Terminal, options: GenerateOptions): Promise<undefined> {
  const app = terminal.app();
  const model = await findModel(terminal, options.model);
  const { prompt, maxTokens, temperature, topK, topP, stop, seed } = options;
  const request = { model: referTo(app, model), prompt, maxTokens, temperature, topK, topP, stop, seed, machine: readMachine(options) };
  const stream = await app.worker().calls.generate(request, { signal: terminal.signal });
  const live = !terminal.options.json;
  if (live) process.stdout.write(prompt);
  for (;;) {
    const step = await stream.next();
    if (step.done) {
      if (live) process.stdout.write('\n');
      else terminal.answer({ model: model.id, prompt, ...step.value }, '');
      return undefined;
    }
    if (live) process.stdout.write(step.value);
  }
}

function addPromptCommands(program: Command, bind: Bind): void {
  const prompts = program.command('prompts').description('candidate prompts: list, show, rank');
  bind(
    prompts.command('list').description('list the prompts of every task, or of one').argument('[task]', 'a benchmark'),
    (terminal, task?: string) => {
      const tasks = task === undefined ? Object.values(BENCHMARK_TASKS) : [benchmark(task)];
      const found = tasks.flatMap((one) => listCandidates(terminal.app(), one).map((prompt) => ({ task: one.name, ...prompt })));
      const text = formatTable(
        ['name', 'context'],
        found.map(({ name, context }) => [name, JSON.stringify(context.length > 90 ? `${context.slice(0, 89)}…` : context)]),
      );
      terminal.answer({ prompts: found }, text);
      return undefined;
    },
  );
  bind(
    prompts
      .command('show')
      .description('show a prompt, and how it renders an example of a dataset')
      .argument('<task>', 'a benchmark, or benchmark=dataset')
      .argument('<name>', 'the prompt'),
    async (terminal, task: string, name: string) => {
      if (!task.includes('=')) {
        const prompt = findPrompt(terminal.app(), benchmark(task), name);
        terminal.answer({ prompt }, JSON.stringify(prompt, null, 2));
        return undefined;
      }
      const {
        dataset,
        task: asked,
        prompt,
        split,
      } = await findQuestions(terminal, task, ['validation', 'test', 'train'], { prompt: name });
      const [example] = renderItems({ ...prompt, shots: { kind: 'none' } }, readItems(terminal.app(), dataset, asked, split, 1));
      const { text, warnings } = example!.rendered;
      terminal.answer({ prompt, example: example!.rendered }, [text, ...warnings.map(({ message }) => `▲ ${message}`)].join('\n'));
      return undefined;
    },
  );
  bind(
    addMachineOptions(prompts.command('rank').description('measure a task’s prompts on a held-out slice and keep the winner'))
      .requiredOption('--model <model>', 'a checkpoint folder, or a model of the records')
      .requiredOption('--task <[task=]dataset>', 'the task and its dataset')
      .option('--split <split>', 'the slice; validation, else train', undefined)
      .option('--items <n>', 'how many items', toCount, 100),
    rank,
  );
}

async function rank(
  terminal: Terminal,
  options: MachineOptions & { model: string; task: string; split?: string; items: number },
): Promise<undefined> {
  const app = terminal.app();
  const model = await findModel(terminal, options.model);
  const { dataset, task } = await findQuestions(terminal, options.task, ['train', 'validation', 'test']);
  const split = pickSplit(app, dataset, options.split === undefined ? ['validation', 'train'] : [options.split]);
  const request = { model, dataset, task, split, items: options.items, machine: readMachine(options) };
  const { ranked, winner, runId } = await terminal.working(`Ranking prompts of ${task.name}`, (work) => rankPrompts(app, request, work));
  const rows = ranked.map(({ name, accuracy, stderr, margin, bias }) => [
    name,
    `${formatShare(accuracy)} ± ${formatShare(stderr)}`,
    formatFigure(margin),
    formatFigure(bias.distance),
  ]);
  const table = formatTable(['prompt', 'accuracy %', 'margin (nats)', 'label bias'], rows);
  terminal.answer(
    { task: task.name, winner: winner.name, ranked, run: runId },
    `${table}\nThe winner is ${winner.name}; tune with --prompt winner.`,
  );
  return undefined;
}

async function check(terminal: Terminal, options: MachineOptions & { model: string; golden: string }): Promise<number> {
  const { calls } = terminal.worker();
  const request = { folder: resolve(options.model), golden: resolve(options.golden), machine: readMachine(options) };
  const report = await terminal.working('Checking', async (work) =>
    drainStream(await calls.check(request, { signal: terminal.signal }), work),
  );
  const rows = report.sections.map(({ section, error, tolerance, measure, ok }) => [
    section,
    error.toExponential(2),
    tolerance.toExponential(0),
    measure,
    ok ? '✓' : '✗',
  ]);
  const verdict = report.ok ? 'Everything agrees.' : 'Out of tolerance.';
  terminal.answer(report, `${formatTable(['section', 'largest error', 'tolerance', 'measure', ''], rows)}\n${verdict} (${report.device})`);
  return report.ok ? EXIT.ok : EXIT.failed;
}

async function run(terminal: Terminal, name: string): Promise<undefined> {
  const known = terminal.hasRecords() ? findRun(terminal.app(), name) : undefined;
  if (known) {
    const done = await terminal.working(known.title, (work) => resumeRun(terminal.app(), known.id, work));
    terminal.answer({ run: done.id, state: done.state, result: done.result }, `${done.title}: done. ${done.folderPath}`);
    return undefined;
  }
  if (!/[/\\.]/.test(name))
    throw new AppError('not-found', `There is no run ${name} and no such folder. "tailor list runs" shows the runs there are.`);
  const result = await terminal.working(name, (work) => runLooseFolder(terminal, name, work));
  terminal.answer({ folder: resolve(name), result }, `Done: ${resolve(name, 'result.json')}`);
  return undefined;
}

async function doctor(terminal: Terminal): Promise<undefined> {
  const { calls } = terminal.worker();
  const [hello, devices] = [await calls.hello(), await terminal.working('Probing', () => calls.probe({}))];
  const rows = devices.map(({ kind, usable, why }) => [kind, usable ? '✓' : '✗', why]);
  const taken = devices.find(({ kind, usable }) => kind === 'webgpu' && usable) ? 'webgpu' : 'cpu';
  const facts = [
    `Node ${hello.node} on ${process.platform} ${process.arch}; data folder ${terminal.options.data}`,
    ...rows.map(([kind, mark, why]) => `${mark} ${kind}: ${why}`),
  ];
  terminal.answer(
    { node: hello.node, platform: process.platform, arch: process.arch, dataFolder: terminal.options.data, devices, taken },
    [...facts, `Taken by --device auto: ${taken}`].join('\n'),
  );
  return undefined;
}

function benchmark(name: string): Task {
  const task = BENCHMARK_TASKS[name as Benchmark] as Task | undefined;
  if (task) return task;
  throw new AppError('bad-input', `There is no benchmark “${name}”; there are ${Object.keys(BENCHMARK_TASKS).join(', ')}.`);
}
