// Importing in threads beside the program: the same dataset, the program not held, and nothing left of what fails, however it ends.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { listDatasets } from '../../../src/main/db/datasets.ts';
import { openDatabase, openRecords, type Database } from '../../../src/main/db/open.ts';
import { keepSetting } from '../../../src/main/db/settings.ts';
import { endImportsInto, importApart } from '../../../src/main/import/import-apart.ts';
import { importDataset } from '../../../src/main/import/import-dataset.ts';
import type { ProgressFrame } from '../../../src/shared/progress.ts';
import { Folder } from './fixtures.ts';

const ROWS = 30_000;
const toRows = (count: number): string =>
  Array.from({ length: count }, (_, i) => JSON.stringify({ text: `${i} ${'word '.repeat(40)}`, label: i % 2 ? 'ham' : 'spam' })).join('\n');
const countRows = (db: Database): unknown =>
  db.prepare('SELECT (SELECT count(*) FROM datasets) + (SELECT count(*) FROM dataset_rows) AS n').get();

test('a dataset is the same as one taken in by the program itself, which is held by neither its reading nor its writing', async () => {
  using folder = new Folder();
  using records = openRecords(join(folder.path, 'data'));
  const file = folder.write('rows.jsonl', toRows(ROWS));
  const frames: ProgressFrame[] = [];
  let writes = 0;
  const write = setInterval(() => keepSetting(records.db, 'theme', writes++ % 2 ? 'dark' : 'light'), 5);
  const watch = { progress: (frame: ProgressFrame) => frames.push(frame), step: () => undefined }; // as a study's, which holds more than an import asks for
  const dataset = await importApart(records.db, [file], watch);
  clearInterval(write);
  const { id, createdAt, ...facts } = dataset;
  const { id: otherId, createdAt: otherTime, ...others } = await importDataset(openDatabase(':memory:'), file);
  expect([typeof createdAt, id === otherId]).toEqual([typeof otherTime, false]);
  expect(facts).toEqual(others);
  expect(frames.at(0)?.phase).toBe('reading rows.jsonl');
  expect(frames.at(-1)).toMatchObject({ done: 100, total: 100 });
  expect(writes).toBeGreaterThan(10);
}, 60_000);

test('one that is called off tidies up behind itself', async () => {
  using folder = new Folder();
  using records = openRecords(join(folder.path, 'data'));
  const controller = new AbortController();
  const file = folder.write('rows.jsonl', toRows(ROWS));
  const progress = ({ done }: ProgressFrame): void => {
    if (done > 20) controller.abort();
  };
  await expect(importApart(records.db, [file], { signal: controller.signal, progress })).rejects.toMatchObject({ code: 'cancelled' });
  expect(countRows(records.db)).toEqual({ n: 0 });
  await expect(importApart(records.db, [file], { signal: controller.signal })).rejects.toMatchObject({ code: 'cancelled' });
});

test('a refusal comes over with its code and its figures, and a missing file too', async () => {
  using folder = new Folder();
  using records = openRecords(join(folder.path, 'data'));
  const paths = [folder.write('train.jsonl', toRows(2000)), folder.write('test.jsonl', '{"goal":"g","sol1":"a","sol2":"b"}')];
  await expect(importApart(records.db, paths)).rejects.toMatchObject({ code: 'bad-dataset', data: { splits: ['train', 'test'] } });
  await expect(importApart(records.db, [join(folder.path, 'none.csv')])).rejects.toMatchObject({ code: 'not-found' });
  expect(countRows(records.db)).toEqual({ n: 0 });
});

test('records that are closed end their imports, and what those wrote is gone at the next start', async () => {
  using folder = new Folder();
  const data = join(folder.path, 'data');
  const records = openRecords(data);
  let isReading: (() => void) | undefined;
  const reading = new Promise<void>((resolve) => (isReading = resolve));
  const file = folder.write('rows.jsonl', toRows(ROWS));
  const ended = importApart(records.db, [file], { progress: () => isReading!() }).catch((thrown: unknown) => thrown);
  await reading;
  endImportsInto(records.db);
  records.close();
  expect(await ended).toMatchObject({ code: 'cancelled' });
  using again = openRecords(data);
  expect(listDatasets(again.db)).toEqual([]);
  expect(countRows(again.db)).toEqual({ n: 0 });
});
