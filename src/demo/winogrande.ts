// WinoGrande: a sentence with a gap for one of two names, where what follows tells which.
import type { RandomStream } from '../shared/random.ts';
import type { DemoTask, TaskItem } from './items.ts';
import { PLACES } from './lexicon.ts';
import { withArticle } from './phrase.ts';
import { factOf, type World } from './world.ts';

/** {A} and {B} do something; the first tail fits A, the second fits B. */
interface Scene {
  readonly start: string;
  readonly tails: readonly [string, string];
}

const PEOPLE = `
{A} gave the {x} to {B} because _ | had two of them. | had asked for it.
{A} asked {B} for help with the {x} because _ | could not lift it. | was good with such things.
{A} thanked {B} for the {x} because _ | was glad to have it. | had been so kind.
{A} ran after {B} with the {x} because _ | had found it. | had forgotten it.
{A} borrowed the {x} from {B} because _ | had none at home. | did not need it that day.
{A} sold the {x} to {B} because _ | needed money. | needed it for work.
{A} hid the {x} from {B} because _ | wanted to surprise a friend. | was always asking questions.
{A} told {B} the way to the {p} because _ | knew it well. | was lost.
{A} waited for {B} in the {p} because _ | had come too early. | was late.
{A} could not see {B} in the {p} because _ | had bad eyes. | was hiding.
{A} carried the {x} for {B} because _ | was strong. | was tired.
{A} visited {B} in the {p} because _ | was free that day. | was ill.
{A} scolded {B} over the {x} because _ | was angry. | had broken it.
{A} paid {B} for the {x} because _ | had bought it. | had made it.
{A} taught {B} to use the {x} because _ | knew how. | wanted to learn.
{A} lent {B} the {x}, so _ | had to do without it. | could use it all day.
{A} beat {B} at chess in the {p}, so _ | was proud. | was sad.
{A} left {B} alone in the {p}, so _ | went home. | felt lonely.
{A} woke {B} in the {p}, so _ | said sorry. | was no longer asleep.
{A} dropped the {x} on {B}, so _ | said sorry. | had a sore foot.
{A} promised {B} the {x}, so _ | had to find one. | hoped to get one.
{A} followed {B} to the {p}, so _ | came in second. | came in first.
`;

const SCENES: readonly Scene[] = PEOPLE.trim()
  .split('\n')
  .map((line) => {
    const [start, first, second] = line.split('|').map((part) => part.trim());
    return { start: start!, tails: [first!, second!] };
  });

/** A sentence about two things of which the tail fits only one, by what they are made of. */
const TRIALS = [
  { start: 'The {x} and the {y} fell off a shelf in the {p}. At once you could watch the _', key: 'dropped' },
  { start: 'The {x} and the {y} stood out in the rain. Soon you could watch the _', key: 'rain' },
  { start: 'The {x} and the {y} were in the burning {p}. Then you could watch the _', key: 'fire' },
] as const;

/** A scene with its people and things: what it begins with, how it goes on for either, and who they are. */
interface Casting {
  readonly start: string;
  readonly tails: readonly [string, string];
  readonly names: readonly [string, string];
}

function drawCasting(world: World, random: RandomStream): Casting {
  const { start, tails } = random.pick(SCENES);
  const [a, b] = random.sample(world.people, 2).map(({ name }) => name);
  const filled = start
    .replace('{A}', a!)
    .replace('{B}', b!)
    .replace('{x}', random.pick(world.portable).name)
    .replace('{p}', random.pick(PLACES));
  return { start: filled, tails, names: [a!, b!] };
}

function sceneItem({ start, tails, names }: Casting, right: 0 | 1, gold: number): TaskItem {
  return itemOf(start, tails[right], right === gold ? names : names.toReversed(), gold);
}

/** The right name is the first or the second of the sentence as likely as the first or second option. */
function drawScene(world: World, random: RandomStream, gold: number): TaskItem {
  return sceneItem(drawCasting(world, random), random.integer(2) === 0 ? 0 : 1, gold);
}

/** One scene with both of its tails, in random order. */
export function drawTwins(world: World, random: RandomStream): TaskItem[] {
  const casting = drawCasting(world, random);
  return random.shuffle([sceneItem(casting, 0, 0), sceneItem(casting, 1, 0)]);
}

function drawTrial(world: World, random: RandomStream, gold: number): TaskItem {
  const trial = random.pick(TRIALS);
  for (;;) {
    const x = random.pick(world.portable);
    const y = random.pick(world.portable);
    const verb = factOf(x, trial.key);
    if (verb === factOf(y, trial.key) || x.material === y.material) continue;
    const [first, second] = random.integer(2) === 0 ? [x, y] : [y, x];
    const start = trial.start.replace('{x}', first.name).replace('{y}', second.name).replace('{p}', random.pick(PLACES));
    const options = gold === 0 ? [x.name, y.name] : [y.name, x.name];
    return itemOf(start, `${verb}.`, options, gold);
  }
}

/** Two things of different price; which is the dearer must be known. */
function drawPrice(world: World, random: RandomStream, gold: number): TaskItem {
  for (;;) {
    const x = random.pick(world.things);
    const y = random.pick(world.things);
    const price = factOf(x, 'price');
    if (price === factOf(y, 'price')) continue;
    const { name } = random.pick(world.people);
    const [first, second] = random.integer(2) === 0 ? [x, y] : [y, x];
    const start = `${name} bought ${withArticle(first.name)} and ${withArticle(second.name)}. The price of the _`;
    const options = gold === 0 ? [x.name, y.name] : [y.name, x.name];
    return itemOf(start, `was ${price} coins.`, options, gold);
  }
}

function itemOf(start: string, tail: string, options: readonly string[], gold: number): TaskItem {
  const sentence = `${start} ${tail}`;
  return {
    prompt: sentence,
    gold,
    texts: options.map((option) => sentence.replace('_', option)),
    record: { sentence, option1: options[0]!, option2: options[1]!, answer: String(gold + 1) },
  };
}

export const WINOGRANDE: DemoTask = {
  name: 'winogrande',
  choices: 2,
  draw: (world, random, gold) => {
    const turn = random.integer(10);
    return turn < 5 ? drawScene(world, random, gold) : turn < 8 ? drawTrial(world, random, gold) : drawPrice(world, random, gold);
  },
};
