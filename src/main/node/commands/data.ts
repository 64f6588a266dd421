// tailor list and inspect: what the records hold, and what a model, dataset or run is.
import { existsSync } from 'node:fs';
import { Argument, type Command } from 'commander';
import { AppError } from '../../../shared/errors.ts';
import { formatBytes, formatCount } from '../../../shared/figures.ts';
import { inspectModel } from '../../api/models.ts';
import { findRun } from '../../api/runs.ts';
import type { App } from '../../app.ts';
import { countSplits, findDatasetByName, listDatasets, listRejectedRows } from '../../db/datasets.ts';
import { findModelByName, listLineage, listModels } from '../../db/models.ts';
import { listPrompts } from '../../db/prompts.ts';
import { listRunMoves, listRuns } from '../../db/runs.ts';
import { listStudies } from '../../db/studies.ts';
import { formatTable } from '../../study/report-text.ts';
import type { Terminal } from '../terminal.ts';
import type { Bind } from './bind.ts';

/** What can be listed: the records, and a row of text for each. */
const LISTS: Readonly<
  Record<
    string,
    {
      readonly titles: readonly string[];
      readonly read: (app: App) => readonly { readonly record: object; readonly row: readonly string[] }[];
    }
  >
> = {
  models: {
    titles: ['id', 'name', 'kind', 'parameters', 'disk', 'folder'],
    read: ({ db }) =>
      listModels(db).map((model) => ({
        record: model,
        row: [model.id, model.name, model.kind, formatCount(model.parameters), formatBytes(model.sizeBytes), model.folderPath],
      })),
  },
  datasets: {
    titles: ['id', 'name', 'rows', 'splits', 'columns'],
    read: ({ db }) =>
      listDatasets(db).map((dataset) => ({
        record: dataset,
        row: [dataset.id, dataset.name, String(dataset.rowCount), describeSplits(countSplits(db, dataset.id)), dataset.columns.join(', ')],
      })),
  },
  prompts: {
    titles: ['id', 'task', 'name'],
    read: ({ db }) => listPrompts(db).map((prompt) => ({ record: prompt, row: [prompt.id, prompt.task, prompt.name] })),
  },
  runs: {
    titles: ['id', 'kind', 'state', 'title', 'why'],
    read: ({ db }) => listRuns(db).map((run) => ({ record: run, row: [run.id, run.kind, run.state, run.title, run.error?.message ?? ''] })),
  },
  studies: {
    titles: ['id', 'name', 'state'],
    read: ({ db }) => listStudies(db).map((study) => ({ record: study, row: [study.id, study.name, study.state] })),
  },
};

/** Adds `list` and `inspect`. */
export function addDataCommands(program: Command, bind: Bind): void {
  bind(
    program
      .command('list')
      .description('list what the data folder holds')
      .addArgument(new Argument('<what>', 'kind of record').choices(Object.keys(LISTS))),
    (terminal, what: string) => {
      const list = LISTS[what]!;
      const rows = list.read(terminal.app());
      const text =
        rows.length === 0
          ? `There are no ${what} yet.`
          : formatTable(
              list.titles,
              rows.map(({ row }) => row),
            );
      terminal.answer({ [what]: rows.map(({ record }) => record) }, text);
      return undefined;
    },
  );
  bind(
    program
      .command('inspect')
      .description('describe a checkpoint folder, or a model, dataset or run of the records')
      .argument('<what>', 'a folder, a name or an id'),
    async (terminal, what: string) => {
      const { value, text } = inspectRecord(terminal, what) ?? (await inspectFolder(terminal, what));
      terminal.answer(value, text);
      return undefined;
    },
  );
}

interface Description {
  readonly value: object;
  readonly text: string;
}

async function inspectFolder(terminal: Terminal, folder: string): Promise<Description> {
  if (!existsSync(folder)) {
    throw new AppError(
      'not-found',
      `There is no folder, model, dataset or run “${folder}”. "tailor list models" (datasets, runs) shows those there are.`,
    );
  }
  const facts = await terminal.working('Inspecting', (work) => inspectModel(terminal.app(), folder, work));
  const { config } = facts;
  const widths = [...new Set(config.layers.map((layer) => `${layer.queryHeads} query heads, ${layer.kvHeads} KV heads, FFN ${layer.ffn}`))];
  const lines = [
    ['architecture', `${config.modelType}, ${config.layers.length} layers, hidden ${config.hiddenSize}, head ${config.headSize}`],
    ...widths.slice(0, 4).map((width) => ['widths', width]),
    ['vocabulary', `${config.vocabSize}${config.tieWordEmbeddings ? ', embeddings tied' : ''}`],
    ['parameters', `${formatCount(facts.parameters)} (${facts.parameters} exactly)`],
    ['on disk', `${formatBytes(facts.sizeBytes)}, ${facts.dtype}`],
    ['hash', facts.hash],
    [
      'tokenizer',
      `${facts.tokenizer.vocabSize} entries, BOS ${facts.tokenizer.bosId ?? 'none'}, EOS ${facts.tokenizer.eosIds.join(', ') || 'none'}`,
    ],
  ];
  return { value: { folder, ...facts }, text: describeLines(lines) };
}

function inspectRecord(terminal: Terminal, what: string): Description | undefined {
  const app = terminal.app();
  const run = findRun(app, what);
  if (existsSync(what) && !run) return undefined;
  const model = listModels(app.db).find(({ id }) => id === what) ?? findModelByName(app.db, what);
  if (model) {
    const lineage = listLineage(app.db, model.id);
    const lines = [
      ['model', `${model.name} (${model.kind})`],
      ['line', lineage.map(({ name }) => name).join(' → ')],
      ['parameters', formatCount(model.parameters)],
      ['folder', model.folderPath],
      ['hash', model.hash],
    ];
    return { value: { ...model, lineage: lineage.map(({ id }) => id) }, text: describeLines(lines) };
  }
  const dataset = listDatasets(app.db).find(({ id }) => id === what) ?? findDatasetByName(app.db, what);
  if (dataset) {
    const splits = countSplits(app.db, dataset.id);
    const rejected = listRejectedRows(app.db, dataset.id);
    const lines = [
      ['dataset', dataset.name],
      ['rows', `${dataset.rowCount}, ${dataset.duplicateCount} of them repeated, ${dataset.rejectedCount} left out`],
      ['splits', `${describeSplits(splits)}. ${dataset.splitReason}`],
      ['columns', dataset.columns.join(', ')],
      ['roles', dataset.mappingReason],
      ...rejected.slice(0, 10).map(({ file, line, reason }) => ['left out', `${file}, line ${line}: ${reason}`]),
    ];
    return { value: { ...dataset, splits, rejected }, text: describeLines(lines) };
  }
  if (!run) return undefined;
  const moves = listRunMoves(app.db, run.id);
  const lines = [
    ['run', `${run.title} (${run.kind})`],
    ['state', `${run.state}${run.error ? `: ${run.error.message}` : ''}`],
    ['history', moves.map(({ state, at }) => `${state} ${new Date(at).toISOString()}`).join(', ')],
    ['folder', run.folderPath],
  ];
  return { value: { ...run, moves }, text: describeLines(lines) };
}

function describeSplits(splits: Readonly<Record<string, number>>): string {
  return Object.entries(splits)
    .map(([split, count]) => `${split} ${count}`)
    .join(', ');
}

/** Names to the left, what they are to the right. */
export function describeLines(lines: readonly (readonly string[])[]): string {
  const width = Math.max(...lines.map(([name = '']) => name.length));
  return lines.map(([name = '', value = '']) => `${name.padEnd(width)}  ${value}`).join('\n');
}
