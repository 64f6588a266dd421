// tailor study and demo: the paper's table from one command, on the terminal and as files.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { AppError } from '../../../shared/errors.ts';
import { formatDuration } from '../../../shared/figures.ts';
import { studyToJson } from '../../../shared/study/json.ts';
import type { StudySettings, StudySettingsInput } from '../../../shared/study/settings.ts';
import { isComplete, type StudyTable } from '../../../shared/study/table.ts';
import { runStudy } from '../../api/studies.ts';
import { demoStudySettings, describeStudySettings, parseStudySettings, readStudySettings } from '../../api/study-settings.ts';
import { studyRows } from '../../study/columns.ts';
import { formatStudyHtml } from '../../study/report-html.ts';
import { formatStudyCsv, formatStudyMarkdown, formatStudyText } from '../../study/report-text.ts';
import { RESOURCES, type Terminal } from '../terminal.ts';
import { toCount, toList, toNumber, toShares, type Bind } from './bind.ts';
import { addCutOptions, readCutSettings, type CutOptions } from './plan-options.ts';
import { criterionOption } from './prune.ts';
import { addMachineOptions, readMachine, splitTaskName, type MachineOptions } from './run-options.ts';

interface ReportOptions {
  readonly markdown?: boolean;
  readonly csv?: boolean;
  readonly html?: string;
}

interface StudyOptions extends ReportOptions, CutOptions, MachineOptions {
  readonly settings?: string;
  readonly model?: string;
  readonly tasks?: string[];
  readonly text?: string[];
  readonly calibration?: string;
  readonly ratios?: number[];
  readonly shots?: number;
  readonly draws?: number;
  readonly steps?: number;
  readonly learningRate?: number;
  readonly batch?: number;
  readonly items?: number;
  readonly prompt?: string;
  readonly criterion: StudySettings['prune']['criterion'];
  readonly seed?: number;
  readonly name?: string;
}

/** Adds `study` and `demo`. */
export function addStudyCommands(program: Command, bind: Bind): void {
  bind(
    addStudyOptions(program.command('study').description('cut, tune and measure at several ratios, and print the table')),
    async (terminal, options: StudyOptions) => {
      const settings =
        options.settings === undefined ? readOptions(options) : readStudySettings(options.settings, { ...readOverrides(options) });
      return await study(terminal, settings, options);
    },
  );
  bind(
    addReportOptions(program.command('demo').description('the whole story on the model and the tasks that come with Tailor'))
      .option('--draws <n>', 'how many draws of shots', toCount)
      .option('--device <device>', 'where to compute', 'cpu'),
    async (terminal, options: ReportOptions & { readonly draws?: number; readonly device: 'auto' | 'cpu' | 'webgpu' }) => {
      const settings = demoStudySettings(RESOURCES, {
        ...(options.draws === undefined ? {} : { draws: options.draws }),
        machine: { device: options.device },
      });
      const html = options.html ?? join(terminal.options.data, 'reports', `${settings.name}-${settings.draws}.html`);
      return await study(terminal, settings, { ...options, html });
    },
  );
}

async function study(terminal: Terminal, settings: StudySettings, options: ReportOptions): Promise<undefined> {
  const app = terminal.app();
  const startedAt = performance.now();
  const shown = new Set<string>();
  const { table } = await terminal.working(settings.name, async ({ signal, progress }, view) => {
    let heading = settings.name;
    const sayRows = (table: StudyTable): void => {
      for (const row of studyRows(table)) {
        if (!isComplete(row) || shown.has(row.name)) continue;
        shown.add(row.name);
        view.say(describeRow(row.name, row.mean, row.kept));
      }
    };
    return await runStudy(app, settings, {
      signal,
      progress: (frame) => progress({ ...frame, phase: `${heading}: ${frame.phase}` }),
      step: ({ done, total, title }) => {
        heading = `${done + 1}/${total} ${title}`;
      },
      table: sayRows,
    });
  });
  terminal.note(`Done in ${formatDuration(performance.now() - startedAt)}.`);
  if (options.html !== undefined) {
    mkdirSync(dirname(resolve(options.html)), { recursive: true });
    writeFileSync(
      options.html,
      formatStudyHtml(table, { title: settings.name, madeAt: app.host.now(), facts: describeStudySettings(settings) }),
    );
    terminal.note(`Report: ${resolve(options.html)}`);
  }
  const text = options.csv ? formatStudyCsv(table) : options.markdown ? formatStudyMarkdown(table) : `\n${formatStudyText(table)}`;
  terminal.answer(studyToJson(table), text);
  return undefined;
}

function describeRow(name: string, mean: number, kept: number | undefined): string {
  const share = (value: number): string => `${(value * 100).toFixed(1)} %`;
  return `${name}: mean ${share(mean)}${kept === undefined || kept === 1 ? '' : `, ${share(kept)} of the base`}`;
}

function addReportOptions(command: Command): Command {
  return command
    .option('--markdown', 'print the table as Markdown')
    .option('--csv', 'print every figure as CSV')
    .option('--html <file>', 'also write one page with drawings');
}

function addStudyOptions(command: Command): Command {
  return addMachineOptions(addCutOptions(addReportOptions(command), { target: false }))
    .option('--settings <file>', 'a file of settings; options given beside it come first')
    .option('--model <model>', 'a checkpoint folder, or a model of the records')
    .option('--tasks <list>', 'datasets, or benchmarks on datasets, such as boolq=./boolq,./sms-spam', toList)
    .option('--text <list>', 'plain texts to measure perplexity on', toList)
    .option('--calibration <dataset>', 'text to measure importance on')
    .option('--ratios <list>', 'true shares of the parameters to remove, such as 0.2,0.5', toShares)
    .option('--shots <n>', 'training examples for each task', toCount)
    .option('--draws <n>', 'how many draws of shots', toCount)
    .option('--steps <n>', 'updates of each tuning', toCount)
    .option('--learning-rate <x>', 'peak learning rate', toNumber)
    .option('--batch <n>', 'examples in one update', toCount)
    .option('--items <n>', 'only the first so many test items of each task', toCount)
    .option('--prompt <name>', 'a prompt for every task; “rank” lets the prompts compete on the validation split')
    .addOption(criterionOption())
    .option('--seed <n>', 'seed of everything', toCount)
    .option('--name <name>', 'what to call the study');
}

/** Settings from options alone. Throws AppError `bad-input` without a model or a task. */
function readOptions(options: StudyOptions): StudySettings {
  const { model, tasks } = options;
  if (model === undefined || !tasks?.length)
    throw new AppError('bad-input', 'Say what to study with --model and --tasks, or with --settings FILE.');
  return parseStudySettings({ model: resolveIfPath(model), tasks: [], ...readOverrides(options) } as StudySettingsInput, 'the options');
}

/** What the options say, and nothing that they do not. */
function readOverrides(options: StudyOptions): Partial<StudySettingsInput> {
  const choose = readCutSettings(options, { kind: 'ratio', ratio: 0 }); // the ratios set the target
  const tune = Object.fromEntries(
    Object.entries({ steps: options.steps, batch: options.batch }).filter(([, value]) => value !== undefined),
  );
  const overrides: Partial<StudySettingsInput> = {
    name: options.name,
    model: options.model === undefined ? undefined : resolveIfPath(options.model),
    ratios: options.ratios,
    shots: options.shots,
    draws: options.draws,
    seed: options.seed,
    tasks: options.tasks?.map((text) => {
      const { taskName, datasetName } = splitTaskName(text);
      return { dataset: resolveIfPath(datasetName), task: taskName, prompt: options.prompt, items: options.items };
    }),
    perplexity: options.text?.map((text) => ({ name: nameOf(text), dataset: resolveIfPath(text) })),
    calibration: options.calibration === undefined ? undefined : { dataset: resolveIfPath(options.calibration) },
    prune: options.settings === undefined ? { criterion: options.criterion, choose } : undefined,
    tune:
      options.settings === undefined || Object.keys(tune).length > 0
        ? { ...tune, ...(options.learningRate === undefined ? {} : { optimizer: { learningRate: options.learningRate } }) }
        : undefined,
    machine: readMachine(options),
  };
  return Object.fromEntries(Object.entries(overrides).filter(([, value]) => value !== undefined));
}

/** Paths are kept whole, so that the same study is found again from another folder. */
function resolveIfPath(text: string): string {
  return /[/\\]|^\.\.?$/.test(text) ? resolve(text) : text;
}

function nameOf(path: string): string {
  return (
    path
      .split(/[/\\]/)
      .filter((part) => part !== '')
      .at(-1) ?? path
  ).replace(/\.\w+$/, '');
}
