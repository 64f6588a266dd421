// Running text about the world: entries on entities, rules of materials and towns, and short stories whose ends follow.
import type { RandomStream } from '../shared/random.ts';
import {
  ANIMAL_ATTRIBUTES,
  MATERIAL_ATTRIBUTES,
  PERSON_ATTRIBUTES,
  PERSON_HOPS,
  PLANT_ATTRIBUTES,
  roleOf,
  THING_ATTRIBUTES,
  type Attribute,
} from './facts.ts';
import { JOBS } from './lexicon.ts';
import { MATERIALS } from './materials.ts';
import { capitalised, pluralOf, withArticle } from './phrase.ts';
import { isTold, tell } from './tell.ts';
import { factOf, type Entity, type Person, type Thing, type World } from './world.ts';

function entry<E extends Entity>(
  world: World,
  random: RandomStream,
  entity: E,
  known: readonly Attribute<E>[],
  derived: readonly Attribute<E>[],
): string {
  const told = [...known, ...derived.filter((attribute) => isTold(entity, attribute as unknown as Attribute))];
  return random
    .sample(told, Math.min(told.length, 6 + random.integer(5)))
    .map((attribute) => tell(world, random, entity, attribute))
    .join(' ');
}

/** Six to ten facts about one thing, animal, plant or person. */
export function drawEntry(world: World, random: RandomStream): string {
  const { things, people, animals, plants } = world;
  // Things and people have about twice as many facts as animals and plants.
  const turn = random.integer(2 * (things.length + people.length) + animals.length + plants.length);
  if (turn < 2 * things.length) {
    const thing = random.pick(things);
    return entry(world, random, thing, [...THING_ATTRIBUTES, roleOf(thing)], MATERIAL_ATTRIBUTES);
  }
  if (turn < 2 * (things.length + people.length)) return entry(world, random, random.pick(people), PERSON_ATTRIBUTES, PERSON_HOPS);
  if (turn < 2 * (things.length + people.length) + animals.length) return entry(world, random, random.pick(animals), ANIMAL_ATTRIBUTES, []);
  return entry(world, random, random.pick(plants), PLANT_ATTRIBUTES, []);
}

/** The rules that many entities share: a material, a trade or a river, with a few that fall under it. */
export function drawRule(world: World, random: RandomStream): string {
  const turn = random.integer(10);
  if (turn < 7) {
    const material = random.pick(MATERIALS);
    const sentences = [
      `Things made of ${material.name} ${material.rain} in the rain.`,
      `Things made of ${material.name} ${material.fire} in a fire.`,
      `Things made of ${material.name} ${material.dropped} when they fall.`,
      `Whoever wants a thing of ${material.name} goes to the ${material.maker}.`,
      `${capitalised(material.name)} is cleaned with ${material.cleaner} and mended with ${material.mender}.`,
      `${capitalised(material.name)} comes from ${material.source}.`,
    ];
    const examples = random.sample(
      world.things.filter((thing) => thing.material === material),
      2,
    );
    const named =
      examples.length < 2
        ? []
        : [`${capitalised(pluralOf(examples[0]!.name))} and ${pluralOf(examples[1]!.name)} are made of ${material.name}.`];
    return [...random.sample(sentences, 4), ...named].join(' ');
  }
  if (turn < 9) {
    const job = random.pick(JOBS);
    const worker = world.people.filter((person) => factOf(person, 'workplace') === job.workplace);
    const named = worker.length === 0 ? [] : [`${random.pick(worker).name} is ${withArticle(job.name)}.`];
    return [`${capitalised(withArticle(job.name))} works in the ${job.workplace} and ${job.task}.`, ...named].join(' ');
  }
  const town = random.pick(world.towns);
  const things = world.things.filter((thing) => factOf(thing, 'town') === town.name);
  const made = things.length === 0 ? [] : [`${capitalised(pluralOf(random.pick(things).name))} come from ${town.name}.`];
  return [`${town.name} is a town on ${factOf(town, 'river')}.`, ...made].join(' ');
}

interface Cast {
  readonly hero: Person;
  readonly friend: Person;
  readonly thing: Thing;
  readonly other: Thing;
  readonly world: World;
  readonly random: RandomStream;
}

const he = (person: Person): string => (person.she ? 'she' : 'he');
const He = (person: Person): string => capitalised(he(person));
const his = (person: Person): string => (person.she ? 'her' : 'his');

/** What may happen to a thing, with what follows from its material. */
const MISHAPS: readonly ((cast: Cast) => string)[] = [
  ({ hero, thing }) =>
    `On the way it began to rain, and ${he(hero)} had no cover for the ${thing.name}. It was made of ${thing.material.name}, and you could watch it ${thing.material.rain}.`,
  ({ hero, thing }) =>
    `At the door ${he(hero)} fell and let go of the ${thing.name}. It was made of ${thing.material.name}, and you could watch it ${thing.material.dropped}.`,
  ({ thing }) =>
    `That night a fire broke out and reached the ${thing.name}. It was made of ${thing.material.name}, and you could watch it ${thing.material.fire}.`,
  ({ hero, thing }) =>
    thing.material.floats
      ? `By the river ${he(hero)} lost hold of the ${thing.name}. It floated on the water, because ${thing.material.name} floats, and ${he(hero)} pulled it out.`
      : `By the river ${he(hero)} lost hold of the ${thing.name}. It sank at once, because ${thing.material.name} sinks, and ${he(hero)} had to dive for it.`,
];

const BEGINNINGS: readonly ((cast: Cast) => string)[] = [
  ({ hero, thing }) =>
    `${hero.name} lived in ${factOf(hero, 'town')} and was ${factOf(hero, 'job')}. One day ${he(hero)} took ${withArticle(thing.name)} from the ${factOf(thing, 'place')}.`,
  ({ hero, friend, thing }) =>
    `One morning ${hero.name} wanted to give ${friend.name} a present. ${He(hero)} had ${factOf(thing, 'price')} coins, just enough for ${withArticle(thing.name)}.`,
  ({ hero, friend, thing }) =>
    `${friend.name} had lent ${hero.name} ${withArticle(thing.name)}. It was time to bring it back to the ${factOf(thing, 'place')}.`,
  ({ hero, thing, random }) =>
    `It was ${factOf(thing, 'day')}, and ${hero.name} went to the market with ${his(hero)} ${factOf(hero, 'pet')}. ${He(hero)} came back with ${withArticle(thing.name)} ${random.pick(['and a song', 'and sore feet', 'and a smile'])}.`,
];

const ENDS: readonly ((cast: Cast) => string)[] = [
  ({ hero, friend, thing }) =>
    `${friend.name} came by and helped. They cleaned the ${thing.name} with ${thing.material.cleaner}, and ${hero.name} was happy again.`,
  ({ hero, thing }) =>
    `${hero.name} asked the ${thing.material.maker} for a new ${thing.name}. "Next time I will be more careful," ${he(hero)} said.`,
  ({ hero, friend, thing }) =>
    `"Do not be sad," said ${friend.name}. "We can mend it with ${thing.material.mender}." So they did, and ${hero.name} thanked ${his(hero)} friend.`,
  ({ hero, friend }) =>
    `${hero.name} told ${friend.name} about it at supper. They ate ${pluralOf(factOf(hero, 'food'))} and talked until it was dark, while the ${factOf(hero, 'pet')} slept by the stove.`,
  ({ hero, other }) =>
    `In the end ${he(hero)} bought ${withArticle(other.name)} for ${factOf(other, 'price')} coins and carried it home to ${factOf(hero, 'town')}.`,
];

/** A story of five to seven sentences about one person, a friend and a thing. */
export function drawStory(world: World, random: RandomStream): string {
  const [thing, other] = random.sample(world.things, 2);
  const hero = random.pick(world.people);
  const friend = world.people.find(({ name }) => name === factOf(hero, 'friend'))!;
  const cast: Cast = { hero, friend, thing: thing!, other: other!, world, random };
  return [BEGINNINGS, MISHAPS, ENDS].map((parts) => random.pick(parts)(cast)).join(' ');
}
