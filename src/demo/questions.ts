// ARC-easy, ARC-challenge and OpenBookQA: one-step questions, two-step questions, and sentences to finish.
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
import { drawChoices, keyedChoices, type DemoTask, type TaskItem } from './items.ts';
import { hashPrompt } from './split.ts';
import { say } from './tell.ts';
import type { Entity, World } from './world.ts';

/** Something that can be asked: an entity with one of its attributes. */
interface Topic {
  readonly entity: Entity;
  readonly attribute: Attribute;
}

/** An attribute's functions only ever meet entities of its own group, so the group may be forgotten here. */
function topic<E extends Entity>(entity: E, attribute: Attribute<E>): Topic {
  return { entity, attribute: attribute as unknown as Attribute };
}

/** Of a hundred questions, how many are about animals, plants and people; the rest are about things. */
const ABOUT = { animals: 12, plants: 12, people: 20 };

/** A fact that a single sentence of the world states. */
export function drawOneStep(world: World, random: RandomStream, fits: (attribute: Attribute) => boolean): Topic {
  for (;;) {
    const group = random.integer(100);
    let found: Topic;
    if (group < ABOUT.animals) found = topic(random.pick(world.animals), random.pick(ANIMAL_ATTRIBUTES));
    else if (group < ABOUT.animals + ABOUT.plants) found = topic(random.pick(world.plants), random.pick(PLANT_ATTRIBUTES));
    else if (group < ABOUT.animals + ABOUT.plants + ABOUT.people) found = topic(random.pick(world.people), random.pick(PERSON_ATTRIBUTES));
    else {
      const thing = random.pick(world.things);
      found = topic(thing, random.pick([...THING_ATTRIBUTES, roleOf(thing)]));
    }
    if (fits(found.attribute)) return found;
  }
}

/** A fact that follows from two others. */
export function drawTwoStep(world: World, random: RandomStream, fits: (attribute: Attribute) => boolean): Topic {
  for (;;) {
    const found =
      random.integer(100) < 30
        ? topic(random.pick(world.people), random.pick(PERSON_HOPS))
        : topic(random.pick(world.things), random.pick(MATERIAL_ATTRIBUTES));
    if (fits(found.attribute)) return found;
  }
}

const isAsked = (attribute: Attribute): boolean => attribute.questions.length > 0;
const isBegun = (attribute: Attribute): boolean => attribute.stems !== undefined;

function questionItem(world: World, random: RandomStream, gold: number, { entity, attribute }: Topic): TaskItem {
  const question = say(random.pick(attribute.questions), entity, attribute, world);
  const choices = drawChoices(random, attribute.valueOf(entity, world), attribute.valuesFor(entity, world), 4, gold);
  return {
    prompt: question,
    gold,
    texts: choices.map((choice) => `Question: ${question}\nAnswer: ${choice}`),
    record: { id: idOf('arc', question), question, ...keyedChoices(choices, gold) },
  };
}

function stemItem(world: World, random: RandomStream, gold: number, { entity, attribute }: Topic): TaskItem {
  const stem = say(random.pick(attribute.stems!), entity, attribute, world);
  const choices = drawChoices(random, attribute.valueOf(entity, world), attribute.valuesFor(entity, world), 4, gold);
  return {
    prompt: stem,
    gold,
    texts: choices.map((choice) => `${stem} ${choice}`),
    record: { id: idOf('obqa', stem), question_stem: stem, ...keyedChoices(choices, gold), fact1: attribute.rule!(entity) },
  };
}

function idOf(prefix: string, prompt: string): string {
  return `${prefix}-${hashPrompt(prompt).toString(16).padStart(8, '0')}`;
}

export const ARC_EASY: DemoTask = {
  name: 'arc_easy',
  choices: 4,
  draw: (world, random, gold) => questionItem(world, random, gold, drawOneStep(world, random, isAsked)),
};

export const ARC_CHALLENGE: DemoTask = {
  name: 'arc_challenge',
  choices: 4,
  draw: (world, random, gold) => questionItem(world, random, gold, drawTwoStep(world, random, isAsked)),
};

export const OPENBOOKQA: DemoTask = {
  name: 'openbookqa',
  choices: 4,
  draw: (world, random, gold) =>
    stemItem(world, random, gold, random.integer(2) === 0 ? drawOneStep(world, random, isBegun) : drawTwoStep(world, random, isBegun)),
};
