// What the Models page says: an adapter's name beside its parent's, what a fold of them holds, what was measured.
import { expect, it } from 'vitest';
import { foldTitle, foldWords, labelOf, measureWords } from '../../../src/renderer/pages/models/describe.ts';

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

it('says the accuracy that a benchmark puts first, as the study does, and what a perplexity is', () => {
  const choices = { kind: 'choices', items: 400, acc: 0.943, accStderr: 0, accNorm: 0.94, accNormStderr: 0, truncated: 0 } as const;
  expect(measureWords({ ...choices, name: 'hellaswag' })).toMatch(/^94\.0.% of 400$/);
  expect(measureWords({ ...choices, name: 'boolq' })).toMatch(/^94\.3.% of 400$/);
  expect(measureWords({ ...choices, name: 'my questions' })).toMatch(/^94\.3.% of 400$/);
  const text = {
    kind: 'perplexity',
    name: 'stories',
    form: 'blocks',
    length: 64,
    tokens: 640,
    meanLoss: 1.04,
    tokenPerplexity: 2.84,
  } as const;
  expect(measureWords(text)).toBe('perplexity 2.84');
});
