// The seven datasets: published formats, even labels, no prompt twice, and nothing to gain from looking at the choices alone.
import { describe, expect, it } from 'vitest';
import { buildDataset, DEMO_TASKS, SPLIT_SIZES, withFactScenes, type Dataset } from '../../src/demo/datasets.ts';
import { partOfItem, type TaskItem } from '../../src/demo/items.ts';
import { buildWorld, DEFAULT_WORLD } from '../../src/demo/world.ts';
import { renderExample } from '../../src/shared/prompt/render-example.ts';
import { BENCHMARK_TASKS } from '../../src/shared/tasks/benchmarks.ts';

const world = buildWorld();
const isTold = ({ prompt }: TaskItem): boolean => prompt.includes('Anna');
const cases = DEMO_TASKS.map((task) => {
  const dataset = buildDataset(world, task);
  return { name: task.name, task, dataset: task.name === 'hellaswag' ? withFactScenes(world, dataset, isTold) : dataset };
});
const all = ({ splits }: Dataset): TaskItem[] => Object.values(splits).flat();

describe.each(cases)('$name', ({ name, task, dataset }) => {
  it('has all its items', () => {
    for (const [split, size] of Object.entries(SPLIT_SIZES)) expect(dataset.splits[split as keyof typeof SPLIT_SIZES]).toHaveLength(size);
  });

  it('is read and rendered by the harness’s rules to the very texts that were kept out of the corpus', () => {
    const { rowToItem, prompts } = BENCHMARK_TASKS[name];
    for (const { record, texts, gold } of all(dataset)) {
      const { choices, gold: read } = renderExample(prompts[0]!, rowToItem(record));
      expect(choices.map(({ context, continuation }) => context + continuation)).toEqual(texts.map((text) => text));
      expect(read).toBe(gold);
    }
  });

  it('has the right choice at every place equally often', () => {
    for (const items of Object.values(dataset.splits)) {
      const counts = Array.from({ length: task.choices }, (_, place) => items.filter(({ gold }) => gold === place).length);
      expect(Math.max(...counts) - Math.min(...counts)).toBe(0);
    }
  });

  it('has no prompt twice, and each in the part that its hash says', () => {
    const prompts = all(dataset).map(({ prompt }) => prompt);
    expect(new Set(prompts).size).toBe(prompts.length);
    for (const [split, items] of Object.entries(dataset.splits)) for (const item of items) expect(partOfItem(item)).toBe(split);
  });

  it('has different choices', () => {
    for (const { texts } of all(dataset)) expect(new Set(texts).size).toBe(texts.length);
  });

  it.each([
    ['longest', (length: number) => length],
    ['shortest', (length: number) => -length],
  ])('gives little to who always takes the %s choice', (_, rank) => {
    // 960 items: three standard errors are 5 points, and a bias of a few points from the values themselves is left in.
    const right = all(dataset).filter(({ texts, gold }) => {
      const best = Math.max(...texts.map((text) => rank(text.length)));
      const candidates = texts.flatMap((text, index) => (rank(text.length) === best ? [index] : []));
      return name !== 'boolq' && candidates[0] === gold;
    }).length;
    expect(right / 960).toBeLessThan(1 / task.choices + 0.09);
  });
});

it('comes out the same from the same world, and different from another seed', () => {
  const [task] = DEMO_TASKS;
  const again = buildDataset(buildWorld(), task!);
  expect(again).toEqual(cases[0]!.dataset);
  expect(buildDataset(buildWorld({ ...DEFAULT_WORLD, seed: 8 }), task!)).not.toEqual(again);
});

it('says so when the world has too few prompts for what is asked', () => {
  const arc = DEMO_TASKS.find(({ name }) => name === 'arc_easy')!;
  expect(() => buildDataset(world, arc, { sizes: { train: 40, validation: 40, test: 1_600 } })).toThrow('make the world larger');
});

describe('the fact scenes of HellaSwag', () => {
  const plain = buildDataset(
    world,
    DEMO_TASKS.find(({ name }) => name === 'hellaswag')!,
  );
  const { splits } = cases.find(({ name }) => name === 'hellaswag')!.dataset;

  it('are three quarters of it, and the rest are scenes it had', () => {
    for (const [split, items] of Object.entries(splits)) {
      const had = new Set(plain.splits[split as keyof typeof splits].map(({ prompt }) => prompt));
      expect(items.filter(({ prompt }) => had.has(prompt)).length / items.length).toBeCloseTo(0.25, 1);
    }
  });

  it('pass over what the corpus tells', () => {
    const had = new Set(all(plain).map(({ prompt }) => prompt));
    const scenes = Object.values(splits).flat().filter(({ prompt }) => !had.has(prompt)); // prettier-ignore
    expect(scenes.length).toBeGreaterThan(600);
    expect(scenes.filter(isTold)).toEqual([]);
  });
});
