// A study as one page that stands alone: no script, no other file, light and dark by the reader's system.
import { formatCount, formatDuration, formatPercent } from '../../shared/figures.ts';
import { isComplete, type StudyTable } from '../../shared/study/table.ts';
import { drawKept, drawTasks, escapeHtml, markIcon } from './charts.ts';
import { studyColumns, studyRows } from './columns.ts';

const STYLE = `
:root { color-scheme: light dark;
  --paper: light-dark(#f1f3f5, #12161c); --surface: light-dark(#fff, #191f27); --ink: light-dark(#161b22, #e9edf1);
  --ink-2: light-dark(#414a55, #b9c3cd); --ink-3: light-dark(#5c6672, #94a0ad); --line: light-dark(#dce1e6, #29323c);
  --line-2: light-dark(#c3cbd3, #3a4551); --grid: light-dark(#e3e7eb, #27303a);
  --cloth: light-dark(#1e2631, #0b0e13); --chalk: #eef2f5; --chalk-2: light-dark(#b4c0cc, #9ca8b5); --stripe: light-dark(#ffffff0b, #ffffff08);
  --v0: light-dark(#2b333d, #f0f3f5); --v1: light-dark(#d2591f, #e87a33); --v2: light-dark(#178f8c, #3cae88); --v3: light-dark(#8436cc, #c07ad0); }
* { box-sizing: border-box; margin: 0; }
body { font: 13px/1.45 system-ui, -apple-system, "Segoe UI", "Noto Sans", "Liberation Sans", sans-serif; font-variant-numeric: tabular-nums;
  color: var(--ink); background: var(--paper); }
header { padding: 20px; color: var(--chalk); background: repeating-linear-gradient(90deg, var(--stripe) 0 1px, transparent 1px 12px) var(--cloth); }
header p { color: var(--chalk-2); }
h1 { font-size: 20px; font-weight: 650; letter-spacing: -.012em; } h2 { font-size: 13px; font-weight: 650; margin-bottom: 8px; }
main { display: grid; gap: 16px; padding: 20px; grid-template-columns: repeat(auto-fit, minmax(min(460px, 100%), 1fr)); }
section { background: var(--surface); border: 1px solid var(--line); border-radius: 3px; padding: 16px; min-width: 0; }
.wide { grid-column: 1 / -1; } .scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; } th, td { padding: 6px 8px; text-align: right; white-space: nowrap; }
th { color: var(--ink-2); font-weight: 600; border-bottom: 1px solid var(--line-2); } td { border-top: 1px solid var(--line); }
th:first-child, td:first-child { text-align: left; position: sticky; left: 0; background: var(--surface); } td:first-child { font-weight: 600; }
.icon { vertical-align: -3px; margin-right: 6px; } .note { color: var(--ink-3); font-size: 12px; margin-top: 8px; max-width: 110ch; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 16px; color: var(--ink-2); font-size: 12px; margin-bottom: 8px; padding: 0; list-style: none; }
.chart { width: 100%; height: auto; display: block; font-size: 11px; } .chart text { fill: var(--ink-3); }
.chart .label { fill: var(--ink-2); } .chart .figure { fill: var(--ink); font-weight: 600; } .grid { stroke: var(--grid); }
.reference { stroke: var(--ink-3); stroke-dasharray: 5 4; } .whisker { stroke: var(--ink-3); stroke-width: 1.5; fill: none; } .whisker.thin { stroke-width: 1; opacity: .6; }
.mark { stroke-width: 2; } .v0 { --c: var(--v0); } .v1 { --c: var(--v1); } .v2 { --c: var(--v2); } .v3 { --c: var(--v3); }
.mark.filled { fill: var(--c); stroke: var(--surface); stroke-width: 1; } .mark.hollow { fill: var(--surface); stroke: var(--c); } .ring { fill: none; stroke: var(--c); stroke-width: 1.5; }
@media print { body { background: none; } section { break-inside: avoid; } }
`;

/** What the page says about the study besides its table. */
export interface ReportFacts {
  readonly title: string;
  readonly madeAt: Date;
  /** The base model's name, and whatever makes the run repeatable, as label and value. */
  readonly facts: readonly (readonly [string, string])[];
}

/** The whole page. The table holds every figure that the drawings show. */
export function formatStudyHtml(table: StudyTable, report: ReportFacts): string {
  const columns = studyColumns(table);
  const rows = studyRows(table);
  const head = columns.map((column) => `<th scope="col" title="${escapeHtml(column.note)}">${escapeHtml(column.title)}</th>`).join('');
  const body = rows.map((row) => {
    const cells = columns.map((column, index) => `<td>${index === 0 ? markIcon(row, table) : ''}${escapeHtml(column.cell(row))}</td>`);
    return `<tr>${cells.join('')}</tr>`;
  });
  const legend = rows.map((row) => `<li>${markIcon(row, table)}${escapeHtml(row.name)}</li>`).join('');
  const facts = [...report.facts, ['Measured in', formatDuration(table.seconds * 1000)] as const];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(report.title)}</title><style>${STYLE}</style></head><body>
<header><h1>${escapeHtml(report.title)}</h1><p>${escapeHtml(`Tailor, ${report.madeAt.toISOString().slice(0, 16).replace('T', ' ')} UTC. ${headline(table)}`)}</p></header>
<main>
<section class="wide"><h2>All figures</h2><div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>${body.join('')}</tbody></table></div>
<p class="note">${escapeHtml(columns.map((column) => `${column.title}: ${column.note}`).join('; '))}.</p></section>
<section><h2>Kept of the base’s mean</h2>${drawKept(table)}<p class="note">Whiskers: one standard deviation over shot draws. Dashed: the base. The axis does not begin at zero.</p></section>
<section><h2>By task</h2><ul class="legend">${legend}</ul>${drawTasks(table)}<p class="note">Whiskers: 95% interval over the test items. Dashed: the accuracy of guessing.</p></section>
<section class="wide"><h2>How this was measured</h2><table>${facts.map(([name, value]) => `<tr><td>${escapeHtml(name)}</td><td style="text-align:left;white-space:normal">${escapeHtml(value)}</td></tr>`).join('')}</table></section>
</main></body></html>
`;
}

/** One sentence on the deepest cut that was tuned: what is left of the model, and what it keeps. */
function headline(table: StudyTable): string {
  const deepest = table.variants.filter((row) => row.tuned && isComplete(row)).at(-1);
  if (deepest?.kept === undefined || deepest.nominalRatio === 0) return '';
  return `${formatCount(deepest.parameters)} of ${formatCount(table.base.parameters)} parameters keep ${formatPercent(deepest.kept)} of the base’s mean.`;
}
