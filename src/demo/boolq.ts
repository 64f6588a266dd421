// BoolQ: a few plain sentences, and a yes/no question that one of them settles.
import type { RandomStream } from '../shared/random.ts';
import type { DemoTask, TaskItem } from './items.ts';
import { COLOURS, PLACES } from './lexicon.ts';
import { capitalised, withArticle } from './phrase.ts';
import { factOf, type World } from './world.ts';

/** One sentence of a passage, and how to ask whether `value` is so. */
export interface Claim {
  readonly sentence: string;
  readonly value: string;
  /** Values of the same sort, any of which the sentence might have said. */
  readonly pool: readonly string[];
  readonly ask: (value: string) => string;
  readonly sort: string;
}

type ClaimMaker = (world: World, random: RandomStream) => Claim;

/** The sorts of claims; a passage keeps to two of them, so that values can be mistaken for each other. */
const SORTS: readonly ClaimMaker[] = [
  (world, random) => {
    const { name } = random.pick(world.things);
    const value = random.pick(PLACES);
    return { sort: 'where', sentence: `The ${name} is in the ${value}.`, value, pool: PLACES, ask: (v) => `is the ${name} in the ${v}` };
  },
  (world, random) => {
    const { name } = random.pick(world.things);
    const value = random.pick(COLOURS);
    return { sort: 'colour', sentence: `The ${name} is ${value}.`, value, pool: COLOURS, ask: (v) => `is the ${name} ${v}` };
  },
  (world, random) => {
    const { name } = random.pick(world.people);
    const pool = world.portable.map((thing) => thing.name);
    const value = random.pick(pool);
    return { sort: 'has', sentence: `${name} has the ${value}.`, value, pool, ask: (v) => `does ${name} have the ${v}` };
  },
  (world, random) => {
    const { name } = random.pick(world.people);
    const value = random.pick(PLACES);
    return { sort: 'goes', sentence: `${name} went to the ${value}.`, value, pool: PLACES, ask: (v) => `did ${name} go to the ${v}` };
  },
  (world, random) => {
    const thing = random.pick(world.things);
    const x = withArticle(thing.name);
    const value = thing.material.name;
    return {
      sort: 'made',
      sentence: `${capitalised(x)} is made of ${value}.`,
      value,
      pool: thing.kind.materials,
      ask: (v) => `is ${x} made of ${v}`,
    };
  },
  (world, random) => {
    const person = random.pick(world.people);
    const value = factOf(person, 'job');
    const pool = world.people.map((other) => factOf(other, 'job'));
    return { sort: 'job', sentence: `${person.name} is ${value}.`, value, pool, ask: (v) => `is ${person.name} ${v}` };
  },
];

/** One in so many false questions takes its value from the passage, and cannot be told by a word that the passage lacks. */
const NEARBY = 3;

/** The subject part of a sentence: a passage speaks of each subject once. */
const subjectOf = (claim: Claim): string => claim.ask('');

/** A passage of so many claims of two sorts. */
export function drawPassage(world: World, random: RandomStream, length: number): Claim[] {
  const sorts = random.sample(SORTS, 2);
  const claims: Claim[] = [];
  while (claims.length < length) {
    const claim = sorts[claims.length % 2]!(world, random);
    const isNew = claims.every(
      (other) => subjectOf(other) !== subjectOf(claim) && (other.sort !== claim.sort || other.value !== claim.value),
    );
    if (isNew) claims.push(claim);
  }
  return random.shuffle(claims);
}

/** A question about one claim; asked falsely, now and then with what the passage says of another subject. */
export function askClaim(random: RandomStream, claims: readonly Claim[], index: number, isTrue: boolean): string {
  const claim = claims[index]!;
  if (isTrue) return claim.ask(claim.value);
  const nearby = claims.filter((other) => other.sort === claim.sort && other.value !== claim.value).map(({ value }) => value);
  const far = claim.pool.filter((value) => claims.every((other) => other.value !== value));
  return claim.ask(random.pick(nearby.length > 0 && random.integer(NEARBY) === 0 ? nearby : far));
}

export const passageText = (claims: readonly Claim[]): string => claims.map(({ sentence }) => sentence).join(' ');

export const BOOLQ: DemoTask = {
  name: 'boolq',
  choices: 2,
  draw: (world, random, gold): TaskItem => {
    const claims = drawPassage(world, random, 3 + random.integer(2));
    const passage = passageText(claims);
    const question = askClaim(random, claims, random.integer(claims.length), gold === 1);
    return {
      prompt: `${passage}\n${question}`,
      gold,
      texts: ['no', 'yes'].map((answer) => `${passage}\nQuestion: ${question}?\nAnswer: ${answer}`),
      record: { question, passage, idx: 0, label: gold },
    };
  },
};
