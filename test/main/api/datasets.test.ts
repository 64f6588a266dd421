// Datasets as tasks read them: the same data is the same data, whatever its file tells of types.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { viewBalance } from '../../../src/main/api/dataset-figures.ts';
import { importFiles, readItems, taskOf } from '../../../src/main/api/datasets.ts';
import type { App } from '../../../src/main/app.ts';
import { openDatabase } from '../../../src/main/db/open.ts';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'tailor-datasets-'))));
afterEach(() => rmSync(folder, { recursive: true }));

type Cell = string | number | boolean;
const ROWS = 24;

const DATA: readonly { says: string; row: (i: number) => Readonly<Record<string, Cell>>; kind: string }[] = [
  { says: 'numbers as labels', kind: 'classification', row: (i) => ({ text: `text ${i}`, label: i % 2 }) },
  { says: 'yes and no as labels', kind: 'classification', row: (i) => ({ text: `text ${i}`, label: i % 3 === 0 }) },
  { says: 'halves as labels', kind: 'classification', row: (i) => ({ text: `text ${i}`, label: (i % 3) / 2 }) },
  { says: 'long fractions as labels', kind: 'classification', row: (i) => ({ text: `text ${i}`, label: i % 2 ? 0.1 + 0.2 : 1e21 }) },
  { says: 'texts that are numbers', kind: 'classification', row: (i) => ({ text: i, label: i % 2 ? 'odd' : 'even' }) },
  { says: 'answers that are numbers', kind: 'completion', row: (i) => ({ question: `${i} + 1?`, answer: i + 1 }) },
];

test.each(DATA)('$says are the same from JSON Lines and from CSV: roles, labels, balance and items', async ({ row, kind }) => {
  const rows = Array.from({ length: ROWS }, (_, i) => row(i));
  const columns = Object.keys(rows[0]!);
  const files = {
    'typed.jsonl': rows.map((one) => JSON.stringify(one)).join('\n'),
    'plain.csv': [columns.join(','), ...rows.map((one) => columns.map((column) => String(one[column])).join(','))].join('\n'),
  };
  const read = await Promise.all(
    Object.entries(files).map(async ([name, text]) => {
      const app = { db: openDatabase(':memory:') } as unknown as App;
      writeFileSync(join(folder, name), text);
      const dataset = await importFiles(app, [join(folder, name)], { name: 'same', split: 'test' });
      const items = readItems(app, dataset, taskOf(dataset), 'test', ROWS);
      const known = items.map(({ choices, gold, label, prompt, answer }) => ({ choices, gold, label, prompt, answer }));
      return { mapping: dataset.mapping, balance: await viewBalance(app, dataset.id), known: kind === 'completion' ? items.length : known };
    }),
  );
  expect(read[0]!.mapping?.kind).toBe(kind);
  expect(read[0]).toEqual(read[1]);
});
