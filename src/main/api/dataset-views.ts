// What the page shows of a dataset: rows by page, how labels and lengths are spread, and the roles of its columns put right.
import { dirname } from 'node:path';
import {
  inferRoles,
  mappedColumns,
  tellGoldForm,
  toTextList,
  goldColumn,
  isHiddenLabel,
  type RoleMapping,
} from '../../shared/dataset-roles.ts';
import { AppError, throwIfCancelled } from '../../shared/errors.ts';
import type { WorkOptions } from '../../shared/progress.ts';
import type { App } from '../app.ts';
import {
  getDataset,
  listReaders,
  listRowsFrom,
  listValuesInSteps,
  setMapping,
  skipInSplit,
  type Dataset,
  type DatasetRow,
} from '../db/datasets.ts';
import { countValuesInSteps, findBalance, keepBalance, type Balance } from '../db/dataset-balance.ts';
import { getModel } from '../db/models.ts';
import { listStudies, type Study } from '../db/studies.ts';
import { taskOf } from './datasets.ts';

/** A cell of a page of rows; the whole value is read with its row. */
export interface Cell {
  readonly text: string;
  readonly isCut: boolean;
}
/** What most values of a column are. */
export type ColumnKind = 'text' | 'number' | 'yes or no' | 'list' | 'object' | 'empty';

const MAX_CELL_CHARS = 300; // more than a cell of a wide window shows
const MAX_VALUE_CHARS = 1_000_000; // of one value shown whole
const MAX_CELLS_COLUMNS = 200;
const SAMPLE_ROWS = 200;
const ROWS_A_TURN = 20; // drawn from all over a file, some have to be fetched from a slow disk
const ANCHOR_ROWS = 1000;
const ANCHORS_A_TURN = 16;
const MAX_LABELS = 100;
const MAX_COUNTED_LABELS = 10_000; // of which the commonest are shown
const MAX_TEXTS = 2000;
const TEXTS_AT_ONCE = 50;
const MAX_TEXT_CHARS = 100_000;
const HISTOGRAM_BARS = 32;

/** What was once worked out about a dataset whose rows never change, by dataset and question. */
const remembered = new WeakMap<App, Map<string, unknown>>();

function remember<T>(app: App, key: string, work: () => T): T {
  let known = remembered.get(app);
  if (!known) remembered.set(app, (known = new Map()));
  if (!known.has(key)) {
    const value = work();
    known.set(key, value);
    if (value instanceof Promise) value.catch(() => known.delete(key));
  }
  return known.get(key) as T;
}

/** Forgets what was worked out about a dataset. */
export function forgetViews(app: App, id: string): void {
  const known = remembered.get(app);
  for (const key of [...(known?.keys() ?? [])]) if (key.startsWith(`${id} `)) known!.delete(key);
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A dataset with what its columns hold, and the runs and studies that use it. Throws AppError `not-found`. */
export async function viewDataset(app: App, id: string) {
  const dataset = getDataset(app.db, id);
  return {
    ...dataset,
    columnFacts: await remember(app, `${id} columns`, async () => tellColumns(await sampleRows(app, dataset), dataset.columns)),
    readers: listReaders(app.db, id),
    studies: listStudies(app.db)
      .filter((study) => isNamedIn(study.settings, dataset))
      .map((study) => ({ id: study.id, title: study.name })),
  };
}

/** Whether a study's tasks, texts or calibration name a dataset: by its id, its name, its file or the folder of its files. */
function isNamedIn(settings: Study['settings'], { id, name, sources }: Dataset): boolean {
  const names = new Set([id, name, ...sources.flatMap(({ path }) => [path, dirname(path)])]);
  const parts = [settings['tasks'], settings['perplexity'], settings['calibration']].flat() as ({ dataset?: string } | undefined)[];
  return parts.some((part) => part?.dataset !== undefined && names.has(part.dataset));
}

/** A page of rows from the `offset`-th on, of one split or of all; long values are cut. */
export async function viewRows(app: App, id: string, page: { split?: string; offset: number; limit: number }) {
  const { columns } = getDataset(app.db, id);
  const shown = columns.slice(0, MAX_CELLS_COLUMNS);
  const position = page.split === undefined ? page.offset : await positionOf(app, id, page.split, page.offset);
  if (position === undefined) return [];
  return listRowsFrom(app.db, id, { split: page.split, position, limit: page.limit }).map(({ values, ...row }) => ({
    ...row,
    cells: shown.map((column) => toCell(values[column])),
  }));
}

/** Where the `offset`-th row of a split stands among all: found from the nearest row that was found before. */
async function positionOf(app: App, id: string, split: string, offset: number): Promise<number | undefined> {
  const anchors = remember(app, `${id} anchors ${split}`, (): number[] => []);
  if (anchors.length === 0) {
    const first = skipInSplit(app.db, id, split, 0, 0);
    if (first === undefined) return undefined;
    anchors.push(first);
  }
  const wanted = Math.floor(offset / ANCHOR_ROWS);
  while (anchors.length <= wanted) {
    const next = skipInSplit(app.db, id, split, anchors.at(-1)!, ANCHOR_ROWS);
    if (next === undefined) return undefined;
    anchors.push(next);
    if (anchors.length % ANCHORS_A_TURN === 0) await nextTurn();
  }
  return skipInSplit(app.db, id, split, anchors[wanted]!, offset - wanted * ANCHOR_ROWS);
}

/** One row with its whole values as text. Throws AppError `not-found`. */
export function viewRow(app: App, id: string, position: number) {
  const { columns } = getDataset(app.db, id);
  const row = listRowsFrom(app.db, id, { position, limit: 1 })[0];
  if (row?.position !== position) throw new AppError('not-found', `The dataset has no row ${position + 1}.`, { id, position });
  const values = columns.map((column) => {
    const text = toText(row.values[column], 2);
    return { column, text: text.slice(0, MAX_VALUE_CHARS), length: text.length, isMissing: row.values[column] === undefined };
  });
  return { position, split: row.split, line: row.line, values };
}

function toText(value: unknown, indent?: number): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value, undefined, indent);
}

function toCell(value: unknown): Cell {
  const text = toText(value);
  return { text: text.slice(0, MAX_CELL_CHARS), isCut: text.length > MAX_CELL_CHARS };
}

/** Rows drawn evenly from all of a dataset. */
async function sampleRows(app: App, dataset: Dataset): Promise<DatasetRow[]> {
  const positions = samplePositions(dataset, SAMPLE_ROWS);
  const rows: DatasetRow[] = [];
  for (let at = 0; at < positions.length; at += ROWS_A_TURN) {
    rows.push(...readRowsAt(app, dataset.id, positions.slice(at, at + ROWS_A_TURN)));
    await nextTurn();
  }
  return rows;
}

function samplePositions({ rowCount }: Dataset, wanted: number): number[] {
  const count = Math.min(wanted, rowCount);
  return Array.from({ length: count }, (_, i) => Math.floor((i * rowCount) / count));
}

function readRowsAt(app: App, id: string, positions: readonly number[]): DatasetRow[] {
  return positions.flatMap((position) => listRowsFrom(app.db, id, { position, limit: 1 }));
}

function tellColumns(rows: readonly DatasetRow[], columns: readonly string[]) {
  return columns.map((column) => {
    const values = rows.map((row) => row.values[column]).filter((value) => value !== undefined && value !== null && value !== '');
    const kinds = values.map(kindOf);
    const kind = [...new Set(kinds)].sort((a, b) => count(kinds, b) - count(kinds, a))[0] ?? 'empty';
    const length = values.reduce<number>((sum, value) => sum + Math.min(MAX_CELL_CHARS, toText(value).length), 0);
    return { column, kind, meanLength: values.length === 0 ? 0 : length / values.length, missing: rows.length - values.length };
  });
}

function count<T>(list: readonly T[], wanted: T): number {
  return list.filter((one) => one === wanted).length;
}

function kindOf(value: unknown): ColumnKind {
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'object') return 'object';
  if (typeof value === 'boolean') return 'yes or no';
  if (typeof value === 'number') return 'number';
  const text = String(value);
  if (/^-?\d+(\.\d+)?$/.test(text)) return 'number';
  return toTextList(text).length > 0 ? 'list' : 'text';
}

/**
 * Puts the roles of the columns right, after trying them on some rows. Labels of a classification and the form of a choice's answers are
 * told from the rows where they are not given. Throws AppError `bad-input` when no row that was tried can be read so.
 */
export async function correctMapping(app: App, id: string, given: RoleMapping, isFormGiven: boolean): Promise<Dataset> {
  const dataset = getDataset(app.db, id);
  const rows = (await sampleRows(app, dataset)).map((row) => row.values);
  const mapping = await completeMapping(app, dataset, given, isFormGiven, rows);
  if (mapping.kind === 'text' || mapping.kind === 'chat') {
    const column = mappedColumns(mapping)[0]!;
    const isFit = (value: unknown): boolean =>
      mapping.kind === 'text' ? ['string', 'number'].includes(typeof value) : toTextListOrMessages(value);
    if (!rows.some((row) => isFit(row[column])))
      throw new AppError(
        'bad-input',
        `Column “${column}” holds no ${mapping.kind === 'text' ? 'texts' : 'lists of messages'}. Choose another column.`,
      );
  } else {
    const task = taskOf({ ...dataset, mapping });
    const problems: string[] = [];
    for (const row of rows) {
      try {
        task.rowToItem(row, 'a row');
        problems.length = 0;
        break;
      } catch (thrown) {
        problems.push((thrown as Error).message);
      }
    }
    if (problems.length > 0)
      throw new AppError('bad-input', `These roles fit none of the ${rows.length} rows that were tried. ${problems[0]!}`);
  }
  return setMapping(app.db, id, mapping, 'The roles were set by hand.');
}

function toTextListOrMessages(value: unknown): boolean {
  return Array.isArray(value) || (typeof value === 'string' && /^\s*\[/.test(value));
}

async function completeMapping(
  app: App,
  { id, columns }: Dataset,
  mapping: RoleMapping,
  isFormGiven: boolean,
  rows: readonly DatasetRow['values'][],
): Promise<RoleMapping> {
  if (mapping.kind === 'choice' && !isFormGiven) {
    const { choices, gold } = mapping;
    const goldForm = tellGoldForm(
      rows.map((row) => ({
        gold: row[gold],
        choices: typeof choices === 'string' ? toTextList(row[choices]) : choices.map((column) => toText(row[column])),
      })),
    );
    return { ...mapping, goldForm };
  }
  if (mapping.kind !== 'classification' || mapping.labels.length > 0) return mapping;
  if (!columns.includes(mapping.label)) return mapping; // refused by `setMapping` with the columns that there are
  const values = (await listLabels(app, id, mapping.label)).filter((value) => !isHiddenLabel(value));
  if (values.length < 2 || values.length > MAX_LABELS) {
    const found = values.length > MAX_LABELS ? `more than ${MAX_LABELS}` : String(values.length);
    throw new AppError(
      'bad-input',
      `A label column has 2 to ${MAX_LABELS} different values, but “${mapping.label}” has ${found}. Choose another column.`,
    );
  }
  return { ...mapping, labels: values.map((value) => ({ value, word: value.trim() })) };
}

/** Different values of a column, at most one more than a label column has. */
async function listLabels(app: App, id: string, column: string): Promise<string[]> {
  const steps = listValuesInSteps(app.db, id, column, MAX_LABELS + 1);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    await nextTurn();
  }
}

/** Goes back to the roles that the columns themselves tell. */
export async function inferMapping(app: App, id: string): Promise<Dataset> {
  const dataset = getDataset(app.db, id);
  const rows = (await sampleRows(app, dataset)).map((row) => row.values);
  const hint = `${dataset.name} ${dataset.sources.map((source) => source.path.split(/[\\/]/).slice(-2).join('/')).join(' ')}`;
  const { mapping, reason } = inferRoles(dataset.columns, rows, dataset.name, hint);
  if (!mapping) throw new AppError('bad-dataset', reason);
  return setMapping(app.db, id, await completeMapping(app, dataset, mapping, true, rows), reason);
}

/** How often each right answer occurs, in each split, counted once; undefined when no column holds right answers. */
export async function viewBalance(app: App, id: string, { signal, progress }: WorkOptions = {}): Promise<Balance | undefined> {
  const dataset = getDataset(app.db, id);
  const column = dataset.mapping && goldColumn(dataset.mapping, dataset.columns);
  if (column === undefined) return undefined;
  const kept = findBalance(app.db, id, column);
  if (kept) return kept;
  const counts = new Map<string, Map<string, number>>();
  let hidden = 0;
  let others = 0;
  for (const step of countValuesInSteps(app.db, id, column)) {
    for (const { split, value, rows } of step.counts) {
      const text = toText(value).trim().slice(0, MAX_CELL_CHARS);
      const bySplit = counts.get(text) ?? new Map<string, number>();
      if (isHiddenLabel(value)) hidden += rows;
      else if (bySplit.size === 0 && counts.size >= MAX_COUNTED_LABELS) others += rows;
      else counts.set(text, bySplit.set(split, (bySplit.get(split) ?? 0) + rows));
    }
    progress?.({ phase: 'counting answers', done: step.done, total: dataset.rowCount, unit: 'rows' });
    await nextTurn();
    throwIfCancelled(signal);
  }
  const labels = [...counts].map(([value, bySplit]) => ({
    value,
    bySplit: Object.fromEntries(bySplit),
    rows: [...bySplit.values()].reduce((a, b) => a + b, 0),
  }));
  labels.sort((a, b) => b.rows - a.rows || (a.value < b.value ? -1 : 1));
  for (const rare of labels.splice(MAX_LABELS)) others += rare.rows;
  const balance = { column, labels, hidden, others };
  keepBalance(app.db, getDataset(app.db, id).id, balance); // it may be gone by now
  return balance;
}

/**
 * How many tokens rows have for a model's tokenizer: of an even sample of at most 2,000 rows, the text of the columns that have a role.
 * Waits for the worker while a run is between two safe points.
 */
export async function viewLengths(app: App, id: string, modelId: string, { signal, progress }: WorkOptions = {}) {
  const dataset = getDataset(app.db, id);
  const model = getModel(app.db, modelId);
  const folder = model.form === 'checkpoint' ? model.folderPath : getModel(app.db, model.parentId!).folderPath;
  const columns = textColumns(dataset);
  return await remember(app, `${id} lengths ${modelId} ${columns.join('\n')}`, async () => {
    const positions = samplePositions(dataset, MAX_TEXTS);
    const lengths: number[] = [];
    let cut = 0;
    for (let at = 0; at < positions.length; at += TEXTS_AT_ONCE) {
      throwIfCancelled(signal);
      const some = readRowsAt(app, id, positions.slice(at, at + TEXTS_AT_ONCE)).map((row) =>
        columns
          .map((column) => flatten(row.values[column]))
          .filter(Boolean)
          .join('\n'),
      );
      cut += some.filter((text) => text.length > MAX_TEXT_CHARS).length;
      const answers = await app.worker().calls.tokenize({ folder, texts: some.map((text) => text.slice(0, MAX_TEXT_CHARS)) });
      lengths.push(...answers.map((answer) => answer.ids.length));
      progress?.({ phase: 'counting tokens', done: lengths.length, total: positions.length, unit: 'rows' });
    }
    lengths.sort((a, b) => a - b);
    const limit = Number((model.config as { max_position_embeddings?: unknown } | undefined)?.max_position_embeddings) || undefined;
    return { columns, model: model.name, sampled: lengths.length, rows: dataset.rowCount, cut, limit, ...spread(lengths) };
  });
}

/** The columns whose text a row's length is counted over: those with a role, or all that hold texts. */
function textColumns(dataset: Dataset): readonly string[] {
  const { mapping, columns } = dataset;
  const mapped = mapping ? mappedColumns(mapping) : [];
  if (mapped.length > 0) return mapped;
  const gold = mapping && goldColumn(mapping, columns);
  return columns.filter((column) => column !== gold && !/^(id|ind|idx|uid)$/i.test(column));
}

/** The texts inside a value, without the marks of JSON around them. */
function flatten(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value !== 'object') return String(value);
  return Object.values(value).map(flatten).filter(Boolean).join('\n');
}

/** Quantiles and a histogram of lengths that ascend. */
function spread(lengths: readonly number[]) {
  const at = (share: number): number => lengths[Math.min(lengths.length - 1, Math.floor(share * lengths.length))] ?? 0;
  const longest = lengths.at(-1) ?? 0;
  const width = Math.max(1, niceWidth((longest + 1) / HISTOGRAM_BARS));
  const bars = Array.from({ length: Math.floor(longest / width) + 1 }, () => 0);
  for (const length of lengths) bars[Math.floor(length / width)]! += 1;
  return { shortest: lengths[0] ?? 0, half: at(0.5), most: at(0.95), longest, width, bars };
}

/** The next round width above. */
function niceWidth(least: number): number {
  const steps = [1, 2, 3, 4, 5, 6, 8];
  for (let scale = 1; ; scale *= 10) {
    const found = steps.find((step) => step * scale >= least);
    if (found !== undefined) return found * scale;
  }
}
