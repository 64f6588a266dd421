// Datasets: found by path, name or id, and read as a task's items or as plain texts.
import { existsSync, statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { AppError } from '../../shared/errors.ts';
import type { WorkOptions } from '../../shared/progress.ts';
import type { Item, Task } from '../../shared/tasks/item.ts';
import { BENCHMARK_TASKS } from '../../shared/tasks/benchmarks.ts';
import { makeFreeTask } from '../../shared/tasks/free-tasks.ts';
import type { Benchmark } from '../../shared/tasks/prompt-library.ts';
import type { App } from '../app.ts';
import { countSplits, eachRow, findDatasetByName, listDatasets, type Dataset } from '../db/datasets.ts';
import { importApart } from '../import/import-apart.ts';
import type { ImportOptions } from '../import/import-dataset.ts';
import { listRowFiles, pickRowFiles } from './group-files.ts';

/** The dataset that an id or a name means; undefined when the records have none. */
export function findDataset(app: App, name: string): Dataset | undefined {
  return listDatasets(app.db).find((dataset) => dataset.id === name) ?? findDatasetByName(app.db, name);
}

/**
 * The dataset that `name` means: an id or a name in the records, or a file or folder, which is then taken in (its files are the splits).
 * The same files, unchanged, are not taken in twice. Throws AppError `not-found`, and whatever importing throws.
 */
export async function resolveDataset(app: App, name: string, work: WorkOptions = {}): Promise<Dataset> {
  const known = findDataset(app, name);
  if (known) return known;
  if (existsSync(name)) return await importFiles(app, [name], work);
  throw new AppError('not-found', `There is no dataset, file or folder “${name}”. "tailor list datasets" shows the datasets there are.`, {
    name,
  });
}

/** Takes files, or the files of folders, into the records as one dataset. Throws as `importDataset`. */
export async function importFiles(app: App, paths: readonly string[], options: ImportOptions = {}): Promise<Dataset> {
  const all = paths.flatMap((path) => (statSync(path, { throwIfNoEntry: false })?.isDirectory() ? listDataFiles(path) : [resolve(path)]));
  const rows = pickRowFiles(all, (path) => basename(path));
  const files = rows.length > 0 ? rows : all; // one that was named alone is read, whatever it is called
  const name = options.name ?? (paths.length === 1 ? basename(resolve(paths[0]!)).replace(/\.\w+$/, '') : undefined);
  const same = listDatasets(app.db).find(
    (dataset) => (name === undefined || dataset.name === name) && options.mapping === undefined && areUnchanged(dataset, files),
  );
  return same ?? (await importApart(app.db, files, { ...options, name }));
}

/** Files of a folder that can hold rows. */
function listDataFiles(folder: string): string[] {
  const files = listRowFiles(resolve(folder));
  if (files.length === 0) throw new AppError('bad-dataset', `${folder} holds no files to import.`);
  return files;
}

/** Whether the dataset was read from these very files, as they still are. */
function areUnchanged(dataset: Dataset, files: readonly string[]): boolean {
  return (
    dataset.sources.length === files.length &&
    dataset.sources.every(({ path, sizeBytes }, index) => {
      const stat = path === files[index] ? statSync(path, { throwIfNoEntry: false }) : undefined;
      return stat !== undefined && stat.size === sizeBytes && stat.mtimeMs <= dataset.createdAt;
    })
  );
}

/**
 * How a dataset's questions are asked: as the benchmark `name`, or as its own columns say.
 * Throws AppError `bad-input` for a benchmark that does not exist, `bad-dataset` when the columns say nothing.
 */
export function taskOf(dataset: Dataset, name?: string): Task {
  if (name !== undefined && name !== dataset.name) {
    const known = BENCHMARK_TASKS[name as Benchmark] as Task | undefined;
    if (known) return known;
    throw new AppError('bad-input', `There is no task “${name}”. The benchmarks are ${Object.keys(BENCHMARK_TASKS).join(', ')}.`);
  }
  const { mapping } = dataset;
  switch (mapping?.kind) {
    case 'benchmark':
      return BENCHMARK_TASKS[mapping.name];
    case 'classification':
    case 'choice':
    case 'completion':
      return makeFreeTask(mapping);
    case 'instruction': {
      const { instruction, input, answer } = mapping;
      const task = makeFreeTask({ kind: 'completion', name: mapping.name, prompt: 'prompt', answer: 'answer' });
      const promptOf = (row: Readonly<Record<string, unknown>>): string =>
        [row[instruction], input && row[input]].filter((part) => !['', null, undefined].includes(part as string)).join('\n');
      return { ...task, rowToItem: (row, where) => task.rowToItem({ ...row, prompt: promptOf(row), answer: row[answer] }, where) };
    }
    default:
      throw new AppError(
        'bad-dataset',
        `${dataset.name} cannot be asked as a task. ${dataset.mappingReason} Name the columns' roles with "tailor import --roles".`,
      );
  }
}

/** The first of the splits that the dataset has. Throws AppError `bad-dataset` when it has none of them. */
export function pickSplit(app: App, dataset: Dataset, wanted: readonly string[]): string {
  const splits = countSplits(app.db, dataset.id);
  const split = wanted.find((one) => (splits[one] ?? 0) > 0);
  if (split !== undefined) return split;
  throw new AppError(
    'bad-dataset',
    `${dataset.name} has no rows in ${wanted.join(' or ')}; its splits are ${Object.keys(splits).join(', ') || 'none'}.`,
  );
}

/**
 * The rows of a split as items of a task, at most `limit`, read as they are asked for: whoever reads many lets others in between.
 * Throws AppError `bad-dataset` naming the line of a row that does not fit.
 */
export function* eachItem(app: App, dataset: Dataset, task: Task, split: string, limit = Infinity): Generator<Item> {
  let count = 0;
  for (const row of eachRow(app.db, dataset.id, split)) {
    if (count++ >= limit) return;
    const item = task.rowToItem(row.values, `${dataset.name}, line ${row.line}`);
    yield item.id === undefined ? { ...item, id: `${split}-${row.position}` } : item;
  }
  if (count === 0) throw noRows(dataset, split);
}

/** A few items at once. Throws as `eachItem`. */
export function readItems(app: App, dataset: Dataset, task: Task, split: string, limit: number): Item[] {
  return [...eachItem(app, dataset, task, split, limit)];
}

function noRows({ name }: Dataset, split: string): AppError {
  return new AppError('bad-dataset', `${name} has no rows in its split ${split}.`);
}

/**
 * The texts of a split, from the column whose role is text, read as they are asked for. Throws AppError `bad-dataset` when there is no
 * such column or no row.
 */
export function* eachText(app: App, dataset: Dataset, split: string): Generator<{ id: string; text: string }> {
  if (dataset.mapping?.kind !== 'text') {
    throw new AppError(
      'bad-dataset',
      `${dataset.name} is no plain text. ${dataset.mappingReason} Perplexity and calibration need a column of text.`,
    );
  }
  const column = dataset.mapping.text;
  let isEmpty = true;
  for (const row of eachRow(app.db, dataset.id, split)) {
    isEmpty = false;
    yield { id: `${split}-${row.position}`, text: String(row.values[column] ?? '') };
  }
  if (isEmpty) throw noRows(dataset, split);
}
