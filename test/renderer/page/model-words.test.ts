// What the Models page says of adapters: their names beside their parent's, and what a fold of them holds.
import { expect, it } from 'vitest';
import { foldTitle, foldWords, labelOf } from '../../../src/renderer/pages/models/describe.ts';

const place = (task: string, draw: number) => ({ tuning: { task, draw }, planned: undefined });
const TASKS = ['boolq', 'piqa', 'arc_easy'];
const GRID = TASKS.flatMap((task) => [0, 1].map((draw) => place(task, draw)));
const STRAY = { tuning: undefined, planned: undefined };

it.each([
  ['one for each of 3 tasks and 2 draws', GRID],
  ['one for each of 3 tasks', TASKS.map((task) => place(task, 0))],
  ['one for each of 5 draws', [0, 1, 2, 3, 4].map((draw) => place('boolq', draw))],
  ['for 3 tasks and 2 draws', GRID.slice(1)],
  ['for 3 tasks and 2 draws', [...GRID, place('piqa', 1)]],
  ['for 1 task', [place('piqa', 0), place('piqa', 0)]],
  ['6 of them one for each of 3 tasks and 2 draws', [...GRID, STRAY]],
  ['', [STRAY, STRAY]],
  ['one for each of 3 tasks and 2 draws; 1 still to come', [...GRID.slice(1), { ...GRID[0]!, planned: 'queued' as const }]],
])('says “%s”', (words, members) => {
  expect(foldWords({ members })).toBe(words);
  expect(foldTitle({ members })).toBe(`${members.length} adapters`);
});

it.each([
  ['boolq, draw 2', 'cut-boolq-draw-2', { task: 'boolq', draw: 1 }, 'cut'],
  ['boolq, draw 1', 'cut-boolq-draw-0', { task: 'boolq', draw: 0 }, 'cut'], // named when draws were counted from 0
  ['best one', 'best one', { task: 'boolq', draw: 2 }, 'cut'], // renamed
  ['by hand', 'cut-by hand', undefined, 'cut'],
  ['cut-', 'cut-', undefined, 'cut'],
  ['lonely', 'lonely', undefined, undefined],
])('calls an adapter “%s”', (label, name, tuning, parentName) => {
  expect(labelOf({ name, form: 'adapter', tuning }, parentName)).toBe(label);
});

it('calls a checkpoint by its whole name', () => {
  expect(labelOf({ name: 'base-cut-20', form: 'checkpoint', tuning: undefined }, 'base')).toBe('base-cut-20');
});
