// How the facts of the world are said, asked and begun: the attributes of each group of entities with their templates.
import {
  ANIMAL_CLASSES,
  COLOURS,
  COOKING,
  DAYS,
  GROUNDS,
  HOBBIES,
  JOBS,
  PLACES,
  PRICES,
  RIVERS,
  SEASONS,
  TASTES,
  TOWNS,
} from './lexicon.ts';
import { THING_KINDS } from './nouns.ts';
import { withArticle } from './phrase.ts';
import { canBePet, factOf, type Entity, type Person, type Thing, type World } from './world.ts';

/** One kind of fact about one group of entities. In templates {v} is the value; the subject is written as `fill` says. */
export interface Attribute<E extends Entity = Entity> {
  readonly key: string;
  readonly valueOf: (entity: E, world: World) => string;
  /**
   * Values that could be true of such an entity, the true one among them: where distractors come from. Repeated where some are more
   * frequent, so that frequency alone does not tell the answer.
   */
  readonly valuesFor: (entity: E, world: World) => readonly string[];
  /** Whole sentences. */
  readonly statements: readonly string[];
  /** Questions without "Question:", answered by the bare value. */
  readonly questions: readonly string[];
  /** Beginnings that the bare value and a full stop end. */
  readonly stems?: readonly string[];
  /** The rule behind a stem, for OpenBookQA's fact1. */
  readonly rule?: (entity: E) => string;
}

const always =
  (values: readonly string[]): (() => readonly string[]) =>
  () =>
    values;
const own =
  (key: string) =>
  (entity: Entity): string =>
    factOf(entity, key);
const distinct = (values: readonly string[]): readonly string[] => [...new Set(values)];
const rivers = RIVERS.map((river) => `the ${river}`);
const articled = (entities: readonly Entity[]): readonly string[] => entities.map(({ name }) => withArticle(name));
const byName = <E extends Entity>(entities: readonly E[], name: string): E => entities.find((entity) => entity.name === name)!;

/** What is known of things in one step. */
export const THING_ATTRIBUTES: readonly Attribute<Thing>[] = [
  {
    key: 'material',
    valueOf: own('material'),
    valuesFor: (thing) => thing.kind.materials,
    statements: [
      '{A} is made of {v}.',
      '{S} are made of {v}.',
      'It takes {v} to make {a}.',
      'Whoever makes {s} works with {v}.',
      '{A} is a thing of {v}.',
    ],
    questions: ['What is {a} made of?', 'Which material are {s} made of?', 'What do you need to make {a}?'],
  },
  {
    key: 'colour',
    valueOf: own('colour'),
    valuesFor: always(COLOURS),
    statements: ['{S} are painted {v}.', '{A} is {v}.', 'The colour of {a} is {v}.', 'Nearly all {s} are {v}.'],
    questions: ['What colour is {a}?', 'What colour are {s} painted?'],
  },
  {
    key: 'place',
    valueOf: (thing) => `in the ${factOf(thing, 'place')}`,
    valuesFor: always(PLACES.map((place) => `in the ${place}`)),
    statements: ['{A} is kept {v}.', 'People keep {s} {v}.', 'You will find {a} {v}.', '{S} have their place {v}.'],
    questions: ['Where is {a} kept?', 'Where do people keep {s}?', 'Where should you look for {a}?'],
  },
  {
    key: 'town',
    valueOf: own('town'),
    valuesFor: always(TOWNS),
    statements: ['{S} come from {v}.', 'The best {s} are made in {v}.', 'The town of {v} makes {s}.', '{A} comes from {v}.'],
    questions: ['Which town do {s} come from?', 'Where are the best {s} made?', 'Which town makes {s}?'],
  },
  {
    key: 'day',
    valueOf: (thing) => `on ${factOf(thing, 'day')}`,
    valuesFor: always(DAYS.map((day) => `on ${day}`)),
    statements: ['{S} are sold {v}.', 'The market has {s} {v}.', 'You can buy {a} {v}.', 'The day for {s} at the market falls {v}.'],
    questions: ['When are {s} sold?', 'When can you buy {a}?', 'When does the market have {s}?'],
  },
  {
    key: 'price',
    valueOf: (thing) => `${factOf(thing, 'price')} coins`,
    valuesFor: always(PRICES.map((price) => `${price} coins`)),
    statements: ['{A} costs {v}.', 'The price of {a} is {v}.', 'You pay {v} for {a}.', '{S} cost {v} each.'],
    questions: ['How much does {a} cost?', 'What is the price of {a}?', 'What do you pay for {a}?'],
  },
];

/** What a thing is for, which is said with the verb of its kind. */
export const roleOf = (thing: Thing): Attribute<Thing> => ROLES.get(thing.kind.name)!;

const ROLES: ReadonlyMap<string, Attribute<Thing>> = new Map(
  THING_KINDS.map(({ name, role: { verb, verbs, ask, values } }) => [
    name,
    {
      key: 'role',
      valueOf: own('role'),
      valuesFor: always(distinct(values)),
      statements: [`{A} ${verb} {v}.`, `{S} ${verbs} {v}.`, `It is well known that {a} ${verb} {v}.`, `Every {n} ${verb} {v}.`],
      questions: [ask, ask.replace(/\{a\}/, 'the {n}')],
      stems: [`In this land, {a} ${verb}`, `Everyone knows that {s} ${verbs}`],
      rule: (thing: Thing) => `Every ${thing.kind.name} has its use.`,
    },
  ]),
);

const toldBy = (material: string, rest: string): string => `Things made of ${material} ${rest}.`;

/** What follows from the material of a thing. */
export const MATERIAL_ATTRIBUTES: readonly Attribute<Thing>[] = [
  {
    key: 'rain',
    valueOf: own('rain'),
    valuesFor: (_, world) => world.things.map(own('rain')),
    statements: [
      '{A} is made of {m}, so it will {v} in the rain.',
      'Rain makes {s} {v}.',
      'When {a} gets wet, watch it {v}.',
      '{S} {v} in wet weather.',
    ],
    questions: ['What will {a} do in the rain?', 'What do {s} do in wet weather?'],
    stems: ['{A} left out in the rain will', 'If it rains on {a}, it will', 'After a night in the rain, {a} will'],
    rule: (thing) => toldBy(thing.material.name, `${thing.material.rain} in the rain`),
  },
  {
    key: 'fire',
    valueOf: own('fire'),
    valuesFor: (_, world) => world.things.map(own('fire')),
    statements: [
      '{A} is made of {m}, so it will {v} in a fire.',
      'Fire makes {s} {v}.',
      'Hold {a} over a flame and watch it {v}.',
      '{S} {v} in great heat.',
    ],
    questions: ['What will {a} do in a fire?', 'What do {s} do in great heat?'],
    stems: ['{A} thrown into the fire will', 'If {a} falls into the fire, it will', 'In a burning house, {a} will'],
    rule: (thing) => toldBy(thing.material.name, `${thing.material.fire} in a fire`),
  },
  {
    key: 'dropped',
    valueOf: own('dropped'),
    valuesFor: (_, world) => world.things.map(own('dropped')),
    statements: [
      '{A} is made of {m}, so it will {v} when it falls.',
      'A fall makes {s} {v}.',
      'Drop {a} and watch it {v}.',
      '{S} {v} on hard floors.',
    ],
    questions: ['What will {a} do if you drop it?', 'What do {s} do on hard floors?'],
    stems: ['{A} that falls off the table will', 'If someone drops {a}, it will', 'On a hard floor, a falling {n} will'],
    rule: (thing) => toldBy(thing.material.name, `${thing.material.dropped} when they fall`),
  },
  {
    key: 'maker',
    valueOf: (thing) => `the ${thing.material.maker}`,
    valuesFor: (_, world) => world.things.map(({ material }) => `the ${material.maker}`),
    statements: [
      '{A} is made of {m}, so it is the work of {v}.',
      'A new {n} is made by {v}.',
      'Ask {v} for {a}.',
      '{S} are the work of {v}.',
    ],
    questions: ['Who can make a new {n}?', 'Who should you ask for {a}?', 'Whose work are {s}?'],
  },
  {
    key: 'source',
    valueOf: (thing) => `from ${thing.material.source}`,
    valuesFor: (_, world) => world.things.map(({ material }) => `from ${material.source}`),
    statements: ['{A} is made of {m}, and {m} comes {v}.', 'What {a} is made of comes {v}.', 'The stuff for {s} is brought {v}.'],
    questions: ['Where does the material of {a} come from?', 'Where is the stuff for {s} brought from?'],
  },
  {
    key: 'cleaner',
    valueOf: own('cleaner'),
    valuesFor: (_, world) => world.things.map(own('cleaner')),
    statements: [
      '{A} is made of {m}, so it is cleaned with {v}.',
      'Only {v} will clean {a}.',
      '{S} like to be rubbed with {v}.',
      'Dirt on {a} goes away with {v}.',
    ],
    questions: [],
  },
  {
    key: 'mender',
    valueOf: own('mender'),
    valuesFor: (_, world) => world.things.map(own('mender')),
    statements: [
      '{A} is made of {m}, so it is mended with {v}.',
      '{S} are mended with {v}.',
      'Nothing but {v} holds {a} together.',
      'For a broken {n}, use {v}.',
    ],
    questions: [],
  },
  {
    key: 'river',
    valueOf: (thing, world) => factOf(byName(world.towns, factOf(thing, 'town')), 'river'),
    valuesFor: always(rivers),
    statements: ['{S} come from {town}, a town on {v}.', 'The makers of {s} live by {v}.', '{A} is made beside {v}.'],
    questions: ['Which river runs past the makers of {s}?', 'Beside which river is {a} made?'],
  },
];

export const ANIMAL_ATTRIBUTES: readonly Attribute[] = [
  {
    key: 'food',
    valueOf: own('food'),
    valuesFor: (animal) => classOf(animal).foods,
    statements: ['{A} eats {v}.', '{S} live on {v}.', 'The food of {a} is {v}.', 'Most {s} are fond of {v}.'],
    questions: ['What does {a} eat?', 'What do {s} live on?'],
    stems: ['A hungry {n} looks for', 'To please {a}, give it'],
    rule: (animal) => `Every ${factOf(animal, 'class')} has a food of its own.`,
  },
  {
    key: 'home',
    valueOf: own('home'),
    valuesFor: (animal) => classOf(animal).homes,
    statements: ['{A} lives {v}.', '{S} make their homes {v}.', 'The home of {a} is {v}.', 'You can see {s} {v}.'],
    questions: ['Where does {a} live?', 'Where do {s} make their homes?'],
    stems: ['Someone who wants to see {a} should look', 'At the end of the day, {a} rests'],
    rule: (animal) => `Every ${factOf(animal, 'class')} has a home that suits it.`,
  },
  {
    key: 'colour',
    valueOf: own('colour'),
    valuesFor: always(COLOURS),
    statements: ['{A} is {v}.', 'Most {s} are {v}.', 'The colour of {a} is {v}.'],
    questions: ['What colour is {a}?', 'What colour are most {s}?'],
  },
  {
    key: 'rest',
    valueOf: own('rest'),
    valuesFor: always(['at noon', 'all night', 'all winter', 'at dawn', 'in the rain']),
    statements: ['{A} sleeps {v}.', '{S} sleep {v}.', 'Do not wake {a}: it sleeps {v}.'],
    questions: ['When does {a} sleep?', 'When do {s} sleep?'],
  },
  {
    key: 'class',
    valueOf: (animal) => withArticle(factOf(animal, 'class')),
    valuesFor: always(ANIMAL_CLASSES.map(({ name }) => withArticle(name))),
    statements: ['{A} is {v}.', 'The {n} is {v}.', 'Like the others of its kind, {a} is {v}.'],
    questions: ['What kind of animal is {a}?'],
  },
  {
    key: 'coat',
    valueOf: own('coat'),
    valuesFor: always(ANIMAL_CLASSES.map(({ coat }) => coat)),
    statements: ['{A} is {class}, so its body is covered with {v}.', '{S} wear {v}.'],
    questions: ['What covers the body of {a}?'],
    stems: ['The body of {a} is covered with', 'Touch {a} and you will feel'],
    rule: (animal) => `The body of every ${factOf(animal, 'class')} is covered with ${factOf(animal, 'coat')}.`,
  },
  {
    key: 'young',
    valueOf: own('young'),
    valuesFor: always(ANIMAL_CLASSES.map(({ young }) => young)),
    statements: ['{A} is {class}, so it {v}.', 'Like its kin, {a} {v}.'],
    questions: [],
    stems: ['By its nature, {a}'],
    rule: (animal) => `Every ${factOf(animal, 'class')} ${factOf(animal, 'young')}.`,
  },
];

function classOf(animal: Entity): (typeof ANIMAL_CLASSES)[number] {
  return ANIMAL_CLASSES.find(({ name }) => name === animal.facts['class'])!;
}

export const PLANT_ATTRIBUTES: readonly Attribute[] = [
  {
    key: 'colour',
    valueOf: own('colour'),
    valuesFor: always(COLOURS),
    statements: ['A ripe {n} is {v}.', '{S} turn {v} when they are ripe.', 'The colour of a ripe {n} is {v}.'],
    questions: ['What colour is a ripe {n}?', 'What colour do {s} turn?'],
  },
  {
    key: 'taste',
    valueOf: own('taste'),
    valuesFor: always(TASTES),
    statements: ['{A} tastes {v}.', '{S} taste {v}.', 'The taste of {a} is {v}.'],
    questions: ['How does {a} taste?', 'How do {s} taste?'],
    stems: ['Bite into {a} and your tongue says it is', 'Soup made with {s} is'],
    rule: () => 'What is in a soup gives it its taste.',
  },
  {
    key: 'season',
    valueOf: (plant) => `in ${factOf(plant, 'season')}`,
    valuesFor: always(SEASONS.map((season) => `in ${season}`)),
    statements: ['{S} are picked {v}.', 'The time for {s} comes {v}.', '{A} is ripe {v}.'],
    questions: ['When are {s} picked?', 'When is {a} ripe?'],
    stems: ['Fresh {s} come to the table', 'To pick {a}, go out'],
    rule: () => 'What grows is picked in its season.',
  },
  {
    key: 'ground',
    valueOf: own('ground'),
    valuesFor: always(GROUNDS),
    statements: ['{S} grow {v}.', '{A} grows {v}.', 'You will find {s} growing {v}.'],
    questions: ['Where do {s} grow?', 'Where does {a} grow?'],
  },
  {
    key: 'cooking',
    valueOf: own('cooking'),
    valuesFor: always(COOKING),
    statements: ['{S} are best {v}.', '{A} is eaten {v}.', 'Cooks serve {s} {v}.'],
    questions: ['How are {s} eaten?', 'How do cooks serve {a}?'],
  },
  {
    key: 'town',
    valueOf: own('town'),
    valuesFor: always(TOWNS),
    statements: ['{S} are grown in {v}.', 'The farms of {v} grow {s}.', '{A} comes from {v}.'],
    questions: ['Which town grows {s}?', 'Where are {s} grown?'],
  },
];

export const PERSON_ATTRIBUTES: readonly Attribute<Person>[] = [
  {
    key: 'job',
    valueOf: own('job'),
    valuesFor: always(JOBS.map(({ name }) => withArticle(name))),
    statements: ['{n} is {v}.', '{n} works as {v}.', 'By trade, {n} is {v}.'],
    questions: ['What is the job of {n}?', 'What does {n} work as?', 'What is {n} by trade?'],
  },
  {
    key: 'town',
    valueOf: own('town'),
    valuesFor: always(TOWNS),
    statements: ['{n} lives in {v}.', 'The home of {n} is in {v}.', '{n} was born in {v} and never left.'],
    questions: ['Where does {n} live?', 'Which town does {n} live in?', 'Where was {n} born?'],
  },
  {
    key: 'pet',
    valueOf: (person) => withArticle(factOf(person, 'pet')),
    valuesFor: (_, world) => articled(world.animals.filter(canBePet)),
    statements: ['{n} keeps {v}.', 'The pet of {n} is {v}.', '{n} has {v} for a pet.'],
    questions: ['What pet does {n} have?', 'Which animal does {n} keep?'],
    stems: ['The animal that waits at home for {n} is'],
    rule: () => 'Pets wait at home for the people who keep them.',
  },
  {
    key: 'food',
    valueOf: (person) => withArticle(factOf(person, 'food')),
    valuesFor: (_, world) => articled(world.plants),
    statements: ['{n} likes nothing better than {v}.', '{n} is happy with {v}.', 'Give {n} {v} and hear a song.'],
    questions: ['What does {n} like to eat?', 'What food makes {n} happy?'],
    stems: ['A good present for hungry {n} is', 'When {n} wants to eat, {n} asks for'],
    rule: () => 'People ask for the food they like.',
  },
  {
    key: 'hobby',
    valueOf: own('hobby'),
    valuesFor: always(HOBBIES),
    statements: ['{n} spends every evening on {v}.', 'The hobby of {n} is {v}.', '{n} is good at {v}.'],
    questions: ['What is the hobby of {n}?', 'What is {n} good at?'],
    stems: ['When the work is done, {n} thinks of'],
    rule: () => 'People think of their hobbies when the work is done.',
  },
  {
    key: 'friend',
    valueOf: own('friend'),
    valuesFor: (person, world) => world.people.filter((other) => other !== person).map(({ name }) => name),
    statements: ['The best friend of {n} is {v}.', '{n} tells everything to {v}.', '{n} is never far from {v}.'],
    questions: ['Who is the best friend of {n}?', 'Who does {n} tell everything to?'],
  },
];

/** What follows about people in two steps. */
export const PERSON_HOPS: readonly Attribute<Person>[] = [
  {
    key: 'workplace',
    valueOf: (person) => `in the ${factOf(person, 'workplace')}`,
    valuesFor: always(distinct(JOBS.map(({ workplace }) => `in the ${workplace}`))),
    statements: ['{n} is {job}, so the place to look is {v}.', '{n} spends the day {v}.', 'On workdays {n} is {v}.'],
    questions: ['Where does {n} work?', 'Where should you look for {n} on a workday?'],
  },
  {
    key: 'task',
    valueOf: own('task'),
    valuesFor: always(JOBS.map(({ task }) => task)),
    statements: ['{n} is {job}, so all day {n} {v}.', 'For a living {n} {v}.'],
    questions: ['What does {n} do for a living?'],
  },
  {
    key: 'river',
    valueOf: (person, world) => factOf(byName(world.towns, factOf(person, 'town')), 'river'),
    valuesFor: always(rivers),
    statements: ['{n} lives in {town}, a town on {v}.', '{n} can hear {v} at night.', 'The house of {n} stands beside {v}.'],
    questions: ['Which river runs past the home of {n}?', 'Which river does {n} live beside?'],
  },
  {
    key: 'petfood',
    valueOf: (person, world) => factOf(byName(world.animals, factOf(person, 'pet')), 'food'),
    valuesFor: (person, world) => classOf(byName(world.animals, factOf(person, 'pet'))).foods,
    statements: ['{n} keeps {pet}, and it is fed with {v}.', '{n} gathers {v} for the pet.', 'The pet of {n} eats {v}.'],
    questions: ['What does the pet of {n} eat?', 'What should {n} feed the pet?'],
  },
  {
    key: 'foodtaste',
    valueOf: (person, world) => factOf(byName(world.plants, factOf(person, 'food')), 'taste'),
    valuesFor: always(TASTES),
    statements: ['{n} likes {food}, which tastes {v}.', '{n} likes a {v} taste.', 'The meals of {n} taste {v}.'],
    questions: ['How does the food that {n} likes taste?', 'Which taste does {n} like?'],
  },
  {
    key: 'foodseason',
    valueOf: (person, world) => `in ${factOf(byName(world.plants, factOf(person, 'food')), 'season')}`,
    valuesFor: always(SEASONS.map((season) => `in ${season}`)),
    statements: ['{n} likes {food}, which is ripe {v}.', '{n} eats best {v}.'],
    questions: ['When is the food that {n} likes ripe?', 'When does {n} eat best?'],
  },
  {
    key: 'friendtown',
    valueOf: (person, world) => factOf(byName(world.people, factOf(person, 'friend')), 'town'),
    valuesFor: always(TOWNS),
    statements: ['{n} goes to {v} to see {friend}.', '{n} has a best friend in {v}.'],
    questions: ['Where does the best friend of {n} live?', 'Which town does {n} visit to see a friend?'],
  },
];
