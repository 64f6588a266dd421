// The columns of a study's table, once for the terminal, Markdown and HTML.
import { formatBytes, formatCount, formatFigure, formatShare } from '../../shared/figures.ts';
import type { StudyRow, StudyTable } from '../../shared/study/table.ts';

export interface Column {
  readonly title: string;
  /** A short note that explains the column where there is room for one. */
  readonly note: string;
  readonly cell: (row: StudyRow) => string;
}

/** What stands in a cell that has no figure yet, or none at all. */
export const NO_FIGURE = '–';

/** Rows from the base down, as they are shown. */
export function studyRows(table: StudyTable): readonly StudyRow[] {
  return [table.base, ...table.variants];
}

/** The columns that this table needs: one per task and per perplexity text, and the figures every study has. */
export function studyColumns(table: StudyTable): readonly Column[] {
  const rows = studyRows(table);
  const texts = [...new Set(rows.flatMap((row) => Object.keys(row.perplexity)))];
  return [
    { title: 'variant', note: 'the cut as it was asked for, by true parameters', cell: (row) => row.name },
    ...table.tasks.map((task) => ({
      title: task.name,
      note: `${task.headline} in %, chance ${formatShare(task.chance)}`,
      cell: (row: StudyRow) => optional(row.tasks[task.name]?.[task.headline], formatShare),
    })),
    { title: 'mean', note: 'plain mean of the tasks, %', cell: (row) => optional(row.mean, formatShare) },
    {
      title: 'kept',
      note: 'share of the base’s mean, %, ± standard deviation over shot draws, and that of the worst draw',
      cell: keptCell,
    },
    ...texts.map((text) => ({
      title: `ppl ${text}`,
      note: 'token perplexity',
      cell: (row: StudyRow) => optional(row.perplexity[text], formatFigure),
    })),
    { title: 'parameters', note: 'with the adapter merged', cell: (row) => formatCount(row.parameters) },
    { title: 'cut', note: 'true share of parameters removed, %', cell: (row) => formatShare(row.trueReduction) },
    { title: 'MACs', note: 'forward pass over 64 tokens', cell: (row) => formatCount(row.macs) },
    { title: 'disk', note: 'checkpoint on disk', cell: (row) => formatBytes(row.bytes) },
    {
      title: 'memory',
      note: 'peak while evaluating',
      cell: (row) => (row.peakMemoryBytes > 0 ? formatBytes(row.peakMemoryBytes) : NO_FIGURE),
    },
    {
      title: 'tokens/s',
      note: 'while evaluating',
      cell: (row) => (row.tokensPerSecond > 0 ? formatFigure(row.tokensPerSecond) : NO_FIGURE),
    },
  ];
}

function keptCell(row: StudyRow): string {
  if (row.kept === undefined) return NO_FIGURE;
  return row.keptSpread === undefined || row.draws === 0
    ? formatShare(row.kept)
    : `${formatShare(row.kept)} ± ${formatShare(row.keptSpread)}${row.keptWorst === undefined ? '' : `, worst ${formatShare(row.keptWorst)}`}`;
}

function optional(value: number | undefined, format: (value: number) => string): string {
  return value === undefined ? NO_FIGURE : format(value);
}
