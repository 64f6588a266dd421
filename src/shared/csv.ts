// The one writer of CSV: cells by RFC 4180, with text that a spreadsheet would run as a formula defused.

/** What a cell may hold; undefined is an empty one. */
export type CsvCell = string | number | boolean | undefined;

/** What makes a spreadsheet take a cell for a formula (OWASP, "CSV injection"). */
const FORMULA = /^[=+\-@\t\r\n]/;
/** A number, also with its percent sign and its interval, as in "-12.5 % ± 0.3 %"; a cell of these alone runs nothing. */
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?\s?%?(?:\s?±\s?(?:\d+\.?\d*|\.\d+)\s?%?)?$/i;

/** Lines of cells. A text that begins like a formula gets an apostrophe before it; numbers, also those given as text, stay as they are. */
export function toCsv(lines: readonly (readonly CsvCell[])[]): string {
  return lines.map((line) => line.map(writeCell).join(',')).join('\r\n') + '\r\n';
}

function writeCell(value: CsvCell): string {
  const isFormula = typeof value === 'string' && FORMULA.test(value) && !NUMBER.test(value);
  const text = `${isFormula ? "'" : ''}${value ?? ''}`;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
