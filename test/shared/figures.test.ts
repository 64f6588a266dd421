// Figures as people read them: digits, units, the true minus, and the page's decimal mark.
import { afterEach, describe, expect, it } from 'vitest';
import {
  followDecimalMark,
  formatBytes,
  formatCount,
  formatDuration,
  formatFigure,
  formatFixed,
  formatShare,
  formatWhole,
} from '../../src/shared/figures.ts';

afterEach(() => followDecimalMark(() => '.'));

const CASES: readonly [written: () => string, withPoint: string, withComma: string][] = [
  [() => formatShare(0.9568), '95.7', '95,7'],
  [() => formatCount(5422977024), '5.42\u202fB', '5,42\u202fB'],
  [() => formatBytes(16777216), '16.0\u202fMB', '16,0\u202fMB'],
  [() => formatDuration(1500), '1.5 s', '1,5 s'],
  [() => formatFigure(-0.0123), '\u22120.012', '\u22120,012'],
  [() => formatFigure(11826.6), '11,827', '11\u202f827'],
  [() => formatFigure(-1234), '\u22121,234', '\u22121\u202f234'],
  [() => formatFigure(999.4), '999', '999'],
  [() => formatFigure(1.5e7), '1.50e+7', '1,50e+7'],
  [() => formatFixed(-0.04, 1), '0.0', '0,0'],
  [() => formatWhole(1234567), '1,234,567', '1\u202f234\u202f567'],
];

describe('figures', () => {
  it.each(CASES)('are written with a point unless a page follows another mark: %#', (written, withPoint) =>
    expect(written()).toBe(withPoint),
  );
  it.each(CASES)('follow the comma at once: %#', (written, _withPoint, withComma) => {
    let mark: '.' | ',' = '.';
    followDecimalMark(() => mark);
    mark = ',';
    expect(written()).toBe(withComma);
  });
});
