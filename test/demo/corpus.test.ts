// The pretraining text: reproducible, plain English, every fact said, and no held-out item spelled out.
import { beforeAll, describe, expect, it } from 'vitest';
import { auditOverlap } from '../../src/demo/audit.ts';
import { documents, heldOutTexts, perplexityText } from '../../src/demo/corpus.ts';
import { buildDataset, DEMO_TASKS } from '../../src/demo/datasets.ts';
import { roleOf, THING_ATTRIBUTES } from '../../src/demo/facts.ts';
import { say } from '../../src/demo/tell.ts';
import { buildWorld } from '../../src/demo/world.ts';

const world = buildWorld();
const heldOut = heldOutTexts(DEMO_TASKS.map((task) => buildDataset(world, task)));
const COUNT = 20_000;
let corpus: string[] = [];
beforeAll(() => {
  corpus = [...documents(world, 1, COUNT, heldOut)];
});

describe('the corpus', () => {
  it('is the same for the same seed and another for another', () => {
    expect([...documents(world, 1, 300, heldOut)]).toEqual(corpus.slice(0, 300));
    expect([...documents(world, 2, 300, heldOut)]).not.toEqual(corpus.slice(0, 300));
  });

  it('spells out no held-out item, and the audit would see one', () => {
    expect(auditOverlap(corpus, heldOut)).toBe(0);
    expect(auditOverlap([...corpus.slice(0, 10), `Before. ${heldOut[17]!} After.`], heldOut)).toBe(1);
  });

  it('says every one-step fact about every thing in some other words', () => {
    const text = corpus.join('\n');
    const unsaid = world.things.flatMap((thing) =>
      [...THING_ATTRIBUTES, roleOf(thing)]
        .filter(
          ({ statements }, index, attributes) =>
            !statements.some((template) => text.includes(say(template, thing, attributes[index]!, world))),
        )
        .map(({ key }) => `${thing.name}: ${key}`),
    );
    expect(unsaid).toEqual([]);
  });

  it.each([
    ['an open slot', /[{}]|undefined/],
    ['“a” before a vowel', /\b[Aa] [aeiou]/],
    ['“an” before a consonant', /\b[Aa]n [^aeiou]/],
    ['a doubled word', /\b(\w+) \1\b/],
    ['doubled spaces', / {2}/],
    ['a space before a stop', / [.,?]/],
    ['a sentence that begins small', /[.?] [a-z](?!.*Question)/],
  ])('holds no text with %s', (_, pattern) => {
    expect(corpus.filter((text) => pattern.test(text)).slice(0, 3)).toEqual([]);
  });
});

describe.each(['world', 'stories'] as const)('the perplexity text “%s”', (register) => {
  const text = perplexityText(world, register, 60_000);

  it('has the length asked for, and the same bytes each time', () => {
    expect(text.length).toBeGreaterThanOrEqual(60_000);
    expect(text.length).toBeLessThan(62_000);
    expect(perplexityText(world, register, 60_000)).toBe(text);
  });

  it('shares no paragraph with the corpus', () => {
    const documentsSeen = new Set(corpus);
    expect(
      text
        .trim()
        .split('\n\n')
        .filter((paragraph) => documentsSeen.has(paragraph)),
    ).toEqual([]);
  });
});
