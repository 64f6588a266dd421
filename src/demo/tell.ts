// Facts as sentences: which sentence, with which words, and which facts are left for the reader to work out.
import type { RandomStream } from '../shared/random.ts';
import type { Attribute } from './facts.ts';
import { fill, withArticle } from './phrase.ts';
import { hashPrompt } from './split.ts';
import type { Entity, World } from './world.ts';

/** Share of facts that follow in two steps and are never said outright, in percent. */
const UNTOLD = 25;

/** False for the derived facts that must be worked out from others. */
export function isTold(entity: Entity, attribute: Attribute): boolean {
  return hashPrompt(`${entity.name}: ${attribute.key}`) % 100 >= UNTOLD;
}

/** A template with the fact's value and whatever else it names of the entity. */
export function say<E extends Entity>(template: string, entity: E, attribute: Attribute<E>, world: World): string {
  const { facts } = entity;
  const slots: Record<string, string> = { v: attribute.valueOf(entity, world) };
  for (const [slot, key] of [
    ['m', 'material'],
    ['town', 'town'],
    ['job', 'job'],
    ['friend', 'friend'],
  ] as const) {
    const value = facts[key];
    if (value !== undefined) slots[slot] = value;
  }
  for (const slot of ['pet', 'food', 'class'] as const) {
    const value = facts[slot];
    if (value !== undefined) slots[slot] = withArticle(value);
  }
  return fill(template, entity, slots);
}

/** One sentence that says the fact. */
export function tell<E extends Entity>(world: World, random: RandomStream, entity: E, attribute: Attribute<E>): string {
  return say(random.pick(attribute.statements), entity, attribute, world);
}
