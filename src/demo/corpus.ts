// The pretraining text: entries, rules, stories, and the surface forms of the seven tasks, none of it a held-out item.
import { RandomStream } from '../shared/random.ts';
import { makeFinder } from './audit.ts';
import { askClaim, drawPassage, passageText } from './boolq.ts';
import type { Dataset } from './datasets.ts';
import { drawEpisode, HELLASWAG } from './hellaswag.ts';
import { partOfItem, type DemoTask } from './items.ts';
import { drawEntry, drawRule, drawStory } from './passages.ts';
import { PIQA } from './piqa.ts';
import { ARC_CHALLENGE, ARC_EASY, OPENBOOKQA } from './questions.ts';
import { partOf } from './split.ts';
import { drawTwins, WINOGRANDE } from './winogrande.ts';
import type { World } from './world.ts';

type Draw = (world: World, random: RandomStream) => string;

/** Several items of one task, each with its right answer, parted as few-shot examples are. */
const items =
  (task: DemoTask, least: number, most: number): Draw =>
  (world, random) => {
    const texts: string[] = [];
    const count = least + random.integer(most - least + 1);
    while (texts.length < count) {
      const item = task.draw(world, random, random.integer(task.choices));
      if (partOfItem(item) === 'corpus') texts.push(item.texts[item.gold]!);
    }
    return texts.join('\n\n');
  };

/** A passage of one to three sentences with several yes/no questions: short ones show what is asked, long ones train it. */
function drawReading(world: World, random: RandomStream): string {
  const claims = drawPassage(world, random, 1 + random.integer(3));
  const asked = random.shuffle([...claims.keys(), ...claims.keys()]).map((index) => {
    const { question, isTrue } = askClaim(random, claims, index);
    return `Question: ${question}?\nAnswer: ${isTrue ? 'yes' : 'no'}`;
  });
  return [passageText(claims), ...new Set(asked)].join('\n');
}

/** Scenes told twice, so that nothing but the name decides how they go on. */
function drawTwinScenes(world: World, random: RandomStream): string {
  const texts: string[] = [];
  while (texts.length < 4) {
    const twins = drawTwins(world, random);
    if (twins.every((item) => partOfItem(item) === 'corpus')) texts.push(...twins.map((item) => item.texts[item.gold]!));
  }
  return texts.join('\n\n');
}

/** A whole activity, from its first step to its last. */
function drawActivity(world: World, random: RandomStream): string {
  const { label, person, steps } = drawEpisode(world, random);
  const pronoun = person.she ? 'She' : 'He';
  return `${label}: ${steps.map((step, index) => `${index === 0 ? person.name : pronoun} ${step}.`).join(' ')}`;
}

/** What the corpus is made of, with the share of each kind among the documents, in percent. Documents have about a hundred tokens. */
const MIXTURE: readonly (readonly [number, Draw])[] = [
  [26, drawEntry],
  [4, drawRule],
  [4, drawStory],
  [9, items(ARC_EASY, 3, 6)],
  [8, items(ARC_CHALLENGE, 3, 6)],
  [6, items(OPENBOOKQA, 3, 6)],
  [5, items(PIQA, 2, 5)],
  [5, items(WINOGRANDE, 2, 5)],
  [6, drawTwinScenes],
  [4, drawActivity],
  [3, items(HELLASWAG, 1, 2)],
  [20, drawReading],
];

const PACK = MIXTURE.flatMap(([share, draw]) => Array<Draw>(share).fill(draw));

/** Every item of the datasets with its right answer spelled out: what no text of the corpus may hold. */
export function heldOutTexts(datasets: readonly Dataset[]): string[] {
  return datasets.flatMap(({ splits }) => Object.values(splits).flatMap((part) => part.map(({ texts, gold }) => texts[gold]!)));
}

/**
 * `count` documents of plain text; equal arguments give equal documents. Documents whose hash falls to the test part are kept for the
 * perplexity texts, and any document that happens to spell out a held-out text is left out.
 */
export function* documents(world: World, seed: number, count: number, heldOut: readonly string[]): Generator<string> {
  const random = new RandomStream(seed, 'corpus');
  const spells = heldOut.length === 0 ? () => 0 : makeFinder(heldOut);
  let pack: Draw[] = [];
  for (let made = 0; made < count;) {
    if (pack.length === 0) pack = random.shuffle(PACK);
    const text = pack.pop()!(world, random);
    if (partOf(text) === 'test' || spells(text) > 0) continue;
    made++;
    yield text;
  }
}

/** Running text of one register, about `characters` long, none of whose paragraphs occurs in any corpus of this world. */
export function perplexityText(world: World, register: 'world' | 'stories', characters: number): string {
  const random = new RandomStream(world.settings.seed, `perplexity ${register}`);
  const paragraphs: string[] = [];
  for (let length = 0; length < characters;) {
    const text =
      register === 'stories' ? drawStory(world, random) : random.integer(8) === 0 ? drawRule(world, random) : drawEntry(world, random);
    if (partOf(text) !== 'test') continue;
    paragraphs.push(text);
    length += text.length + 2;
  }
  return `${paragraphs.join('\n\n')}\n`;
}
