// HellaSwag: the first steps of an activity, and four next steps of which one follows.
import type { RandomStream } from '../shared/random.ts';
import { ACTIVITIES, type Activity } from './activities.ts';
import type { DemoTask } from './items.ts';
import { COLOURS, PLACES, TOWNS } from './lexicon.ts';
import { pluralOf } from './phrase.ts';
import type { Person, World } from './world.ts';

/** An activity with its slots filled: every step as text without the subject. */
export interface Episode {
  readonly label: string;
  readonly person: Person;
  readonly slots: Readonly<Record<string, string>>;
  readonly steps: readonly string[];
  readonly activity: Activity;
}

const KIND_OF_SLOT: Readonly<Record<string, string>> = {
  container: 'container',
  garment: 'garment',
  furniture: 'piece of furniture',
  cover: 'soft furnishing',
  toy: 'toy',
  instrument: 'instrument',
  vehicle: 'vehicle',
  ornament: 'ornament',
  tool: 'tool',
};

function drawSlot(world: World, random: RandomStream, slot: string, person: Person): string {
  const kind = KIND_OF_SLOT[slot];
  if (kind !== undefined) return random.pick(world.things.filter((thing) => thing.kind.name === kind)).name;
  switch (slot) {
    case 'plant':
      return random.pick(world.plants).name;
    case 'animal':
      return random.pick(world.animals.filter((animal) => ['bird', 'beast'].includes(animal.facts['class']!))).name;
    case 'fish':
      return random.pick(world.animals.filter((animal) => animal.facts['class'] === 'fish')).name;
    case 'pot':
      return random.pick(['pot', 'kettle', 'pan', 'great pot', 'little pot']);
    case 'jar':
      return random.pick(['jar', 'crock', 'mug', 'flask', 'bottle']);
    case 'net':
      return random.pick(['net', 'little net', 'great net', 'hook', 'rod']);
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
  const slots: Record<string, string> = {};
  for (const [, name] of activity.steps.join(' ').matchAll(SLOT))
    slots[slotName(name!)] ??= drawSlot(world, random, slotName(name!), person);
  return { label: activity.label, person, slots, activity, steps: activity.steps.map((step) => fillStep(step, slots)) };
}

/** The step `index` as it would be with another thing in it than the one that the steps before speak of; undefined if it speaks of none. */
function withWrongThing(world: World, random: RandomStream, episode: Episode, index: number): string | undefined {
  const { activity, slots } = episode;
  const before = new Set([...activity.steps.slice(0, index).join(' ').matchAll(SLOT)].map(([, name]) => slotName(name!)));
  const known = [...activity.steps[index]!.matchAll(SLOT)].map(([, name]) => slotName(name!)).filter((name) => before.has(name));
  if (known.length === 0) return undefined;
  const slot = random.pick(known);
  for (;;) {
    const other = drawSlot(world, random, slot, episode.person);
    if (!Object.values(slots).includes(other)) return fillStep(activity.steps[index]!, { ...slots, [slot]: other });
  }
}

/** Wrong endings, the nearest first: another thing, a step too soon, a step done already, again another thing. */
function wrongEndings(world: World, random: RandomStream, episode: Episode, index: number): string[] {
  const right = episode.steps[index]!;
  const endings = [
    withWrongThing(world, random, episode, index),
    episode.steps[index + 1 + random.integer(Math.max(1, episode.steps.length - index - 1))],
    episode.steps[random.integer(index)],
    withWrongThing(world, random, episode, index),
    ...random.shuffle(episode.steps.slice(0, index)),
    ...episode.steps.slice(index + 1),
  ];
  return [...new Set(endings.filter((ending) => ending !== undefined && ending !== right))].slice(0, 3) as string[];
}

export const HELLASWAG: DemoTask = {
  name: 'hellaswag',
  choices: 4,
  draw: (world, random, gold) => {
    const episode = drawEpisode(world, random);
    const { steps, person, label } = episode;
    const index = 2 + random.integer(steps.length - 2);
    const pronoun = person.she ? 'she' : 'he';
    const told = steps
      .slice(Math.max(0, index - 3), index)
      .map((step, order) => `${order === 0 ? person.name : person.she ? 'She' : 'He'} ${step}.`);
    const endings = random.shuffle(wrongEndings(world, random, episode, index));
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
  },
};
