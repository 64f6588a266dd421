// Importing: one dataset or nothing, its splits, its roles, its hash; and every real dataset at hand.
import Sqlite from 'better-sqlite3';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { countSplits, listDatasets, listRejectedRows, listRows } from '../../../src/main/db/datasets.ts';
import { openDatabase, openRecords } from '../../../src/main/db/open.ts';
import { decodeParquet } from '../../../src/main/import/decode-parquet.ts';
import { importDataset } from '../../../src/main/import/import-dataset.ts';
import { MAX_LISTED_REJECTS } from '../../../src/main/import/limits.ts';
import type { RoleMapping } from '../../../src/shared/dataset-roles.ts';
import type { ProgressFrame } from '../../../src/shared/progress.ts';
import { Folder, toTextParquet } from './fixtures.ts';

const SOURCE = join(import.meta.dirname, '../../../src/main');
const toJsonl = (rows: readonly unknown[]): string => rows.map((row) => JSON.stringify(row)).join('\n');
const piqa = (i: number, label?: number) => ({ goal: `goal ${i}`, sol1: 'a', sol2: 'b', ...(label === undefined ? {} : { label }) });

test('the same rows have the same values, splits, roles and hash from CSV, TSV, JSON, JSON lines and Parquet', async () => {
  using folder = new Folder();
  const db = openDatabase(':memory:');
  const rows = Array.from({ length: 12 }, (_, i) => ({ text: `a “text”, no. ${i % 10}`, label: i % 2 ? 'ham' : 'spam', Id: `${i % 10}` }));
  const toTable = (delimiter: string): string =>
    [Object.keys(rows[0]!), ...rows.map((row) => Object.values(row).map((cell) => `"${cell}"`))]
      .map((cells) => cells.join(delimiter))
      .join('\n');
  const paths = [
    folder.write('rows.csv', toTable(',')),
    folder.write('rows.tsv', toTable('\t')),
    folder.write('rows.json', JSON.stringify(rows)),
    folder.write('rows.jsonl', toJsonl(rows)),
    folder.write('rows.parquet', toTextParquet(rows)),
  ];
  const taken = [];
  for (const path of paths) {
    const { id, hash, columns, mapping, duplicateCount, sources } = await importDataset(db, path);
    const listed = listRows(db, id, { limit: 99 });
    expect(listed.map(({ values }) => values)).toEqual(rows);
    taken.push({ format: sources[0]!.format, facts: { hash, columns, mapping, duplicateCount, splits: listed.map(({ split }) => split) } });
  }
  expect(taken.map(({ format }) => format)).toEqual(['csv', 'tsv', 'json', 'jsonl', 'parquet']);
  expect(taken[0]!.facts.duplicateCount).toBe(2);
  for (const { facts } of taken) expect(facts).toEqual(taken[0]!.facts);
});

test('files named by their splits become one dataset in the order given', async () => {
  using folder = new Folder();
  const db = openDatabase(':memory:');
  const paths = [
    folder.write('piqa/train-00000-of-00002.jsonl', toJsonl([piqa(1, 0)])),
    folder.write('piqa/train-00001-of-00002.jsonl', toJsonl([piqa(2, 1)])),
    folder.write('piqa/my_dev.jsonl', toJsonl([piqa(3, 1)])),
    folder.write('piqa/test.jsonl', toJsonl([piqa(4), piqa(5)])),
  ];
  const dataset = await importDataset(db, paths);
  expect(countSplits(db, dataset.id)).toEqual({ train: 2, validation: 1, test: 2 });
  expect(dataset).toMatchObject({
    name: 'piqa',
    rowCount: 5,
    mapping: { kind: 'benchmark', name: 'piqa' },
    columns: ['goal', 'sol1', 'sol2', 'label'],
  });
  expect(dataset.splitReason).toContain('train, validation, test');
  expect(dataset.mappingReason).toContain('Split test: This looks like PIQA');
  expect(dataset.mappingReason).toContain('cannot be scored');
  expect(listRows(db, dataset.id, { split: 'test', limit: 9 }).map(({ position, line }) => [position, line])).toEqual([
    [3, 1],
    [4, 2],
  ]);
});

test('a file that names no split is parted by the seed, and that is said; a split that is asked for is taken', async () => {
  using folder = new Folder();
  const db = openDatabase(':memory:');
  const path = folder.write('stories.jsonl', toJsonl(Array.from({ length: 50 }, (_, i) => ({ text: `story ${i}` }))));
  const made = await importDataset(db, path);
  expect(countSplits(db, made.id)).toEqual({ train: 40, validation: 5, test: 5 });
  expect(made.splitReason).toContain('seed 42: 80\u202f% train, 10\u202f% validation, 10\u202f% test');
  expect((await importDataset(db, path)).hash).toBe(made.hash);
  expect((await importDataset(db, path, { seed: 43 })).hash).not.toBe(made.hash);
  const asked = await importDataset(db, path, { split: 'test', name: 'mine' });
  expect([asked.name, countSplits(db, asked.id)]).toEqual(['mine', { test: 50 }]);
});

test('the same rows have the same hash in another format, and repeated rows are counted', async () => {
  using folder = new Folder();
  const db = openDatabase(':memory:');
  const rows = ['a', 'b', 'a', 'c', 'a'].map((text) => ({ text, more: 'x' }));
  const jsonl = await importDataset(db, folder.write('test.jsonl', toJsonl(rows)));
  const csv = await importDataset(db, folder.write('test.csv', `text,more\n${rows.map((row) => `${row.text},x\n`).join('')}`));
  expect(csv.hash).toBe(jsonl.hash);
  expect(jsonl.duplicateCount).toBe(2);
});

test('progress is one share of the whole through all files and phases: it never goes back, and is whole at the end only', async () => {
  using folder = new Folder();
  const db = openDatabase(folder.write('records.sqlite', ''));
  const rows = Array.from({ length: 6000 }, (_, i) => ({ text: `${i} ${'x'.repeat(200)}`, label: i % 2 ? 'ham' : 'spam' }));
  const frames: ProgressFrame[] = [];
  const isHidden = (): boolean => listDatasets(db).length === 0;
  const progress = (frame: ProgressFrame): void => {
    frames.push(frame);
    if (frame.done === frame.total) expect(isHidden()).toBe(false);
  };
  await importDataset(db, folder.write('a.jsonl', toJsonl(rows)), { progress });
  expect([...new Set(frames.map(({ phase }) => phase))]).toEqual(['reading a.jsonl', 'listing labels', 'making splits and comparing rows']);
  const done = frames.map((frame) => frame.done);
  expect(done).toEqual([...done].sort((a, b) => a - b));
  expect(frames.at(-1)).toMatchObject({ done: 100, total: 100, unit: '%' });
  db.close();
});

test('an import that is killed half-way leaves nothing behind when the records are opened again', () => {
  using folder = new Folder();
  openRecords(folder.path).close();
  const file = folder.write('a.jsonl', toJsonl(Array.from({ length: 5000 }, (_, i) => ({ text: `${i} ${'x'.repeat(200)}` }))));
  const script = `
    import { openRecords } from ${JSON.stringify(join(SOURCE, 'db/open.ts'))};
    import { importDataset } from ${JSON.stringify(join(SOURCE, 'import/import-dataset.ts'))};
    const { db } = openRecords(${JSON.stringify(folder.path)});
    const progress = ({ done }) => done > 40 && process.kill(process.pid, 'SIGKILL');
    await importDataset(db, ${JSON.stringify(file)}, { progress });`;
  const killed = spawnSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' });
  expect([killed.signal, killed.stderr]).toEqual(['SIGKILL', '']);
  const raw = new Sqlite(join(folder.path, 'tailor.sqlite'), { readonly: true });
  expect(raw.prepare('SELECT count(*) > 0 AS some FROM dataset_rows').get()).toEqual({ some: 1 });
  raw.close();
  using records = openRecords(folder.path);
  expect(records.db.prepare('SELECT (SELECT count(*) FROM datasets) + (SELECT count(*) FROM dataset_rows) AS n').get()).toEqual({ n: 0 });
});

test('bad rows are listed up to a limit and counted beyond it', async () => {
  using folder = new Folder();
  const db = openDatabase(':memory:');
  const dataset = await importDataset(db, folder.write('a.jsonl', `{"text":"x"}\n${'bad\n'.repeat(MAX_LISTED_REJECTS + 5)}`));
  expect(dataset).toMatchObject({ rowCount: 1, rejectedCount: MAX_LISTED_REJECTS + 5 });
  const listed = listRejectedRows(db, dataset.id);
  expect(listed).toHaveLength(MAX_LISTED_REJECTS);
  expect(listed[0]).toEqual({ file: 'a.jsonl', line: 2, reason: expect.stringContaining('not valid JSON') as unknown });
});

test('labels that the sample missed are found among all rows', async () => {
  using folder = new Folder();
  const db = openDatabase(':memory:');
  const rows = Array.from({ length: 3000 }, (_, i) => ({ text: `t${i}`, label: i === 2999 ? 'rare' : ['ham', 'spam'][i % 2] }));
  const { mapping } = await importDataset(db, folder.write('a.jsonl', toJsonl(rows)));
  expect(mapping).toMatchObject({ kind: 'classification', labels: ['ham', 'rare', 'spam'].map((value) => ({ value, word: value })) });
});

describe('nothing is left of an import that fails', () => {
  const text: RoleMapping = { kind: 'text', name: 't', text: 'body' };
  const many = Array.from({ length: 2000 }, (_, i) => `{"text":"${i}"}`).join('\n');
  const cases: [string, Record<string, string>, object, string, string][] = [
    ['no row is good', { 'a.jsonl': '{"a":\n[1]\n' }, {}, 'bad-dataset', 'line 1 of a.jsonl: not valid JSON'],
    ['a table has a header only', { 'a.csv': 'a,b\n' }, {}, 'bad-dataset', 'no row could be imported'],
    [
      'a mapping names an unknown column',
      { 'a.jsonl': many },
      { mapping: text },
      'bad-input',
      'no column "body" in the dataset; its columns are "text"',
    ],
    [
      'splits differ in shape',
      { 'train.jsonl': '{"text":"x"}', 'test.jsonl': '{"goal":"g","sol1":"a","sol2":"b"}' },
      {},
      'bad-dataset',
      'Import them as two datasets',
    ],
    ['some files name a split and others do not', { 'train.jsonl': many, 'more.jsonl': many }, {}, 'bad-input', 'more.jsonl'],
    ['there are more labels than rows', { 'valid.jsonl': many, 'valid-labels.lst': '1\n'.repeat(2001) }, {}, 'bad-dataset', 'more labels'],
  ];
  test.each(cases)('%s', async (_, files, options, code, message) => {
    using folder = new Folder();
    const db = openDatabase(':memory:');
    const paths = Object.entries(files).map(([name, content]) => folder.write(name, content));
    const refused = expect.objectContaining({ code, message: expect.stringContaining(message) as unknown }) as Error;
    await expect(
      importDataset(
        db,
        paths.filter((path) => !path.endsWith('.lst')),
        options,
      ),
    ).rejects.toEqual(refused);
    expect(db.prepare('SELECT (SELECT count(*) FROM datasets) + (SELECT count(*) FROM dataset_rows) AS n').get()).toEqual({ n: 0 });
  });

  test('it is cancelled midway', async () => {
    using folder = new Folder();
    const db = openDatabase(':memory:');
    const controller = new AbortController();
    const path = folder.write('a.jsonl', `{"text":"${'x'.repeat(1000)}"}\n`.repeat(2000));
    const frames: ProgressFrame[] = [];
    const progress = (frame: ProgressFrame): void => {
      frames.push(frame);
      if (frames.length === 2) controller.abort();
    };
    await expect(importDataset(db, path, { signal: controller.signal, progress })).rejects.toMatchObject({ code: 'cancelled' });
    expect(frames[0]).toMatchObject({ phase: 'reading a.jsonl', unit: '%', total: 100 });
    expect(db.prepare('SELECT count(*) AS n FROM dataset_rows').get()).toEqual({ n: 0 });
  });

  test('the disk is full', async () => {
    using folder = new Folder();
    const db = openDatabase(folder.write('small.sqlite', ''));
    db.pragma(`max_page_count = ${(db.pragma('page_count', { simple: true }) as number) + 20}`);
    await expect(importDataset(db, folder.write('a.jsonl', `{"text":"${'x'.repeat(1000)}"}\n`.repeat(2000)))).rejects.toMatchObject({
      code: 'disk-full',
    });
    expect(listDatasets(db)).toEqual([]);
    db.close();
  });
});

const DATA = join(import.meta.dirname, '../../../../shared/data/datasets');
const hasData = existsSync(DATA);

describe.skipIf(!hasData)('the real datasets of ../shared/data (skipped where that folder is missing)', () => {
  const cases: [string, string, number, Record<string, number>, unknown][] = [
    ['boolq/validation.jsonl', 'jsonl', 3270, { validation: 3270 }, { kind: 'benchmark', name: 'boolq' }],
    [
      'boolq/train-question-only.json',
      'json',
      9427,
      { train: 9427 },
      { kind: 'instruction', instruction: 'instruction', answer: 'output' },
    ],
    ['piqa/valid.jsonl', 'jsonl', 1838, { validation: 1838 }, { kind: 'benchmark', name: 'piqa' }],
    ['arc-easy/test.jsonl', 'jsonl', 2376, { test: 2376 }, { kind: 'benchmark', name: 'arc_easy' }],
    ['arc-easy/train.json', 'json', 2251, { train: 2251 }, { kind: 'instruction' }],
    ['openbookqa/test.jsonl', 'jsonl', 500, { test: 500 }, { kind: 'benchmark', name: 'openbookqa' }],
    ['openbookqa/train.json', 'json', 4957, { train: 4957 }, { kind: 'instruction' }],
    [
      'sms-spam/SMSSpamCollection',
      'labelled-lines',
      5574,
      { train: 4459, validation: 558, test: 557 },
      { kind: 'classification', text: 'text', label: 'label' },
    ],
    ['trec/TREC.train.all', 'labelled-lines', 5452, { train: 5452 }, { kind: 'classification' }],
    ['trec/TREC.test.all', 'labelled-lines', 500, { test: 500 }, { kind: 'classification' }],
    ['tinystories/tinystories_train_head_2MiB.txt', 'text', 2317, { train: 2317 }, { kind: 'text', text: 'text' }],
    ['wikitext-2/test.txt', 'text', 1320, { test: 1320 }, { kind: 'text' }],
    [
      'alpaca-form/dolly_hhrlhf_train_small.jsonl',
      'jsonl',
      1000,
      { train: 1000 },
      { kind: 'completion', prompt: 'prompt', answer: 'response' },
    ],
    ['calibration/c4-sample.jsonl', 'jsonl', 304, { train: 243, validation: 31, test: 30 }, { kind: 'text', text: 'text' }],
  ];
  test.each(cases)('%s is %s with %i rows', async (file, format, rowCount, splits, mapping) => {
    const db = openDatabase(':memory:');
    const dataset = await importDataset(db, join(DATA, file));
    expect(dataset).toMatchObject({ rowCount, mapping, sources: [{ format }] });
    expect(countSplits(db, dataset.id)).toEqual(splits);
  });

  test('the labels of PIQA stand beside its rows, and a latin-1 line of TREC is read', async () => {
    const db = openDatabase(':memory:');
    const { id } = await importDataset(db, join(DATA, 'piqa/valid.jsonl'));
    expect(listRows(db, id, { limit: 5 }).map((row) => row.values['label'])).toEqual([0, 1, 1, 1, 0]);
    const trec = await importDataset(db, join(DATA, 'trec/TREC.train.all'));
    const texts = listRows(db, trec.id, { limit: 6000 }).map((row) => String(row.values['text']));
    expect(texts.some((text) => /[à-ÿ]/.test(text))).toBe(true);
    expect(texts.some((text) => text.includes('\ufffd'))).toBe(false);
  });

  test('two splits of trec become one dataset with one set of labels', async () => {
    const db = openDatabase(':memory:');
    const dataset = await importDataset(db, [join(DATA, 'trec/TREC.train.all'), join(DATA, 'trec/TREC.test.all')]);
    expect(dataset).toMatchObject({
      name: 'trec',
      rowCount: 5952,
      mapping: { labels: [...'012345'].map((value) => ({ value, word: value })) },
    });
  });

  const parquet = hasData ? readdirSync(join(DATA, 'parquet')) : [];
  const refused = ['issue97.parquet', 'repeated_no_annotation.parquet']; // no rows; six rows where the file promises none
  test.each(parquet.filter((file) => !refused.includes(file)))('parquet/%s is read', async (file) => {
    const rows = await Array.fromAsync(decodeParquet(join(DATA, 'parquet', file)), (batch) => batch.rows);
    expect(rows.flat().length).toBeGreaterThan(0);
    for (const row of rows.flat()) expect(row).toHaveProperty('values', JSON.parse(JSON.stringify('values' in row ? row.values : null)));
  });

  test.each(refused)('parquet/%s is refused', async (file) => {
    await expect(importDataset(openDatabase(':memory:'), join(DATA, 'parquet', file))).rejects.toMatchObject({ code: 'bad-dataset' });
  });
});
