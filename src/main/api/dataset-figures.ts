// What is counted over a dataset: how its right answers are spread, and how long its rows are in tokens.
import { goldColumn, isHiddenLabel, mappedColumns } from '../../shared/dataset-roles.ts';
import { throwIfCancelled } from '../../shared/errors.ts';
import type { WorkOptions } from '../../shared/progress.ts';
import type { App } from '../app.ts';
import { countValuesInSteps, findBalance, keepBalance, type Balance } from '../db/dataset-balance.ts';
import { getDataset, type Dataset } from '../db/datasets.ts';
import { getModel } from '../db/models.ts';
import { nextTurn, readRowsAt, remember, samplePositions, toText } from './dataset-sample.ts';

const MAX_LABEL_CHARS = 300; // more than a window shows
const MAX_LABELS = 100;
const MAX_COUNTED_LABELS = 10_000; // of which the commonest are shown
const MAX_TEXTS = 2000;
const TEXTS_AT_ONCE = 50;
const MAX_TEXT_CHARS = 100_000;
const HISTOGRAM_BARS = 32;

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
      const text = toText(value).trim().slice(0, MAX_LABEL_CHARS);
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
