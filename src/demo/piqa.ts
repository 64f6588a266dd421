// PIQA: a goal, and two ways of which one works in this world.
import type { RandomStream } from '../shared/random.ts';
import { drawChoices, type DemoTask } from './items.ts';
import { DAYS, PRICES } from './lexicon.ts';
import { THING_KINDS } from './nouns.ts';
import { fill, withArticle } from './phrase.ts';
import { factOf, type Entity, type World } from './world.ts';

interface Plan {
  /** The fact that decides; who has met it in one goal has not met it in another part's goals. */
  readonly topic: string;
  readonly goal: string;
  /** The advice with {v} for what decides. */
  readonly advice: string;
  readonly answer: string;
  readonly pool: readonly string[];
  /** What the advice names beside: {x}. */
  readonly beside?: string;
}

type PlanMaker = (world: World, random: RandomStream) => Plan;

const TOOL_KINDS = new Set(THING_KINDS.filter(({ role }) => role.fixed).map(({ name }) => name));

/** Each kind of plan with its weight. */
const PLANS: readonly (readonly [number, PlanMaker])[] = [
  [2, (world, random) => plan(random, world.things, CLEAN, 'cleaner')],
  [2, (world, random) => plan(random, world.things, MEND, 'mender')],
  [2, (world, random) => plan(random, world.things, FETCH, 'place')],
  [4, (world, random) => buy(random, random.pick(world.things), true)],
  [4, (world, random) => buy(random, random.pick(world.things), false)],
  [3, drawWork],
  [2, (world, random) => plan(random, world.plants, SERVE, 'cooking')],
  [2, (world, random) => plan(random, random.pick(animalClasses(world)), FEED, 'food')],
  [3, (world, random) => plan(random, world.people, VISIT, 'workplace')],
];

interface Wording {
  readonly goals: readonly string[];
  readonly advice: string;
  readonly adjectives: readonly string[];
}

const CLEAN: Wording = {
  goals: ['How do you clean {x}?', 'How do you make {x} shine again?', 'How should {x} be cleaned?'],
  advice: 'Rub it with {v} until the dirt is gone.',
  adjectives: ['dirty', 'dusty', 'muddy', 'greasy'],
};
const MEND: Wording = {
  goals: ['How do you mend {x}?', 'How can {x} be made whole again?', 'How do you repair {x}?'],
  advice: 'Join the parts with {v} and wait a day.',
  adjectives: ['broken', 'damaged', 'old', 'worn'],
};
const FETCH: Wording = {
  goals: ['How do you find {x}?', 'How do you fetch {x}?', 'How do you get hold of {x}?'],
  advice: 'Go and look in the {v}.',
  adjectives: ['lost', 'spare', 'second', 'good'],
};
const SERVE: Wording = {
  goals: ['How do you serve {x}?', 'How do you prepare {x}?'],
  advice: 'Let it be {v} and bring it to the table.',
  adjectives: ['fresh', 'ripe', 'large', 'small'],
};
const FEED: Wording = {
  goals: ['How do you feed {x}?', 'How do you calm {x}?'],
  advice: 'Offer it some {v}.',
  adjectives: ['hungry', 'wild', 'young', 'tired'],
};
const VISIT: Wording = {
  goals: ['How do you meet {n} at work?', 'How do you bring {n} a letter at work?', 'How do you call {n} home from work?'],
  advice: 'Go to the {v} and ask there.',
  adjectives: [],
};

/** What to do with one of the entities; the wrong way is right for another of them. */
function plan(random: RandomStream, entities: readonly Entity[], wording: Wording, key: string): Plan {
  const entity = random.pick(entities);
  const x = entity.proper ? entity.name : withArticle(`${random.pick(wording.adjectives)} ${entity.name}`);
  return {
    topic: `${key} of ${entity.name}`,
    goal: fill(random.pick(wording.goals), entity, { x }),
    advice: wording.advice,
    answer: factOf(entity, key),
    pool: entities.map((other) => factOf(other, key)),
  };
}

/** Animals by class, as often as they are many. */
function animalClasses(world: World): (readonly Entity[])[] {
  return world.animals.map((animal) => world.animals.filter((other) => factOf(other, 'class') === factOf(animal, 'class')));
}

/** Buying turns on the day or on the price; the other is the same, and right, in both choices. */
function buy(random: RandomStream, thing: Entity, byDay: boolean): Plan {
  const x = withArticle(`${random.pick(['new', 'good', 'cheap', 'fine'])} ${thing.name}`);
  const goal = random.pick([`How do you buy ${x}?`, `How do you get ${x} at the market?`]);
  const topic = `${byDay ? 'day' : 'price'} of ${thing.name}`;
  return byDay
    ? { topic, goal, advice: 'Go on {v} and take {x} coins.', answer: factOf(thing, 'day'), pool: DAYS, beside: factOf(thing, 'price') }
    : { topic, goal, advice: 'Go on {x} and take {v} coins.', answer: factOf(thing, 'price'), pool: PRICES, beside: factOf(thing, 'day') };
}

/** Somebody has something to do: which tool? */
function drawWork(world: World, random: RandomStream): Plan {
  const tools = world.things.filter(({ kind }) => TOOL_KINDS.has(kind.name));
  const tool = random.pick(tools);
  const work = factOf(tool, 'role');
  const { name } = random.pick(world.people);
  const rivals = tools.filter((other) => factOf(other, 'role') !== work && other.name.includes(' ') === tool.name.includes(' '));
  return {
    topic: `use of ${tool.name}`,
    goal: random.pick([`${name} has to ${work}. What is needed?`, `How can ${name} ${work}?`, `${name} wants to ${work}. What is needed?`]),
    advice: `Take {v} from the {x}.`,
    answer: withArticle(tool.name),
    pool: rivals.map((rival) => withArticle(rival.name)),
    beside: factOf(tool, 'place'),
  };
}

export const PIQA: DemoTask = {
  name: 'piqa',
  choices: 2,
  draw: (world, random, gold) => {
    const makers = PLANS.flatMap(([weight, make]) => Array<PlanMaker>(weight).fill(make));
    const { topic, goal, advice, answer, pool, beside } = random.pick(makers)(world, random);
    const solutions = drawChoices(random, answer, pool, 2, gold).map((value) => advice.replace('{v}', value).replace('{x}', beside ?? ''));
    return {
      prompt: goal,
      topic,
      gold,
      texts: solutions.map((solution) => `Question: ${goal}\nAnswer: ${solution}`),
      record: { goal, sol1: solutions[0]!, sol2: solutions[1]!, label: gold },
    };
  },
};
