// What all seven tasks of the demo share: the form of an item, and how choices are drawn.
import type { RandomStream } from '../shared/random.ts';
import { partOf, type Part } from './split.ts';
import type { World } from './world.ts';

export type TaskName = 'boolq' | 'piqa' | 'hellaswag' | 'winogrande' | 'arc_easy' | 'arc_challenge' | 'openbookqa';

/** One test question: the published record, and the text that each choice makes by the harness's rules (evaluation.md 5.1). */
export interface TaskItem {
  /** What is asked; no two items of a dataset ask the same. */
  readonly prompt: string;
  /** What the item is about, where several prompts come to the same: all of them then belong to one part of the data. */
  readonly topic?: string;
  readonly gold: number;
  /** Context and continuation of each choice, joined. */
  readonly texts: readonly string[];
  readonly record: Readonly<Record<string, unknown>>;
}

/** The part of the data that an item may be in. */
export function partOfItem({ prompt, topic }: TaskItem): Part {
  return partOf(topic ?? prompt);
}

export interface DemoTask {
  readonly name: TaskName;
  readonly choices: number;
  /** Draws an item whose right choice stands at `gold`. */
  readonly draw: (world: World, random: RandomStream, gold: number) => TaskItem;
}

export const LETTERS = ['A', 'B', 'C', 'D'];

/** The published form of keyed choices (ARC, OpenBookQA). */
export function keyedChoices(
  choices: readonly string[],
  gold: number,
): { choices: { text: readonly string[]; label: readonly string[] }; answerKey: string } {
  return { choices: { text: choices, label: LETTERS.slice(0, choices.length) }, answerKey: LETTERS[gold]! };
}

/** Draws from a pool before giving up on a distractor: pools may repeat values. */
const MAX_DRAWS = 1000;

/** The answer at place `gold` among `count` different values of the pool. Throws RangeError when the pool has too few. */
export function drawChoices(random: RandomStream, answer: string, pool: readonly string[], count: number, gold: number): string[] {
  const others = new Set<string>();
  for (let draw = 0; others.size < count - 1; draw++) {
    if (draw === MAX_DRAWS) throw new RangeError(`“${answer}” has only ${others.size} other values in its pool, ${count - 1} are needed`);
    const value = random.pick(pool);
    if (value !== answer) others.add(value);
  }
  const choices = [...others];
  choices.splice(gold, 0, answer);
  return choices;
}
