// What the page shows of a dataset: what its columns hold, who uses it, and its rows by page.
import { dirname } from 'node:path';
import { toTextList } from '../../shared/dataset-roles.ts';
import { AppError } from '../../shared/errors.ts';
import type { App } from '../app.ts';
import { getDataset, listReaders, listRowsFrom, skipInSplit, type Dataset, type DatasetRow } from '../db/datasets.ts';
import { listStudies, type Study } from '../db/studies.ts';
import { nextTurn, remember, sampleRows, toText } from './dataset-sample.ts';

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
const ANCHOR_ROWS = 1000;
const ANCHORS_A_TURN = 16;

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

function toCell(value: unknown): Cell {
  const text = toText(value);
  return { text: text.slice(0, MAX_CELL_CHARS), isCut: text.length > MAX_CELL_CHARS };
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
