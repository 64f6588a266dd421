// The seven datasets of the demo: drawn, told apart by their prompts' parts, with the right choice at every place equally often.
import { RandomStream } from '../shared/random.ts';
import { BOOLQ } from './boolq.ts';
import { HELLASWAG, HELLASWAG_FACTS } from './hellaswag.ts';
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

interface BuildOptions {
  readonly sizes?: Readonly<Record<Split, number>>;
  /** Names the stream of chance; the task's name otherwise. */
  readonly purpose?: string;
  /** Items for which this says no are passed over. */
  readonly isWanted?: (item: TaskItem) => boolean;
}

/** Draws per wanted item before giving up: a part of 12% whose prompts are nearly used up still comes together. */
const MAX_DRAWS_PER_ITEM = 60;

/** One task's items by split; no prompt occurs twice. Throws RangeError when the world has too few different prompts. */
export function buildDataset(
  world: World,
  task: DemoTask,
  { sizes = SPLIT_SIZES, purpose = task.name, isWanted = () => true }: BuildOptions = {},
): Dataset {
  const random = new RandomStream(world.settings.seed, `dataset ${purpose}`);
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
    if (alike >= sizes[part] / task.choices || !isWanted(item)) continue;
    places[part][item.gold] = alike + 1;
    seen.add(item.prompt);
    splits[part].push(item);
    if (seen.size === wanted) return { name: task.name, splits };
  }
  throw new RangeError(`${task.name}: only ${seen.size} of ${wanted} different items came together; make the world larger`);
}

/** Of a hundred HellaSwag items, how many turn on a fact: what common sense settles in this world, its model never gets wrong. */
const FACT_SHARE = 75;

/**
 * HellaSwag with most of its scenes exchanged for ones that a fact settles. These are drawn after the corpus was made, and `isTold` says
 * which of them it happens to spell out: such items are passed over.
 */
export function withFactScenes(world: World, hellaswag: Dataset, isTold: (item: TaskItem) => boolean): Dataset {
  const shareOf = (split: Split): number => (SPLIT_SIZES[split] * FACT_SHARE) / 100;
  const sizes = { train: shareOf('train'), validation: shareOf('validation'), test: shareOf('test') };
  const facts = buildDataset(world, HELLASWAG_FACTS, { sizes, purpose: 'hellaswag facts', isWanted: (item) => !isTold(item) });
  const random = new RandomStream(world.settings.seed, 'hellaswag mixture');
  /** As many plain scenes as are left to be filled, with the right ending at every place equally often. */
  const plain = (split: Split): TaskItem[] => {
    const each = (SPLIT_SIZES[split] - sizes[split]) / HELLASWAG.choices;
    return Array.from({ length: HELLASWAG.choices }, (_, gold) =>
      hellaswag.splits[split].filter((item) => item.gold === gold).slice(0, each),
    ).flat();
  };
  const mix = (split: Split): TaskItem[] => random.shuffle([...plain(split), ...facts.splits[split]]);
  return { name: hellaswag.name, splits: { train: mix('train'), validation: mix('validation'), test: mix('test') } };
}
