// BoolQ: a few plain sentences, and a yes/no question that one of them settles.
import type { RandomStream } from '../shared/random.ts';
import type { DemoTask, TaskItem } from './items.ts';
import { PLACES } from './lexicon.ts';
import { capitalised, withArticle } from './phrase.ts';
import { factOf, type World } from './world.ts';

/** One sentence of a passage, which says that something is so or that it is not, and how to ask whether `value` is so. */
export interface Claim {
  readonly sort: string;
  readonly holds: boolean;
  readonly sentence: string;
  readonly value: string;
  /** Values of the same sort, any of which the sentence might have said. */
  readonly pool: readonly string[];
  readonly ask: (value: string) => string;
}

/** Draws what a sentence of one sort is about; `truth` is the world's own value, where there is one. */
interface Subject {
  readonly pool: readonly string[];
  readonly truth?: string;
  readonly say: (value: string, holds: boolean) => string;
  readonly ask: (value: string) => string;
}

const not = (holds: boolean): string => (holds ? '' : 'not ');

/** How a thing may be for the time being. */
const STATES = ['wet', 'clean', 'broken', 'lost', 'warm', 'new', 'hidden', 'heavy', 'ready', 'stuck'];

/** The sorts of claims; a passage keeps to two of them, so that values can be mistaken for each other. */
const SORTS: Readonly<Record<string, (world: World, random: RandomStream) => Subject>> = {
  where: (world, random) => {
    const { name } = random.pick(world.things);
    return { pool: PLACES, say: (v, holds) => `The ${name} is ${not(holds)}in the ${v}.`, ask: (v) => `is the ${name} in the ${v}` };
  },
  state: (world, random) => {
    const { name } = random.pick(world.things);
    return { pool: STATES, say: (v, holds) => `The ${name} is ${not(holds)}${v}.`, ask: (v) => `is the ${name} ${v}` };
  },
  has: (world, random) => {
    const { name } = random.pick(world.people);
    const pool = world.portable.map((thing) => thing.name);
    const say = (v: string, holds: boolean): string => `${name} ${holds ? 'has' : 'does not have'} the ${v}.`;
    return { pool, say, ask: (v) => `does ${name} have the ${v}` };
  },
  goes: (world, random) => {
    const { name } = random.pick(world.people);
    const say = (v: string, holds: boolean): string => `${name} ${holds ? 'went' : 'did not go'} to the ${v}.`;
    return { pool: PLACES, say, ask: (v) => `did ${name} go to the ${v}` };
  },
  made: (world, random) => {
    const thing = random.pick(world.things);
    const x = withArticle(thing.name);
    const say = (v: string, holds: boolean): string => `${capitalised(x)} is ${not(holds)}made of ${v}.`;
    return { pool: thing.kind.materials, truth: thing.material.name, say, ask: (v) => `is ${x} made of ${v}` };
  },
  job: (world, random) => {
    const person = random.pick(world.people);
    const pool = [...new Set(world.people.map((other) => factOf(other, 'job')))];
    const say = (v: string, holds: boolean): string => `${person.name} is ${not(holds)}${v}.`;
    return { pool, truth: factOf(person, 'job'), say, ask: (v) => `is ${person.name} ${v}` };
  },
};

/** One in so many questions whose answer is no asks for a value that a sentence rules out by saying another. */
const OTHER_VALUE = 4;

function drawClaim(sort: string, world: World, random: RandomStream): Claim {
  const { pool, truth, say, ask } = SORTS[sort]!(world, random);
  const holds = random.integer(5) < 3; // some of these are asked for another value, so about half of the answers are yes
  const value = truth !== undefined && holds ? truth : random.pick(pool.filter((other) => other !== truth));
  return { sort, holds, sentence: say(value, holds), value, pool, ask };
}

/** The subject part of a sentence: a passage speaks of each subject once. */
const subjectOf = (claim: Claim): string => claim.ask('');

/** A passage of so many claims of two sorts. */
export function drawPassage(world: World, random: RandomStream, length: number): Claim[] {
  const sorts = random.sample(Object.keys(SORTS), 2);
  const claims: Claim[] = [];
  while (claims.length < length) {
    const claim = drawClaim(sorts[claims.length % 2]!, world, random);
    const isNew = claims.every(
      (other) => subjectOf(other) !== subjectOf(claim) && (other.sort !== claim.sort || other.value !== claim.value),
    );
    if (isNew) claims.push(claim);
  }
  return random.shuffle(claims);
}

/** A question about one claim, and whether its answer is yes: what the sentence says, or now and then another value than it grants. */
export function askClaim(random: RandomStream, claims: readonly Claim[], index: number): { question: string; isTrue: boolean } {
  const claim = claims[index]!;
  if (!claim.holds || random.integer(OTHER_VALUE) > 0) return { question: claim.ask(claim.value), isTrue: claim.holds };
  const nearby = claims.filter((other) => other.sort === claim.sort && other.value !== claim.value).map(({ value }) => value);
  const far = claim.pool.filter((value) => claims.every((other) => other.value !== value));
  return { question: claim.ask(random.pick(nearby.length > 0 && random.integer(2) === 0 ? nearby : far)), isTrue: false };
}

export const passageText = (claims: readonly Claim[]): string => claims.map(({ sentence }) => sentence).join(' ');

export const BOOLQ: DemoTask = {
  name: 'boolq',
  choices: 2,
  draw: (world, random, gold): TaskItem => {
    for (;;) {
      const claims = drawPassage(world, random, 2 + random.integer(2));
      const { question, isTrue } = askClaim(random, claims, random.integer(claims.length));
      if (isTrue === (gold === 1)) return describe(claims, question, gold);
    }
  },
};

function describe(claims: readonly Claim[], question: string, gold: number): TaskItem {
  const passage = passageText(claims);
  return {
    prompt: `${passage}\n${question}`,
    gold,
    texts: ['no', 'yes'].map((answer) => `${passage}\nQuestion: ${question}?\nAnswer: ${answer}`),
    record: { question, passage, idx: 0, label: gold },
  };
}
