// Moments as a reader is used to: the clock alone today, the day with it otherwise.
import { expect, it } from 'vitest';
import { formatDay, formatMoment, formatSeconds } from '../../src/shared/dates.ts';

const at = (day: number, hour: number): number => new Date(2026, 10, day, hour, 5, 9).getTime();
const plain = (text: string): string => text.replaceAll('\u202f', ' ');

it.each([
  ['en-GB', '14:05', '23 Nov 2026, 14:05', '14:05:09'],
  ['en-US', '2:05 PM', 'Nov 23, 2026, 2:05 PM', '2:05:09 PM'],
  ['de-DE', '14:05', '23.11.2026, 14:05', '14:05:09'],
])('for a reader of %s', (locale, today, before, seconds) => {
  expect(plain(formatMoment(at(24, 14), at(24, 23), locale))).toBe(today);
  expect(plain(formatMoment(at(23, 14), at(24, 0), locale))).toBe(before);
  expect(before.startsWith(formatDay(at(23, 14), locale))).toBe(true);
  expect(plain(formatSeconds(at(23, 14), locale))).toBe(seconds);
});
