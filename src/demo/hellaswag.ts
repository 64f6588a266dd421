// HellaSwag: the first steps of an activity, and four next steps of which one follows.
import type { RandomStream } from '../shared/random.ts';
import { ACTIVITIES, type Activity } from './activities.ts';
import type { DemoTask, TaskItem } from './items.ts';
import { COLOURS, PLACES, TOWNS } from './lexicon.ts';
import { pluralOf } from './phrase.ts';
import { factOf, type Person, type Thing, type World } from './world.ts';

/** An activity with its slots filled: every step as text without the subject. */
export interface Episode {
  readonly label: string;
  readonly person: Person;
  readonly slots: Readonly<Record<string, string>>;
  readonly steps: readonly string[];
  readonly activity: Activity;
}

/** Slots for things, by kind or by noun: whatever fits the step. */
const THING_SLOTS: Readonly<Record<string, (thing: Thing) => boolean>> = {
  garment: ofKind('garment'),
  furniture: ofKind('piece of furniture'),
  cover: ofKind('soft furnishing'),
  toy: ofKind('toy'),
  instrument: ofKind('instrument'),
  ornament: ofKind('ornament'),
  tool: ofKind('tool'),
  tub: ofNoun('bowl bucket barrel pot tub basin crock pail urn trough'),
  box: ofNoun('basket box chest crate bin casket drawer tray'),
  pot: ofNoun('pot kettle pan'),
  jar: ofNoun('jar jug crock bottle flask'),
  table: ofNoun('table desk bench shelf'),
  seat: ofNoun('chair bench stool couch footstool bed'),
  boat: ofNoun('raft canoe barge ferry ship'),
  cart: ofNoun('cart wagon sledge coach wheelbarrow'),
  spade: ofNoun('spade hoe rake fork'),
  broom: ofNoun('broom mop duster'),
  ladder: ofNoun('ladder oar hook rake fork'),
  net: ofNoun('net hook trap'),
  flyer: ofNoun('kite ball hoop doll puppet'),
};

function ofKind(name: string): (thing: Thing) => boolean {
  return (thing) => thing.kind.name === name;
}

function ofNoun(nouns: string): (thing: Thing) => boolean {
  const wanted = new Set(nouns.split(' '));
  return (thing) => wanted.has(thing.noun);
}

const PETS = ['dog', 'cat', 'rabbit', 'hare', 'goose', 'duck', 'dove', 'magpie', 'squirrel', 'otter', 'mole', 'owl', 'crow', 'fox'];
const FARM_ANIMALS = ['sheep', 'cow', 'horse', 'donkey', 'pig', 'goat', 'goose', 'duck', 'swan'];

/** Slots for what is known of the thing {any}, by attribute. */
const FACT_SLOTS: Readonly<Record<string, string>> = {
  home: 'place',
  day: 'day',
  price: 'price',
  origin: 'town',
  cleaner: 'cleaner',
  mender: 'mender',
};

/** `any` is the thing whose facts the slots name. */
function drawSlot(world: World, random: RandomStream, slot: string, person: Person, any: Thing): string {
  const fact = FACT_SLOTS[slot];
  if (fact !== undefined) return factOf(any, fact);
  const fits = THING_SLOTS[slot];
  if (fits !== undefined) return random.pick(world.things.filter(fits)).name;
  switch (slot) {
    case 'any':
      return any.name;
    case 'plant':
      return random.pick(world.plants).name;
    case 'pet':
      return random.pick(PETS);
    case 'farm':
      return random.pick(FARM_ANIMALS);
    case 'fish':
      return random.pick(world.animals.filter(({ facts }) => facts['class'] === 'fish')).name;
    case 'place':
      return random.pick(PLACES);
    case 'colour':
      return random.pick(COLOURS);
    case 'town':
      return random.pick(TOWNS);
    case 'friend':
      return random.pick(world.people.filter((other) => other !== person)).name;
    default:
      throw new RangeError(`no way to fill the slot {${slot}}`);
  }
}

const SLOT = /\{(\w+)\}/g;
/** {plants} is the plural of {plant}: one slot. */
const slotName = (name: string): string => (name === 'plants' ? 'plant' : name);

function fillStep(step: string, slots: Readonly<Record<string, string>>): string {
  return step.replace(SLOT, (_, name: string) => (name === 'plants' ? pluralOf(slots['plant']!) : slots[name]!));
}

/** A run of one activity by one person. */
export function drawEpisode(world: World, random: RandomStream, activity = random.pick(ACTIVITIES)): Episode {
  const person = random.pick(world.people);
  const any = random.pick(world.portable);
  const slots: Record<string, string> = {};
  for (const [, name] of activity.steps.join(' ').matchAll(SLOT))
    slots[slotName(name!)] ??= drawSlot(world, random, slotName(name!), person, any);
  return { label: activity.label, person, slots, activity, steps: activity.steps.map((step) => fillStep(step, slots)) };
}

/**
 * The step `index` with another thing in it than the one that the steps from `first` on speak of, or with another fact about it than is
 * known; undefined if it speaks of none.
 */
function withWrongThing(world: World, random: RandomStream, episode: Episode, first: number, index: number): string | undefined {
  const { activity } = episode;
  const before = new Set([...activity.steps.slice(first, index).join(' ').matchAll(SLOT)].map(([, name]) => slotName(name!)));
  const known = [...activity.steps[index]!.matchAll(SLOT)]
    .map(([, name]) => slotName(name!))
    .filter((name) => before.has(name) || (name in FACT_SLOTS && before.has('any')));
  if (known.length === 0) return undefined;
  return withOther(world, random, episode, index, random.pick(known));
}

/** The step `index` with something else in a slot than anything this episode speaks of. */
function withOther(world: World, random: RandomStream, { activity, slots, person }: Episode, index: number, slot: string): string {
  for (;;) {
    const other = drawSlot(world, random, slot, person, random.pick(world.portable));
    if (!Object.values(slots).includes(other)) return fillStep(activity.steps[index]!, { ...slots, [slot]: other });
  }
}

/** Wrong endings, the nearest first: another thing, a step too soon, a step done already, again another thing. */
function wrongEndings(world: World, random: RandomStream, episode: Episode, first: number, index: number): string[] {
  const right = episode.steps[index]!;
  const endings = [
    withWrongThing(world, random, episode, first, index),
    episode.steps[index + 1 + random.integer(Math.max(1, episode.steps.length - index - 1))],
    episode.steps[random.integer(index)],
    withWrongThing(world, random, episode, first, index),
    ...random.shuffle(episode.steps.slice(0, index)),
    ...episode.steps.slice(index + 1),
  ];
  return [...new Set(endings.filter((ending) => ending !== undefined && ending !== right))].slice(0, 3) as string[];
}

/** How many steps are told before the one that is asked. */
const MOST_TOLD = 3;

/** The item that asks for the step `index` of an episode, of which the steps before it are told, at most three. */
function toItem(episode: Episode, index: number, wrong: readonly string[], random: RandomStream, gold: number): TaskItem {
  const { steps, person, label } = episode;
  const pronoun = person.she ? 'she' : 'he';
  const told = steps
    .slice(Math.max(0, index - MOST_TOLD), index)
    .map((step, order) => `${order === 0 ? person.name : person.she ? 'She' : 'He'} ${step}.`);
  const endings = random.shuffle(wrong);
  endings.splice(gold, 0, steps[index]!);
  const ctx_a = told.join(' ');
  const context = `${label}: ${ctx_a} ${person.she ? 'She' : 'He'}`;
  return {
    prompt: context,
    gold,
    texts: endings.map((ending) => `${context} ${ending}.`),
    record: {
      ind: 0,
      activity_label: label,
      ctx_a,
      ctx_b: pronoun,
      ctx: `${ctx_a} ${pronoun}`,
      endings: endings.map((ending) => `${ending}.`),
      label: String(gold),
    },
  };
}

/** Scenes that common sense settles: what comes next, and of what. */
export const HELLASWAG: DemoTask = {
  name: 'hellaswag',
  choices: 4,
  draw: (world, random, gold) => {
    const episode = drawEpisode(world, random);
    const index = 2 + random.integer(episode.steps.length - 2);
    return toItem(episode, index, wrongEndings(world, random, episode, Math.max(0, index - MOST_TOLD), index), random, gold);
  },
};

const factSlotOf = (step: string): string | undefined => Object.keys(FACT_SLOTS).find((slot) => step.includes(`{${slot}}`));
const FACT_ACTIVITIES = ACTIVITIES.filter(({ steps }) => steps.some((step) => factSlotOf(step) !== undefined));

/** Scenes that only a fact settles: the first step that needs one is asked, and the wrong endings tell another. */
export const HELLASWAG_FACTS: DemoTask = {
  name: 'hellaswag',
  choices: 4,
  draw: (world, random, gold) => {
    const episode = drawEpisode(world, random, random.pick(FACT_ACTIVITIES));
    const index = episode.activity.steps.findIndex((step) => factSlotOf(step) !== undefined);
    const slot = factSlotOf(episode.activity.steps[index]!)!;
    const wrong = new Set<string>();
    while (wrong.size < 3) wrong.add(withOther(world, random, episode, index, slot));
    return toItem(episode, index, [...wrong], random, gold);
  },
};
