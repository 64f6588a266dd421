// Takes dataset files into the records: all rows that can be read, with splits and roles, or nothing.
import { statSync } from 'node:fs';
import { basename, dirname, extname } from 'node:path';
import { goldColumn, inferRoles, isHiddenLabel, mappedColumns, type InferredRoles, type RoleMapping } from '../../shared/dataset-roles.ts';
import { AppError, asAppError, throwIfCancelled } from '../../shared/errors.ts';
import type { WorkOptions } from '../../shared/progress.ts';
import { DatasetWriter } from '../db/dataset-writing.ts';
import { deleteDatasetInSteps, listValuesInSteps, type Dataset, type RejectedRow } from '../db/datasets.ts';
import type { Database } from '../db/open.ts';
import { inTurns } from '../db/turns.ts';
import { detectFormat, type DetectedFormat, type Format } from './detect-format.ts';
import { Scale } from './pace.ts';
import { readFiles, type Piece, type SplitSample } from './read-files.ts';
import type { ReadOrder } from './read-thread.ts';
import { runThread } from './threads.ts';

/** Shares of the splits that are made where the files name none. */
export const MADE_SPLITS = { train: 0.8, validation: 0.1, test: 0.1 } as const;
export const SPLIT_SEED = 42;

export interface ImportOptions extends WorkOptions {
  /** Absent: a new one. */
  readonly id?: string;
  /** Absent: the file's name, or its folder's when there are several. */
  readonly name?: string;
  /** Puts all rows into this split, whatever the files are called. */
  readonly split?: string;
  /** Seed of the splits that are made. */
  readonly seed?: number;
  /** Absent: inferred from the columns. */
  readonly mapping?: RoleMapping;
}

interface SourceFile extends DetectedFormat {
  readonly path: string;
  readonly sizeBytes: number;
  /** Undefined when neither the caller nor the file's name says it. */
  readonly split: string | undefined;
}

const READ_ENTRY = new URL(`./read-thread${extname(import.meta.url)}`, import.meta.url);
/** What is read and written sooner than a thread of its own would begin to read. */
const SMALL_BYTES = 2 ** 20;
const MAX_LABELS = 100; // more classes than this are no classification
const MADE_SPLIT = 'all'; // holds the rows until splits are made
const SPLIT_NAMES: Readonly<Record<string, string>> = {
  train: 'train',
  training: 'train',
  validation: 'validation',
  valid: 'validation',
  val: 'validation',
  dev: 'validation',
  test: 'test',
  testing: 'test',
};

/**
 * Imports one file, or several as the splits of one dataset, told by their names (train, validation, test, …); a single file whose
 * name tells nothing is parted by a seed. Bad rows are left out and listed. Nothing is kept unless everything went well.
 * Throws AppError `bad-dataset` (empty, damaged, splits of different shapes), `bad-input` (a mapping names an unknown column),
 * `not-found`, `bad-file`, `disk-full`, `cancelled`.
 */
export async function importDataset(db: Database, paths: string | readonly string[], options: ImportOptions = {}): Promise<Dataset> {
  const files = await openSources(typeof paths === 'string' ? [paths] : paths, options);
  const first = files[0]!.path;
  const name = options.name ?? (files.length === 1 ? basename(first, extname(first)) : basename(dirname(first)));
  const sources = files.map(({ path, format, reason, sizeBytes }) => ({
    path,
    format: nameFormat(format),
    formatReason: reason,
    sizeBytes,
  }));
  const { signal, seed = SPLIT_SEED } = options;
  const scale = new Scale(files, options.progress);
  const making = files[0]!.split === undefined ? { shares: MADE_SPLITS, seed } : undefined;
  const writer = new DatasetWriter(db, { id: options.id, name, sources }, making);
  try {
    const read = await readInto(writer, files, making?.seed, signal, scale);
    if (writer.count === 0) throw noRows(files, read.rejected);
    const roles = options.mapping ? checkMapping(options.mapping, read.samples) : agreeOnRoles(read.samples, name, files);
    const mapping = roles.mapping && (await completeLabels(db, writer, roles.mapping, signal, scale.listingLabels));
    const finish = writer.finishInSteps({
      columns: [...new Set(read.samples.flatMap((sample) => [...sample.columns]))],
      mapping,
      mappingReason: roles.reason,
      splitReason: explainSplits(files, options.split, seed),
      rejectedCount: read.rejectedCount,
    });
    const dataset = await inTurns(finish, signal, scale.finishing);
    scale.end();
    return dataset;
  } catch (error) {
    await inTurns(deleteDatasetInSteps(db, writer.id), undefined, scale.tidying);
    throw asAppError(error);
  }
}

async function openSources(paths: readonly string[], { split }: ImportOptions): Promise<SourceFile[]> {
  if (paths.length === 0) throw new AppError('bad-input', 'No file was named to import.');
  const files: SourceFile[] = [];
  for (const path of paths) {
    const detected = await detectFormat(path);
    files.push({ ...detected, path, sizeBytes: statSync(path).size, split: split ?? splitOfName(path) });
  }
  const unnamed = files.filter((file) => file.split === undefined);
  if (unnamed.length > 0 && unnamed.length < files.length) {
    const names = unnamed.map((file) => basename(file.path)).join(', ');
    throw new AppError(
      'bad-input',
      `The names of some files tell their split (train, validation, test), but not those of ${names}. Import these apart, or rename them.`,
    );
  }
  return files;
}

/** The first word of a file's name that names a split: `hellaswag_val.jsonl`, `train-00000-of-00002.parquet`, `TREC.test.all`. */
export function splitOfName(path: string): string | undefined {
  const words = basename(path)
    .toLowerCase()
    .split(/[^a-z]+/);
  return words.map((word) => SPLIT_NAMES[word]).find((split) => split !== undefined);
}

function nameFormat(format: Format): string {
  return format.kind === 'table' ? (format.delimiter === '\t' ? 'tsv' : 'csv') : format.kind;
}

interface Read {
  rejectedCount: number;
  readonly rejected: RejectedRow[];
  readonly samples: readonly SplitSample[];
}

/** Has the files read, in a thread where that takes long, and writes what comes. */
async function readInto(
  writer: DatasetWriter,
  sources: readonly SourceFile[],
  seed: number | undefined,
  signal: AbortSignal | undefined,
  scale: Scale,
): Promise<Read> {
  const files = sources.map(({ path, format, labelsPath, split = MADE_SPLIT }) => ({ path, format, labelsPath, split }));
  const order: ReadOrder = { files, seed };
  const rejected: RejectedRow[] = [];
  let rejectedCount = 0;
  const take = (piece: Piece): void => {
    throwIfCancelled(signal);
    writer.addRows(piece.rows);
    rejected.push(...piece.rejected);
    rejectedCount += piece.rejectedCount;
    if (piece.frame) scale.reading(piece.file, piece.frame);
  };
  const bytes = sources.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const samples =
    bytes < SMALL_BYTES
      ? await readFiles(files, seed, { signal, tell: take, room: () => Promise.resolve() })
      : await runThread<Piece, SplitSample[]>(READ_ENTRY, order, take, { signal });
  writer.addRejectedRows(rejected);
  return { rejectedCount, rejected, samples };
}

function noRows(files: readonly SourceFile[], rejected: readonly RejectedRow[]): AppError {
  const names = files.map((file) => basename(file.path)).join(', ');
  const [first] = rejected;
  const why = first
    ? ` The first of ${rejected.length} bad rows is line ${first.line} of ${first.file}: ${first.reason}.`
    : ' It holds none.';
  return new AppError('bad-dataset', `${names}: no row could be imported.${why}`, { rejected: rejected.slice(0, 10) });
}

/** Every split must have the columns of a mapping that a person gave. */
function checkMapping(mapping: RoleMapping, samples: readonly SplitSample[]): InferredRoles {
  for (const { split, columns } of samples) {
    const unknown = mappedColumns(mapping).find((column) => !columns.has(column));
    if (unknown !== undefined) {
      const found = [...columns].map((column) => `"${column}"`).join(', ');
      const where = split === MADE_SPLIT ? 'the dataset' : `split ${split}`;
      throw new AppError('bad-input', `There is no column "${unknown}" in ${where}; its columns are ${found}.`, { column: unknown, split });
    }
  }
  return { mapping, reason: 'The roles were given.' };
}

/** Infers the roles of each split, which must be the same; warnings of single splits are kept. */
function agreeOnRoles(samples: readonly SplitSample[], name: string, files: readonly SourceFile[]): InferredRoles {
  const hint = `${name} ${files.map((file) => `${basename(dirname(file.path))}/${basename(file.path)}`).join(' ')}`;
  const inferred = samples.map(({ split, columns, rows }) => ({ split, columns, ...inferRoles([...columns], rows, name, hint) }));
  const [first, ...others] = inferred;
  const shape = ({ mapping }: InferredRoles): string => (mapping ? [mapping.kind, mapping.name, ...mappedColumns(mapping)].join(' ') : '');
  const other = others.find((candidate) => shape(candidate) !== shape(first!));
  if (other) {
    const list = (columns: Iterable<string>): string => [...columns].join(', ');
    throw new AppError(
      'bad-dataset',
      `The splits of one dataset must have the same shape, but ${first!.split} has the columns ${list(first!.columns)} and ${other.split} ${list(other.columns)}. Import them as two datasets.`,
      { splits: [first!.split, other.split] },
    );
  }
  const reasons = new Set(inferred.map(({ split, reason }) => (reason === first!.reason ? reason : `Split ${split}: ${reason}`)));
  return { mapping: first!.mapping, reason: [...reasons].join(' ') };
}

/** Labels that the sample did not show; a column with too many values is no label column, and keeps the sample's. */
async function completeLabels(
  db: Database,
  { id, count }: DatasetWriter,
  mapping: RoleMapping,
  signal: AbortSignal | undefined,
  tell: (share: number) => void,
): Promise<RoleMapping> {
  if (mapping.kind !== 'classification') return mapping;
  const steps = listValuesInSteps(db, id, goldColumn(mapping, [])!, MAX_LABELS + 1);
  const found = await inTurns(steps, signal, (rows) => tell(Math.min(1, rows / count)));
  const values = found.filter((value) => !isHiddenLabel(value));
  const known = new Map(mapping.labels.map(({ value, word }) => [value, word]));
  return { ...mapping, labels: values.slice(0, MAX_LABELS).map((value) => ({ value, word: known.get(value) ?? value.trim() })) };
}

function explainSplits(files: readonly SourceFile[], asked: string | undefined, seed: number): string {
  if (asked !== undefined) return `All rows were put into the split ${asked}, as asked.`;
  if (files[0]!.split !== undefined)
    return `Splits were told by the names of the files: ${[...new Set(files.map((file) => file.split))].join(', ')}.`;
  const shares = Object.entries(MADE_SPLITS).map(([name, share]) => `${Math.round(share * 100)}\u202f% ${name}`);
  return `The files name no splits, so they were made with seed ${seed}: ${shares.join(', ')}; equal rows are in the same split.`;
}
