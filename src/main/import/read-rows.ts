// One way to read the rows of a dataset file, whatever its format.
import { basename } from 'node:path';
import { AppError } from '../../shared/errors.ts';
import type { WorkOptions } from '../../shared/progress.ts';
import type { DetectedFormat, Format } from './detect-format.ts';
import { readJsonLines, readJsonList } from './read-json.ts';
import { decodeText, readLines } from './read-lines.ts';
import { readParquet } from './read-parquet.ts';
import { readTable } from './read-table.ts';
import { readLabelledLines, readText } from './read-text.ts';
import type { ReadRow } from './rows.ts';

/** The column that labels from a side file are put into. */
export const LABEL_COLUMN = 'label';

/**
 * Rows and rejected rows of a file in order, in constant memory (a Parquet row group at a time); with a labels file, each row has its
 * line of it as `label`. Throws AppError `bad-dataset` when the file cannot be read on, or has more or fewer rows than labels.
 */
export function readRows(
  path: string,
  { format, labelsPath }: Pick<DetectedFormat, 'format' | 'labelsPath'>,
  options: WorkOptions = {},
): AsyncGenerator<ReadRow> {
  const rows = readFormat(path, format, options);
  return labelsPath === undefined ? rows : addLabels(rows, path, labelsPath);
}

function readFormat(path: string, format: Format, options: WorkOptions): AsyncGenerator<ReadRow> {
  switch (format.kind) {
    case 'jsonl':
      return readJsonLines(path, options);
    case 'json':
      return readJsonList(path, format.list, options);
    case 'table':
      return readTable(path, format, options);
    case 'parquet':
      return readParquet(path, options);
    case 'text':
      return readText(path, format.unit, options);
    case 'labelled-lines':
      return readLabelledLines(path, format.separator, options);
  }
}

/** A rejected row takes its label with it, so that the others keep theirs. A row that has a label already keeps it. */
async function* addLabels(rows: AsyncGenerator<ReadRow>, path: string, labelsPath: string): AsyncGenerator<ReadRow> {
  const labels = readLines(labelsPath);
  const mismatch = (problem: string): AppError =>
    new AppError('bad-dataset', `${basename(labelsPath)} has ${problem} ${basename(path)}; they must have one line for each row.`, {
      path,
      labelsPath,
    });
  try {
    for await (const row of rows) {
      const { value, done } = await labels.next();
      if (done || !value.bytes) throw mismatch('fewer labels than there are rows in');
      const text = decodeText(value.bytes).trim();
      const label = /^-?\d{1,9}$/.test(text) ? Number(text) : text;
      if ('reason' in row || LABEL_COLUMN in row.values) yield row;
      else yield { line: row.line, values: { ...row.values, [LABEL_COLUMN]: label } };
    }
    if (!(await labels.next()).done) throw mismatch('more labels than there are rows in');
  } finally {
    await labels.return(undefined);
  }
}
