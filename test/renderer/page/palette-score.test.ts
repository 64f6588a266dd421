// The palette finds an entry by any words of its name and of what it is, and puts the closest first.
import { expect, it } from 'vitest';
import { scoreEntry } from '../../../src/renderer/parts/palette-score.ts';

const ENTRIES = [
  'Runs page',
  'demo model base',
  'demo-cut-20 model cut',
  'measure demo base run evaluate done',
  'boolq dataset',
  'New study',
];
const found = (typed: string): string[] =>
  ENTRIES.map((entry) => [entry, scoreEntry(entry, typed)] as const)
    .filter(([, score]) => score > 0)
    .sort(([, a], [, b]) => b - a)
    .map(([entry]) => entry);

it.each([
  ['run demo base', ['measure demo base run evaluate done']],
  ['demo', ['demo model base', 'measure demo base run evaluate done', 'demo-cut-20 model cut']],
  ['Model 20', ['demo-cut-20 model cut']],
  ['dataset', ['boolq dataset']],
  ['cut-20', ['demo-cut-20 model cut']],
  ['study new', ['New study']],
  ['nwst', []],
  ['runs', ['Runs page']],
  ['bq data', ['boolq dataset']],
])('%s', (typed, entries) => expect(found(typed)).toEqual(entries));
