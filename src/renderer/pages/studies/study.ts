// What the page says of a study's variants: names, marks, intervals, words of time; pure.
import type { InferRouterOutputs } from '@orpc/server';
import type { Router } from '../../../main/api/router.ts';
import { aboutDuration, formatFixed } from '../../../shared/figures.ts';
import { BENCHMARK_TASKS } from '../../../shared/tasks/benchmarks.ts';
import type { Benchmark } from '../../../shared/tasks/prompt-library.ts';
import type { StudyRow, StudyTable } from '../../../shared/study/table.ts';
import type { MarkSlot } from '../../../shared/variant-marks.ts';

type Answers = InferRouterOutputs<Router>['studies'];
export type StudyInList = Answers['list']['studies'][number];
export type Demo = Answers['list']['demo'];
export type StudyDetail = Answers['get'];
export type StudyOptions = Answers['options'];
export type ExamplePage = Answers['examples'];
export type TextPage = Answers['losses'];

/** A 95 % interval is this many standard errors to each side. */
const Z95 = 1.96;

/** Rows from the base down. */
export function rowsOf(table: StudyTable): readonly StudyRow[] {
  return [table.base, ...table.variants];
}

/** The slot of a variant's mark: that of its cut, the base's where it is not cut. */
export function slotOf({ nominalRatio }: Pick<StudyRow, 'nominalRatio'>, { slots }: Pick<StudyDetail, 'slots'>): MarkSlot {
  return slots[nominalRatio] ?? 0;
}

/** Hollow is untuned, filled is tuned; the base as it came is filled. */
export function isHollow(row: StudyRow): boolean {
  return !row.tuned && row.nominalRatio > 0;
}

/** "base", "20 % cut", "20 % cut, tuned"; the base goes by the model's name. */
export function titleOfRow(row: StudyRow, model: string): string {
  const name = row.nominalRatio === 0 ? model : `${ratioWords(row.nominalRatio)} cut`;
  return row.tuned ? `${name}, tuned` : name;
}

/** "20 %" with a narrow no-break space. */
export function ratioWords(ratio: number): string {
  return `${formatFixed(ratio * 100, 1).replace(/[.,]0$/, '')}\u202f%`;
}

/** "20 %", "20 % and 50 %", "10 %, 20 % and 50 %". */
export function listWords(words: readonly string[]): string {
  return words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

/** Compare takes no more. */
export const MOST_COMPARED = 4;

/** What is worth comparing of a study: each cut with its base and its tuning, then the cuts beside each other, and so those tuned. */
export function readyChoices({ table }: Pick<StudyDetail, 'table'>): (readonly StudyRow[])[] {
  if (!table) return [];
  const measured = table.variants.filter((row) => row.nominalRatio > 0 && Object.keys(row.tasks).length > 0);
  const ratios = [...new Set(measured.map(({ nominalRatio }) => nominalRatio))];
  const among = (rows: readonly StudyRow[]): (readonly StudyRow[])[] =>
    rows.length > 1 ? [[table.base, ...rows.slice(0, MOST_COMPARED - 1)]] : [];
  return [
    ...ratios.slice(0, MOST_COMPARED).map((ratio) => [table.base, ...measured.filter(({ nominalRatio }) => nominalRatio === ratio)]),
    ...among(measured.filter(({ tuned }) => !tuned)),
    ...among(measured.filter(({ tuned }) => tuned)),
  ];
}

/**
 * What Compare is asked for to show these rows; undefined where it cannot. A tuned row has one adapter a task, so the rows are named
 * besides.
 */
export function compareQuery(
  { id, models }: Pick<StudyDetail, 'id' | 'models'>,
  rows: readonly StudyRow[],
): Readonly<Record<string, string>> | undefined {
  const found = rows.flatMap((row) => models.find((one) => one.nominalRatio === row.nominalRatio && one.tuned === row.tuned)?.id ?? []);
  if (rows.length < 2 || rows.length > MOST_COMPARED || found.length < rows.length) return undefined;
  const named: Record<string, string> = rows.some(({ tuned }) => tuned) ? { study: id, rows: rows.map(({ name }) => name).join('|') } : {};
  return { models: found.join(','), ...named };
}

/** Standard error of the row's mean over its tasks, from those of the tasks. */
export function stderrOfMean(row: StudyRow, table: StudyTable): number | undefined {
  const errors = table.tasks.flatMap(({ name }) => row.tasks[name]?.stderr ?? []);
  if (errors.length !== table.tasks.length || errors.some((error) => !Number.isFinite(error))) return undefined;
  return Math.sqrt(errors.reduce((sum, error) => sum + error ** 2, 0)) / errors.length;
}

/** Half of the 95 % interval of the row's mean over the test items. */
export function halfOfMean(row: StudyRow, table: StudyTable): number | undefined {
  const error = stderrOfMean(row, table);
  return error === undefined ? undefined : Z95 * error;
}

/** Half of the 95 % interval of what the row keeps: over the test items and, where there are several, over the draws; the base is taken as fixed. */
export function halfOfKept(row: StudyRow, table: StudyTable): number | undefined {
  const items = stderrOfMean(row, table);
  if (items === undefined || !table.base.mean || row.kept === undefined || row === table.base) return undefined;
  const draws = row.keptSpread === undefined || row.draws < 2 ? 0 : row.keptSpread / Math.sqrt(row.draws);
  return Z95 * Math.hypot(items / table.base.mean, draws);
}

/** Half of the 95 % interval of a task's figure. */
export function halfOfTask(row: StudyRow, task: string): number | undefined {
  const stderr = row.tasks[task]?.stderr;
  return stderr === undefined || !Number.isFinite(stderr) ? undefined : Z95 * stderr;
}

/** Where the kept rulers begin: the tens below the least share, at most a half. */
export function rulerStart(table: StudyTable): number {
  const kept = rowsOf(table).flatMap((row) => (row.kept === undefined ? [] : row.kept - (halfOfKept(row, table) ?? 0)));
  return Math.max(0, Math.min(0.5, Math.floor(Math.min(1, ...kept) * 10) / 10));
}

/** "about 5 to 14 min" where the two lie well apart, as `aboutDuration` else. */
export function aboutRange(elapsedMs: number, longestMs: number): string {
  const [least, most] = [aboutDuration(elapsedMs), aboutDuration(longestMs)];
  if (longestMs < elapsedMs * TOLD_APART || least === most) return least;
  const unit = most.slice(most.lastIndexOf(' '));
  return `${least.endsWith(unit) ? least.slice(0, -unit.length) : least} to ${most.replace('about ', '')}`;
}
/** A doubt of less is in the "about". */
const TOLD_APART = 1.4;

const STATES = { planned: 'planned', running: 'at work', done: 'done', failed: 'stopped by an error', stopped: 'stopped' } as const;

/** A state in words. */
export function stateWords(state: StudyInList['state']): string {
  return STATES[state];
}

/** A task by its published name, or the set's own. */
export function titleOfTask(name: string): string {
  return BENCHMARK_TASKS[name as Benchmark]?.title ?? name;
}

/** A column's head for a task: short where the name is long. */
export function shortTask(name: string): string {
  return SHORT[name] ?? name;
}
const SHORT: Readonly<Record<string, string>> = {
  boolq: 'BoolQ',
  piqa: 'PIQA',
  hellaswag: 'HellaSw.',
  winogrande: 'WinoGr.',
  arc_easy: 'ARC-e',
  arc_challenge: 'ARC-c',
  openbookqa: 'OBQA',
};

/** What the figures say, one sentence a finding; nothing is said of what is not measured. */
export function findings(table: StudyTable, model: string): string[] {
  const found: string[] = [];
  const percent = (share: number): string => `${formatFixed(share * 100, 1)}\u202f%`;
  for (const row of table.variants) {
    if (row.nominalRatio === 0 || row.kept === undefined || row.mean === undefined) continue;
    const plain = table.variants.find((one) => one.nominalRatio === row.nominalRatio && !one.tuned);
    if (!row.tuned) {
      const losses = table.tasks
        .flatMap(({ name, headline }) => {
          const [before, after] = [table.base.tasks[name]?.[headline], row.tasks[name]?.[headline]];
          return before === undefined || after === undefined ? [] : [{ name: titleOfTask(name), lost: before - after }];
        })
        .sort((a, b) => b.lost - a.lost);
      const most = losses[0];
      found.push(
        `Cut by ${ratioWords(row.nominalRatio)}, ${model} keeps ${percent(row.kept)} of its mean accuracy` +
          (losses.length > 1 && most && most.lost > 0 ? `; ${most.name} loses most, ${formatFixed(most.lost * 100, 1)} points.` : '.'),
      );
    } else if (plain?.mean !== undefined) {
      const gain = (row.mean - plain.mean) * 100;
      const doubt = (halfOfMean(row, table) ?? 0) * 100;
      found.push(
        Math.abs(gain) < doubt
          ? `Tuning the ${ratioWords(row.nominalRatio)} cut moves its mean by ${signed(gain)} points, which so few items do not tell apart.`
          : `Tuning the ${ratioWords(row.nominalRatio)} cut ${gain > 0 ? 'wins back' : 'loses'} ${formatFixed(Math.abs(gain), 1)} points; it keeps ${percent(row.kept)}.`,
      );
    }
  }
  return found;
}

function signed(value: number): string {
  return `${value < 0 ? '\u2212' : '+'}${formatFixed(Math.abs(value), 1)}`;
}

/** The curves of one ratio as one: the mean over tasks and draws at the steps that all of them have. */
export function meanRecovery(curves: StudyDetail['recovery']): { nominalRatio: number; points: { step: number; value: number }[] }[] {
  const ratios = [...new Set(curves.map(({ nominalRatio }) => nominalRatio))].sort((a, b) => a - b);
  return ratios.map((nominalRatio) => {
    const mine = curves.filter((curve) => curve.nominalRatio === nominalRatio);
    const points = mine[0]!.points.flatMap(({ step }) => {
      const values = mine.flatMap((curve) => curve.points.find((point) => point.step === step)?.value ?? []);
      return values.length === mine.length ? [{ step, value: values.reduce((sum, value) => sum + value, 0) / values.length }] : [];
    });
    return { nominalRatio, points };
  });
}

/** "35, 60" as [0.35, 0.6]; empty is no size; undefined where it cannot be read. */
export function parseRatios(text: string): number[] | undefined {
  const words = text.split(/[,;\s%]+/).filter((word) => word !== '');
  const ratios = words.map((word) => Number(word) / 100);
  return ratios.every((ratio) => ratio > 0 && ratio < 1) ? ratios : undefined;
}
