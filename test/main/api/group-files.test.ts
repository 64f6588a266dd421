// What is dropped at once becomes datasets by the names of the files.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { importFiles } from '../../../src/main/api/datasets.ts';
import { groupFiles } from '../../../src/main/api/group-files.ts';
import type { App } from '../../../src/main/app.ts';
import { openDatabase } from '../../../src/main/db/open.ts';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'tailor-group-'))));
afterEach(() => rmSync(folder, { recursive: true }));

function put(...names: readonly string[]): string[] {
  return names.map((name) => {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, 'x\n');
    return path;
  });
}

const asNames = (paths: readonly string[]): { name: string; files: string[] }[] =>
  groupFiles(paths.map((path) => ({ path }))).map((group) => ({ name: group.name, files: group.paths.map((path) => basename(path)) }));

const DROPS: readonly { says: string; files: readonly string[]; become: readonly { name: string; files: readonly string[] }[] }[] = [
  { says: 'one file', files: ['a.csv'], become: [{ name: 'a', files: ['a.csv'] }] },
  {
    says: 'splits of two datasets and a stranger',
    files: ['quiz_train.jsonl', 'quiz_test.jsonl', 'other-val.csv', 'notes.txt'],
    become: [
      { name: 'quiz', files: ['quiz_train.jsonl', 'quiz_test.jsonl'] },
      { name: 'other', files: ['other-val.csv'] },
      { name: 'notes', files: ['notes.txt'] },
    ],
  },
  {
    says: 'shards of a split',
    files: ['sms-train-00000-of-00002.parquet', 'sms-train-00001-of-00002.parquet'],
    become: [{ name: 'sms', files: ['sms-train-00000-of-00002.parquet', 'sms-train-00001-of-00002.parquet'] }],
  },
  {
    says: 'label files and documents beside rows',
    files: ['piqa_train.jsonl', 'piqa_train-labels.lst', 'README.md'],
    become: [{ name: 'piqa', files: ['piqa_train.jsonl'] }],
  },
];

test.each(DROPS)('$says', ({ files, become }) => expect(asNames(put(...files))).toEqual(become));

test('a folder of splits keeps its name; a folder of folders is a dataset for each', () => {
  put('boolq/train.jsonl', 'boolq/test.jsonl', 'piqa/train.jsonl');
  expect(asNames([join(folder, 'boolq')])).toEqual([{ name: 'boolq', files: ['test.jsonl', 'train.jsonl'] }]);
  expect(asNames([folder]).map((group) => group.name)).toEqual(['boolq', 'piqa']);
});

const BESIDE = [
  'cover.png',
  'run.tailor',
  'README.md',
  'dataset_infos.json',
  'dataset_info.json',
  '.gitattributes',
  'LICENSE',
  'CITATION.cff',
  'loader.py',
];

test.each([
  ['beside its files', ''],
  ['in its folder data', 'data/'],
])('what a hub keeps with a dataset is no rows: splits %s are one dataset, dropped and from the command line', async (_, below) => {
  const splits = ['train', 'validation', 'test'];
  put(...BESIDE.map((name) => `reviews/${name}`), ...splits.map((split) => `reviews/${below}${split}.jsonl`));
  for (const split of splits) writeFileSync(join(folder, `reviews/${below}${split}.jsonl`), '{"text":"a b","label":1}\n');
  const files = ['test.jsonl', 'train.jsonl', 'validation.jsonl'];
  expect(asNames([join(folder, 'reviews')])).toEqual([{ name: 'reviews', files }]);
  const app = { db: openDatabase(':memory:') } as unknown as App;
  const named = [...BESIDE.map((name) => `reviews/${name}`), ...files.map((name) => `reviews/${below}${name}`)];
  for (const paths of [['reviews'], named]) {
    const dataset = await importFiles(
      app,
      paths.map((name) => join(folder, name)),
    );
    expect(dataset.splits).toEqual({ test: 1, train: 1, validation: 1 });
    expect(dataset.splitReason).toContain('told by the names');
  }
});

test('notes are rows where there is nothing else', () => {
  put('notes/a.md', 'notes/b.md');
  expect(asNames([join(folder, 'notes')]).map((group) => group.files)).toEqual([['a.md'], ['b.md']]);
});

test('a model, an empty folder and far too many files are refused in words', () => {
  put('model/model.safetensors', ...Array.from({ length: 1001 }, (_, i) => `many/${i}.txt`));
  mkdirSync(join(folder, 'empty'));
  expect(() => asNames([join(folder, 'model')])).toThrow('Add it on the page Models');
  expect(() => asNames([join(folder, 'empty')])).toThrow('holds no files');
  expect(() => asNames([join(folder, 'many')])).toThrow('holds 1001 files');
});
