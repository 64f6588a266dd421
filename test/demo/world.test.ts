// The world: drawn the same from the same seed, with no value of an attribute much more frequent than the others.
import { describe, expect, it } from 'vitest';
import { buildWorld, DEFAULT_WORLD, factOf, type Entity } from '../../src/demo/world.ts';

const world = buildWorld();

it('is the same for the same settings and another for another seed', () => {
  expect(buildWorld()).toEqual(world);
  expect(buildWorld({ ...DEFAULT_WORLD, seed: 8 }).things.map(({ facts }) => facts)).not.toEqual(world.things.map(({ facts }) => facts));
});

it('has as many things and people as asked for, each with a name of its own', () => {
  for (const things of [DEFAULT_WORLD.things, 600, 1500]) {
    const large = buildWorld({ ...DEFAULT_WORLD, things });
    expect(large.things).toHaveLength(Math.max(things, 196));
    expect(large.people).toHaveLength(DEFAULT_WORLD.people);
    const names = [...large.things, ...large.people, ...large.animals, ...large.plants].map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  }
});

describe.each([
  ['things', world.things, ['colour', 'place', 'town', 'day', 'price']],
  ['people', world.people, ['job', 'town', 'hobby', 'pet', 'food', 'friend']],
  ['plants', world.plants, ['colour', 'taste', 'season', 'ground', 'cooking', 'town']],
  ['animals', world.animals, ['colour', 'rest']],
] as const)('%s', (_, entities: readonly Entity[], keys) => {
  it.each(keys)('have every value of “%s” about equally often', (key) => {
    const counts = new Map<string, number>();
    for (const entity of entities) counts.set(factOf(entity, key), (counts.get(factOf(entity, key)) ?? 0) + 1);
    expect(Math.max(...counts.values()) - Math.min(...counts.values())).toBeLessThanOrEqual(1);
  });
});

it('gives a long ladder the use of a ladder', () => {
  const { things } = buildWorld({ ...DEFAULT_WORLD, things: 1000 });
  const tools = things.filter(({ kind }) => kind.role.fixed);
  for (const tool of tools)
    expect(factOf(tool, 'role')).toBe(
      factOf(
        things.find(({ name }) => name === tool.noun)!,
        'role',
      ),
    );
});

it('derives from the material what the material decides', () => {
  for (const thing of world.things)
    expect([factOf(thing, 'rain'), factOf(thing, 'cleaner')]).toEqual([thing.material.rain, thing.material.cleaner]);
});
