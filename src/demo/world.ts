// The demo's closed world: things, animals, plants and people with their facts, drawn once from a seed.
import { RandomStream } from '../shared/random.ts';
import {
  ANIMAL_CLASSES,
  COLOURS,
  COOKING,
  DAYS,
  GROUNDS,
  HE,
  HOBBIES,
  JOBS,
  PLACES,
  PLANT_CLASSES,
  PRICES,
  RIVERS,
  SEASONS,
  SHE,
  STYLES,
  TASTES,
  TOWNS,
} from './lexicon.ts';
import { MATERIAL, type Material } from './materials.ts';
import { THING_KINDS, type ThingKind } from './nouns.ts';
import { withArticle } from './phrase.ts';

/** How large the world is: more things and people make it harder for a model of a given size. */
export interface WorldSettings {
  readonly seed: number;
  /** All plain nouns (about 200) are there at least; beyond them nouns come with an adjective and facts of their own: "a long ladder". */
  readonly things: number;
  /** At most 96. */
  readonly people: number;
}

export const DEFAULT_WORLD: WorldSettings = { seed: 7, things: 200, people: 40 };

/** Anything with facts. Facts are by attribute, as the phrase that a sentence or an answer uses. */
export interface Entity {
  readonly name: string;
  readonly proper: boolean;
  readonly facts: Readonly<Record<string, string>>;
}

export interface Thing extends Entity {
  /** The noun without its style: a long ladder is a ladder. */
  readonly noun: string;
  readonly kind: ThingKind;
  readonly material: Material;
}

export interface Person extends Entity {
  readonly she: boolean;
}

export interface World {
  readonly settings: WorldSettings;
  readonly things: readonly Thing[];
  /** The things that one person can carry, hand over or drop. */
  readonly portable: readonly Thing[];
  readonly people: readonly Person[];
  readonly animals: readonly Entity[];
  readonly plants: readonly Entity[];
  readonly towns: readonly Entity[];
}

/** The fact of an entity by attribute; asking for one that the entity lacks is a mistake in a template. */
export function factOf(entity: Entity, attribute: string): string {
  const value = entity.facts[attribute];
  if (value === undefined) throw new RangeError(`${entity.name} has no fact “${attribute}”`);
  return value;
}

const UNWIELDY = new Set(['vehicle', 'piece of furniture']);

/** Birds and beasts are kept as pets, fish and insects are not. */
export function canBePet(animal: Entity): boolean {
  return animal.facts['class'] === 'bird' || animal.facts['class'] === 'beast';
}

/** Draws the world: the same settings give the same world, and every value of an attribute is used about equally often. */
export function buildWorld(settings: WorldSettings = DEFAULT_WORLD): World {
  const deal = (purpose: string, values: readonly string[]): (() => string) => dealer(settings.seed, purpose, values);
  const towns = buildTowns(deal);
  const animals = buildAnimals(deal);
  const plants = buildPlants(deal);
  const things = buildThings(settings, deal);
  const portable = things.filter(({ kind }) => !UNWIELDY.has(kind.name));
  return { settings, towns, animals, plants, things, portable, people: buildPeople(settings, deal, animals, plants) };
}

type Deal = (purpose: string, values: readonly string[]) => () => string;

/** Deals shuffled packs of the values, one after another. */
function dealer(seed: number, purpose: string, values: readonly string[]): () => string {
  const random = new RandomStream(seed, `world ${purpose}`);
  let pack: string[] = [];
  return () => {
    if (pack.length === 0) pack = random.shuffle(values);
    return pack.pop()!;
  };
}

function buildThings(settings: WorldSettings, deal: Deal): Thing[] {
  const plain = THING_KINDS.flatMap((kind) => kind.nouns.map((noun, index) => ({ kind, name: noun, noun, index })));
  const styled = STYLES.flatMap((style) => plain.map((thing) => ({ ...thing, name: `${style} ${thing.noun}` })));
  // A larger world takes styled nouns of every kind, not those of the first kinds only.
  const order = new RandomStream(settings.seed, 'world styles').shuffle(styled.map((_, index) => index));
  const chosen = [...plain, ...order.map((index) => styled[index]!)].slice(0, Math.max(settings.things, plain.length));

  const colour = deal('thing colour', COLOURS);
  const place = deal('thing place', PLACES);
  const town = deal('thing town', TOWNS);
  const day = deal('thing day', DAYS);
  const price = deal('thing price', PRICES);
  const ofKind = new Map(
    THING_KINDS.map((kind) => [
      kind,
      { material: deal(`${kind.name} material`, kind.materials), role: deal(`${kind.name} role`, kind.role.values) },
    ]),
  );
  return chosen.map(({ kind, name, noun, index }) => {
    const material = MATERIAL.get(ofKind.get(kind)!.material())!;
    return {
      name,
      noun,
      proper: false,
      kind,
      material,
      facts: {
        material: material.name,
        colour: colour(),
        place: place(),
        town: town(),
        day: day(),
        price: price(),
        role: kind.role.fixed ? kind.role.values[index]! : ofKind.get(kind)!.role(),
        rain: material.rain,
        fire: material.fire,
        dropped: material.dropped,
        maker: material.maker,
        cleaner: material.cleaner,
        mender: material.mender,
        source: material.source,
      },
    };
  });
}

function buildAnimals(deal: Deal): Entity[] {
  const colour = deal('animal colour', COLOURS);
  const rest = deal('animal rest', ['at noon', 'all night', 'all winter', 'at dawn', 'in the rain']);
  return ANIMAL_CLASSES.flatMap((animals) => {
    const food = deal(`${animals.name} food`, animals.foods);
    const home = deal(`${animals.name} home`, animals.homes);
    return animals.members.map((name) => ({
      name,
      proper: false,
      facts: { class: animals.name, food: food(), home: home(), colour: colour(), rest: rest(), coat: animals.coat, young: animals.young },
    }));
  });
}

function buildPlants(deal: Deal): Entity[] {
  const colour = deal('plant colour', COLOURS);
  const taste = deal('plant taste', TASTES);
  const season = deal('plant season', SEASONS);
  const ground = deal('plant ground', GROUNDS);
  const cooking = deal('plant cooking', COOKING);
  const town = deal('plant town', TOWNS);
  return PLANT_CLASSES.flatMap((plants) =>
    plants.members.map((name) => ({
      name,
      proper: false,
      facts: { class: plants.name, colour: colour(), taste: taste(), season: season(), ground: ground(), cooking: cooking(), town: town() },
    })),
  );
}

function buildTowns(deal: Deal): Entity[] {
  const river = deal('town river', RIVERS);
  return TOWNS.map((name) => ({ name, proper: true, facts: { river: `the ${river()}` } }));
}

function buildPeople(settings: WorldSettings, deal: Deal, animals: readonly Entity[], plants: readonly Entity[]): Person[] {
  const names = new RandomStream(settings.seed, 'world names').shuffle([
    ...SHE.map((name) => ({ name, she: true })),
    ...HE.map((name) => ({ name, she: false })),
  ]);
  const chosen = names.slice(0, settings.people);
  const job = deal(
    'job',
    JOBS.map(({ name }) => name),
  );
  const town = deal('person town', TOWNS);
  const hobby = deal('hobby', HOBBIES);
  const pet = deal(
    'pet',
    animals.filter(canBePet).map(({ name }) => name),
  );
  const food = deal(
    'favourite food',
    plants.map(({ name }) => name),
  );
  return chosen.map(({ name, she }, index) => {
    const drawn = job();
    const work = JOBS.find((row) => row.name === drawn)!;
    // Everyone's best friend is the next person in a ring.
    const friend = chosen[(index + 1) % chosen.length]!.name;
    return {
      name,
      proper: true,
      she,
      facts: {
        job: withArticle(work.name),
        workplace: work.workplace,
        task: work.task,
        town: town(),
        hobby: hobby(),
        pet: pet(),
        food: food(),
        friend,
      },
    };
  });
}
