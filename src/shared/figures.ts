// How figures are written for people: the same on the terminal, in a report and on the page, but for the page's decimal mark.

const MINUS = '\u2212';
const THIN_SPACE = '\u202f'; // narrow no-break: before % and units

/** What stands between whole and part. */
export type DecimalMark = '.' | ',';

/** The mark that figures are written with; only a page ever follows another than the point, so that what programs read never changes. */
let markOf: () => DecimalMark = () => '.';

/** Writes figures from now on with the mark that `read` gives at each of them. */
export function followDecimalMark(read: () => DecimalMark): void {
  markOf = read;
}

/** A number with so many digits after the mark. */
export function formatFixed(value: number, digits: number): string {
  return withMinus(value.toFixed(digits));
}

/** A whole number with its thousands set apart: 12345 -> "12,345", or with a thin space where the comma is the decimal mark. */
export function formatWhole(count: number): string {
  // By hand: the browser's own way takes many times as long, and a page writes hundreds of figures at a time.
  return String(Math.round(count)).replace(/\B(?=(?:\d{3})+$)/g, markOf() === '.' ? ',' : THIN_SPACE);
}

/** A share 0..1 as percent with one digit, without the sign: 0.9568 -> "95.7". */
export function formatShare(share: number): string {
  return withMinus((share * 100).toFixed(1));
}

/** A share 0..1 as percent with its sign. */
export function formatPercent(share: number): string {
  return `${formatShare(share)}${THIN_SPACE}%`;
}

/** A count in three digits and a power of a thousand: 5422977024 -> "5.42 B". */
export function formatCount(count: number): string {
  return inSteps(count, 1000, ['', 'K', 'M', 'B', 'T', 'P']);
}

/** Bytes in three digits and a power of 1024: 16777216 -> "16.0 MB". */
export function formatBytes(bytes: number): string {
  return inSteps(bytes, 1024, ['B', 'KB', 'MB', 'GB', 'TB']);
}

/** A duration as its two largest parts: 75000 -> "1 min 15 s". */
export function formatDuration(elapsedMs: number): string {
  const seconds = Math.round(elapsedMs / 1000);
  if (seconds < 60) return elapsedMs < 9950 ? `${formatFixed(elapsedMs / 1000, 1)} s` : `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`;
}

/** A time that is only an estimate, no more exact than it deserves, in steps that do not flicker: "about 40 s", "about 3 min". */
export function aboutDuration(elapsedMs: number): string {
  const seconds = elapsedMs / 1000;
  if (seconds < 55) return `about ${Math.max(5, Math.round(seconds / 5) * 5)} s`;
  if (seconds < 5400) return `about ${Math.max(1, Math.round(seconds / 60))} min`;
  return `about ${formatDuration(Math.round(elapsedMs / 600_000) * 600_000)}`;
}

/** A figure with about three significant digits and no exponent below a million; from a thousand on it is whole: 11826.6 -> "11,827". */
export function formatFigure(value: number): string {
  const size = Math.abs(value);
  if (!Number.isFinite(value)) return String(value);
  if (size >= 1e6) return withMinus(value.toExponential(2));
  if (size >= 999.5) return `${value < 0 ? MINUS : ''}${formatWhole(size)}`;
  return withMinus(value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3));
}

function inSteps(value: number, step: number, units: readonly string[]): string {
  let scaled = value;
  let power = 0;
  while (Math.abs(scaled) >= step * 0.9995 && power < units.length - 1) {
    scaled /= step;
    power += 1;
  }
  const digits = power === 0 && Number.isInteger(value) ? 0 : Math.abs(scaled) >= 100 ? 0 : Math.abs(scaled) >= 10 ? 1 : 2;
  const unit = units[power] ?? '';
  return `${withMinus(scaled.toFixed(digits))}${unit === '' ? '' : `${THIN_SPACE}${unit}`}`;
}

function withMinus(text: string): string {
  const signed = text.replace(/^-(?=.*[1-9])/, MINUS).replace(/^-/, '');
  return markOf() === '.' ? signed : signed.replace('.', ',');
}
