// A study as text: a table for the terminal, Markdown for a page, CSV for a spreadsheet.
import { toCsv } from '../../shared/csv.ts';
import type { StudyTable } from '../../shared/study/table.ts';
import { studyColumns, studyRows } from './columns.ts';

/** Begins a figure: a digit, a sign, or the dash that stands for none. */
const FIGURE = /^[\d+\u2212\u2013<-]/;

/** Cells in columns of equal width with a rule under the titles; columns of figures stand to the right. */
export function formatTable(allTitles: readonly string[], allRows: readonly (readonly string[])[]): string {
  const titles = allTitles.map(oneLine);
  const rows = allRows.map((row) => row.map(oneLine));
  const columns = titles.map((title, column) => {
    // The first column names the row.
    const cells = rows.map((row) => row[column] ?? '');
    return {
      width: Math.max(...[title, ...cells].map((cell) => [...cell].length)),
      right: column > 0 && cells.some((cell) => cell !== '') && cells.every((cell) => cell === '' || FIGURE.test(cell)),
    };
  });
  const line = (cells: readonly string[]): string =>
    columns
      .map(({ width, right }, column) => pad(cells[column] ?? '', width, right))
      .join('  ')
      .trimEnd();
  return [line(titles), columns.map(({ width }) => '─'.repeat(width)).join('  '), ...rows.map(line)].join('\n');
}

/** The study's table for a terminal. */
export function formatStudyText(table: StudyTable): string {
  const columns = studyColumns(table);
  return formatTable(
    columns.map((column) => column.title),
    studyRows(table).map((row) => columns.map((column) => column.cell(row))),
  );
}

/** The study's table in Markdown (GitHub's form), with one line on what the columns mean. */
export function formatStudyMarkdown(table: StudyTable): string {
  const columns = studyColumns(table);
  const row = (cells: readonly string[]): string => `| ${cells.map((cell) => oneLine(cell).replace(/[|<]/g, '\\$&')).join(' | ')} |`;
  return [
    row(columns.map((column) => column.title)),
    row(columns.map((_, index) => (index === 0 ? '---' : '---:'))),
    ...studyRows(table).map((one) => row(columns.map((column) => column.cell(one)))),
    '',
    columns.map((column) => `${column.title}: ${column.note}`).join('; ') + '.',
    '',
  ].join('\n');
}

/** Every figure at full precision, one line a variant (RFC 4180); what is not known is empty. */
export function formatStudyCsv(table: StudyTable): string {
  const rows = studyRows(table);
  const texts = [...new Set(rows.flatMap((row) => Object.keys(row.perplexity)))];
  const titles = [
    ...['name', 'nominalRatio', 'trueReduction', 'tuned', 'shots', 'draws', 'mean', 'kept', 'keptSpread'],
    ...table.tasks.flatMap(({ name }) => [`${name}.acc`, `${name}.acc_norm`, `${name}.stderr`]),
    ...texts.map((text) => `perplexity.${text}`),
    ...['parameters', 'adapterParameters', 'bytes', 'macs', 'tokensPerSecond', 'peakMemoryBytes'],
  ];
  const lines = rows.map((row) => [
    ...[row.name, row.nominalRatio, row.trueReduction, row.tuned, row.shots, row.draws, row.mean, row.kept, row.keptSpread],
    ...table.tasks.flatMap(({ name }) => [row.tasks[name]?.acc, row.tasks[name]?.acc_norm, row.tasks[name]?.stderr]),
    ...texts.map((text) => row.perplexity[text]),
    ...[row.parameters, row.adapterParameters, row.bytes, row.macs, row.tokensPerSecond, row.peakMemoryBytes],
  ]);
  return toCsv([titles, ...lines]);
}

/** Names may hold line ends, and signs that a terminal would take for commands. */
function oneLine(cell: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are just what must go
  return cell.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ');
}

function pad(cell: string, width: number, right: boolean): string {
  const space = ' '.repeat(Math.max(0, width - [...cell].length));
  return right ? space + cell : cell + space;
}
