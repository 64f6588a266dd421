// The roles of a dataset's columns put right, by hand or as the columns tell them themselves.
import { inferRoles, isHiddenLabel, mappedColumns, tellGoldForm, toTextList, type RoleMapping } from '../../shared/dataset-roles.ts';
import { AppError } from '../../shared/errors.ts';
import type { App } from '../app.ts';
import { getDataset, listValuesInSteps, setMapping, type Dataset, type DatasetRow } from '../db/datasets.ts';
import { inTurns } from '../db/turns.ts';
import { sampleRows, toText } from './dataset-sample.ts';
import { taskOf } from './datasets.ts';

const MAX_LABELS = 100; // more classes than this are no classification

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
  const values = (await inTurns(listValuesInSteps(app.db, id, mapping.label, MAX_LABELS + 1))).filter((value) => !isHiddenLabel(value));
  if (values.length < 2 || values.length > MAX_LABELS) {
    const found = values.length > MAX_LABELS ? `more than ${MAX_LABELS}` : String(values.length);
    throw new AppError(
      'bad-input',
      `A label column has 2 to ${MAX_LABELS} different values, but “${mapping.label}” has ${found}. Choose another column.`,
    );
  }
  return { ...mapping, labels: values.map((value) => ({ value, word: value.trim() })) };
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
