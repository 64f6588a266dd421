// Names for records: short, random enough, and in the order in which they were made.
import { randomInt } from 'node:crypto';

const DIGITS = '0123456789abcdefghjkmnpqrstvwxyz'; // Crockford's base 32: no i, l, o, u to misread
const TIME_DIGITS = 9; // 32^9 ms lasts until the year 3084
const TAIL_DIGITS = 2; // more would leave the exact integers of a double
const TAILS = 32 ** TAIL_DIGITS;

let last = 0;

/** A new id of eleven characters. Ids made by one process ascend strictly; across processes they ascend by the millisecond. */
export function newId(): string {
  last = Math.max(Date.now() * TAILS + randomInt(TAILS), last + 1);
  let digits = '';
  for (let rest = last; digits.length < TIME_DIGITS + TAIL_DIGITS; rest = Math.floor(rest / 32)) digits = DIGITS[rest % 32] + digits;
  return digits;
}
