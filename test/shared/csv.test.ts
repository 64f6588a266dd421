// CSV that a spreadsheet opens without running anything.
import { expect, test } from 'vitest';
import { toCsv } from '../../src/shared/csv.ts';

test('cells with commas, quotes and line ends are quoted, and what is not known is empty', () => {
  expect(toCsv([['a,b', 'say "x"', 'two\nlines', undefined, true]])).toBe('"a,b","say ""x""","two\nlines",,true\r\n');
});

test.each([
  ['=1+1', "'=1+1"],
  ['+cmd', "'+cmd"],
  ['-2+3', "'-2+3"],
  ['@SUM(A1)', "'@SUM(A1)"],
  ['\t=1', "'\t=1"],
  ['\r=1', '"\'\r=1"'],
  ['-1 %+cmd', "'-1 %+cmd"],
  ['-1 ± =A1', "'-1 ± =A1"],
  ['=HYPERLINK("x","y")', '"\'=HYPERLINK(""x"",""y"")"'],
])('text %j, which a spreadsheet would run, is defused', (text, cell) => {
  expect(toCsv([[text]])).toBe(`${cell}\r\n`);
});

test.each([
  -0.5,
  '-0.5',
  '+3',
  '-1e-7',
  '-.5',
  '-12.5%',
  '-12.5 %',
  '-0.5 ± 0.1',
  '+3.1\u202f% ± 0.4\u202f%',
  Number.NEGATIVE_INFINITY,
  'a=b',
  'x-y',
])('%j stays as it is', (value) => {
  expect(toCsv([[value]])).toBe(`${value}\r\n`);
});
