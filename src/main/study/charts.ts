// The drawings of a study's report, as inline SVG: what the cut cost and the tuning brought back, and each task by variant.
import { formatShare } from '../../shared/figures.ts';
import type { StudyRow, StudyTable } from '../../shared/study/table.ts';
import { studyRows } from './columns.ts';

const WIDTH = 560;
const LEFT = 132;
const RIGHT = 20;
const ROW_HEIGHT = 30;
const TOP = 30;
/** Within a task each variant has a line of its own, so that marks do not hide each other. */
const LANE = 11;
/** A 95% interval is this many standard errors to each side. */
const INTERVAL = 1.96;

/** Colour and shape of a variant: the base is ● in ink, each cut takes the next slot; hollow is untuned, filled is tuned. */
export function markOf(row: StudyRow, table: StudyTable, x = 7, y = 7): string {
  const ratios = [...new Set(studyRows(table).map((one) => one.nominalRatio))];
  const slot = Math.min(ratios.indexOf(row.nominalRatio), 3);
  const shape = [
    `<circle cx="${x}" cy="${y}" r="4.5"/>`,
    `<rect x="${x - 4.5}" y="${y - 4.5}" width="9" height="9"/>`,
    `<path d="M${x} ${y - 5.5} ${x + 5.5} ${y + 4.5}H${x - 5.5}Z"/>`,
    `<path d="M${x} ${y - 6} ${x + 6} ${y} ${x} ${y + 6} ${x - 6} ${y}Z"/>`,
  ][slot]!;
  const ring = slot === 0 && row.tuned ? `<circle class="ring" cx="${x}" cy="${y}" r="7.5"/>` : '';
  return `<g class="mark v${slot} ${row.tuned || slot === 0 ? 'filled' : 'hollow'}">${shape}${ring}</g>`;
}

/** A mark standing alone, for tables and legends. */
export function markIcon(row: StudyRow, table: StudyTable): string {
  return `<svg class="icon" viewBox="-2 -2 18 18" width="16" height="16" aria-hidden="true">${markOf(row, table)}</svg>`;
}

/** One line per variant: share of the base's mean, with a whisker of one standard deviation over the shot draws. */
export function drawKept(table: StudyTable): string {
  const rows = studyRows(table).filter((row) => row.kept !== undefined);
  const low = Math.floor(Math.min(0.9, ...rows.map((row) => (row.kept ?? 1) - (row.keptSpread ?? 0))) * 10) / 10;
  const high = Math.max(1.02, ...rows.map((row) => (row.kept ?? 1) + (row.keptSpread ?? 0))) + 0.01;
  const at = scale(low, high);
  const lines = rows.map((row, index) => {
    const y = TOP + ROW_HEIGHT * (index + 0.5);
    const kept = row.kept ?? 0;
    const spread = row.keptSpread ?? 0;
    const whisker = spread > 0 ? whiskerOf(at(kept - spread), at(kept + spread), y) : '';
    return `${label(row.name, y)}${whisker}${markOf(row, table, at(kept), y)}<text class="figure" x="${at(kept)}" y="${y - 9}" text-anchor="middle">${formatShare(kept)}</text>`;
  });
  const height = TOP + ROW_HEIGHT * rows.length + 26;
  const base = `<line class="reference" x1="${at(1)}" x2="${at(1)}" y1="${TOP - 8}" y2="${height - 24}"/>`;
  return svg(height, 'Share of the base’s mean accuracy kept by each variant', axis(at, low, high, height) + base + lines.join(''));
}

/** A band per task, a lane per variant: the headline figure with its 95% interval, and a dashed line at the accuracy of guessing. */
export function drawTasks(table: StudyTable): string {
  const rows = studyRows(table);
  const at = scale(0, 1);
  const band = LANE * rows.length + 12;
  const height = TOP + band * table.tasks.length + 26;
  const lines = table.tasks.map((task, index) => {
    const top = TOP + band * index;
    const chance = `<line class="reference" x1="${at(task.chance)}" x2="${at(task.chance)}" y1="${top}" y2="${top + band - 8}"/>`;
    const marks = rows.map((row, lane) => {
      const figures = row.tasks[task.name];
      if (!figures) return '';
      const share = figures[task.headline];
      const half = INTERVAL * figures.stderr;
      const y = top + LANE * (lane + 0.5);
      const whisker = whiskerOf(at(Math.max(0, share - half)), at(Math.min(1, share + half)), y, 'thin');
      return `<g><title>${escapeHtml(`${row.name}: ${formatShare(share)} %`)}</title>${whisker}${markOf(row, table, at(share), y)}</g>`;
    });
    return label(task.name, top + (band - 12) / 2) + chance + marks.join('');
  });
  return svg(height, 'Accuracy of each variant by task', axis(at, 0, 1, height) + lines.join(''));
}

/** Text made safe for HTML and for attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function scale(low: number, high: number): (share: number) => number {
  return (share) => Math.round((LEFT + ((share - low) / (high - low)) * (WIDTH - LEFT - RIGHT)) * 10) / 10;
}

function axis(at: (share: number) => number, low: number, high: number, height: number): string {
  const ticks = Array.from({ length: 11 }, (_, index) => index / 10).filter((share) => share >= low - 1e-9 && share <= high);
  const lines = ticks.map(
    (share) =>
      `<line class="grid" x1="${at(share)}" x2="${at(share)}" y1="${TOP - 8}" y2="${height - 24}"/><text x="${at(share)}" y="${height - 8}" text-anchor="middle">${Math.round(share * 100)}</text>`,
  );
  return lines.join('') + `<text x="${LEFT - 8}" y="${height - 8}" text-anchor="end">%</text>`;
}

function whiskerOf(from: number, to: number, y: number, kind = ''): string {
  return `<path class="whisker ${kind}" d="M${from} ${y - 3}v6M${from} ${y}H${to}M${to} ${y - 3}v6"/>`;
}

function label(text: string, y: number): string {
  return `<text class="label" x="${LEFT - 12}" y="${y + 4}" text-anchor="end">${escapeHtml(text)}</text>`;
}

function svg(height: number, title: string, body: string): string {
  return `<svg class="chart" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escapeHtml(title)}">${body}</svg>`;
}
