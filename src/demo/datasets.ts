// The seven datasets of the demo: drawn, told apart by their prompts' parts, with the right choice at every place equally often.
import { RandomStream } from '../shared/random.ts';
import { BOOLQ } from './boolq.ts';
import { HELLASWAG } from './hellaswag.ts';
import { partOfItem, type DemoTask, type TaskItem, type TaskName } from './items.ts';
import { PIQA } from './piqa.ts';
import { ARC_CHALLENGE, ARC_EASY, OPENBOOKQA } from './questions.ts';
import type { Part } from './split.ts';
import { WINOGRANDE } from './winogrande.ts';
import type { World } from './world.ts';

export const DEMO_TASKS: readonly DemoTask[] = [BOOLQ, PIQA, HELLASWAG, WINOGRANDE, ARC_EASY, ARC_CHALLENGE, OPENBOOKQA];

export type Split = Exclude<Part, 'corpus'>;

export const SPLIT_SIZES: Readonly<Record<Split, number>> = { train: 320, validation: 240, test: 400 };

export interface Dataset {
  readonly name: TaskName;
  readonly splits: Readonly<Record<Split, readonly TaskItem[]>>;
}

/** Draws per wanted item before giving up: a part of 12% whose prompts are nearly used up still comes together. */
const MAX_DRAWS_PER_ITEM = 60;

/** One task's items by split; no prompt occurs twice. Throws RangeError when the world has too few different prompts. */
export function buildDataset(world: World, task: DemoTask, sizes = SPLIT_SIZES): Dataset {
  const random = new RandomStream(world.settings.seed, `dataset ${task.name}`);
  const splits: Record<Split, TaskItem[]> = { train: [], validation: [], test: [] };
  const places: Record<Split, number[]> = { train: [], validation: [], test: [] };
  const seen = new Set<string>();
  const wanted = sizes.train + sizes.validation + sizes.test;
  for (let draw = 0; draw < wanted * MAX_DRAWS_PER_ITEM; draw++) {
    const item = task.draw(world, random, random.integer(task.choices));
    const part = partOfItem(item);
    if (part === 'corpus' || seen.has(item.prompt)) continue;
    // Each place of the right choice has its quota.
    const alike = places[part][item.gold] ?? 0;
    if (alike >= sizes[part] / task.choices) continue;
    places[part][item.gold] = alike + 1;
    seen.add(item.prompt);
    splits[part].push(item);
    if (seen.size === wanted) return { name: task.name, splits };
  }
  throw new RangeError(`${task.name}: only ${seen.size} of ${wanted} different items came together; make the world larger`);
}
