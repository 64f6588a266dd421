// Multiple choice: who is picked, and that sharing, few-shot beginnings and truncation leave the harness's scores as they are.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChoiceExample } from '../../../src/shared/examples.ts';
import type { ProgressFrame } from '../../../src/shared/progress.ts';
import { evaluationSet, type Tokenisation } from '../../../src/shared/recipe.ts';
import type { ChoiceOutcome } from '../../../src/shared/results.ts';
import { judge, scoreChoices, type ChoiceSet } from '../../../src/worker/evaluate/choices.ts';
import type { OpenSubject } from '../../../src/worker/evaluate/open-subject.ts';
import { encodePair } from '../../../src/worker/text/tokenizer.ts';
import { hasStories, logProbsAlone, NEEDS_STORIES, openStories } from '../../support/stories.ts';

const SAME = 1e-3; // sums of up to a dozen float32 log-probabilities

function example(id: string, contexts: readonly string[], continuations: readonly string[], gold = 0): ChoiceExample {
  const choices = continuations.map((continuation, i) => ({ context: contexts[i] ?? contexts[0]!, continuation }));
  return { id, choices, gold, lengths: continuations.map((text) => [...text.trim()].length) };
}

const setOf = (tokenisation: Partial<Tokenisation> = {}): ChoiceSet =>
  evaluationSet.parse({ kind: 'choices', name: 'test', file: 'x', tokenisation }) as ChoiceSet;

describe('judge', () => {
  it.each<[string, number[], number[], number, number]>([
    ['the likeliest', [-3, -2, -5], [4, 4, 4], 1, 1],
    ['per code point, a longer one may win', [-2, -3], [1, 10], 0, 1],
    ['ties go to the first', [-4, -2, -2, -1], [2, 1, 1, 0.5], 3, 0],
    ['ties in both', [-2, -2], [3, 3], 0, 0],
    ['a choice without text is never picked per code point', [-1, -9], [0, 1], 0, 1],
  ])('%s', (_, logLikelihoods, lengths, picked, pickedNorm) => {
    const outcome = judge('test', { ...example('a', ['c'], logLikelihoods.map(String)), lengths }, logLikelihoods);
    expect(outcome).toMatchObject({ set: 'test', id: 'a', gold: 0, picked, pickedNorm });
  });

  it('refuses a score that is no number', () => {
    expect(() => judge('test', example('q7', ['c'], ['a', 'b']), [-1, NaN])).toThrow(/q7/);
  });
});

describe.skipIf(!hasStories)(`scoreChoices on stories260K ${NEEDS_STORIES}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'choices-'));
  const path = join(folder, 'examples.jsonl');
  let stories: OpenSubject;
  beforeAll(async () => {
    stories = await openStories();
  });
  afterAll(async () => {
    await stories[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  async function score(examples: readonly ChoiceExample[], set = setOf(), progress?: (frame: ProgressFrame) => void) {
    writeFileSync(path, examples.map((line) => JSON.stringify(line)).join('\n'));
    const outcomes: ChoiceOutcome[] = [];
    const measured = await scoreChoices(stories, set, path, (outcome) => outcomes.push(outcome), { progress });
    return { outcomes, ...measured };
  }

  /** Each choice run by itself, cut from the left to what the model takes (evaluation.md 5.5). */
  async function scoreAlone({ choices }: ChoiceExample, tokenisation: Tokenisation): Promise<number[]> {
    const scores: number[] = [];
    for (const { context, continuation } of choices) {
      const pair = encodePair(stories.tokenizer, context, continuation, tokenisation);
      const logProbs = await logProbsAlone(stories, [...pair.context, ...pair.continuation].slice(-stories.model.config.maxPositions - 1));
      scores.push(logProbs.slice(logProbs.length - pair.continuation.length).reduce((sum, value) => sum + value, 0));
    }
    return scores;
  }

  const shots = 'Lily saw a cat. The cat was big.\n\nTom saw a dog. The dog was sad.\n\n';
  const long = 'She went to the park and saw a bird. '.repeat(80);
  const questions: ChoiceExample[] = [
    example('equal contexts', [`${shots}Lily had a ball. The ball was`], [' red.', ' very happy and sad.', ' día.'], 0),
    example(
      'WinoGrande',
      [`${shots}Tom gave Lily the toy because Tom`, `${shots}Tom gave Lily the toy because Lily`],
      [' was kind.', ' was kind.'],
      1,
    ),
    example('white space moves', [`${shots}One day `], ['a girl', 'the boys'], 1),
    example('joined at the border', [`${shots}Once upon a ti`], ['me', 'ger'], 0),
    example('too long', [`${shots}${long}It was`], [' a bird.', ' not a very big and happy dog.'], 0),
    example('no context but a choice', [''], ['Once upon a time', 'Zebra'], 0),
  ];

  it.each<Tokenisation>([
    { bos: true, pair: 'joint' },
    { bos: false, pair: 'joint' },
    { bos: false, pair: 'separate' },
  ])('shared = each choice by itself, %j', async (tokenisation) => {
    const { outcomes, summary } = await score(questions, setOf(tokenisation));
    expect(outcomes.map(({ id }) => id)).toEqual(questions.map(({ id }) => id));
    for (const [i, question] of questions.entries()) {
      const expected = await scoreAlone(question, tokenisation);
      for (const [choice, value] of expected.entries()) {
        expect(Math.abs(outcomes[i]!.logLikelihoods[choice]! - value), `${question.id} ${choice}`).toBeLessThan(SAME);
      }
    }
    expect(summary.truncated).toBe(1);
  });

  it('runs the beginning that all examples share once', async () => {
    const tail = (beginning: string): ChoiceExample[] =>
      ['Tom had a car', 'Sue was sad', 'The sun was hot'].map((text) => example(text, [`${beginning}${text}. It was`], [' big.', ' red.']));
    const few = await score(tail('Ben. '));
    const many = await score(tail(shots));
    const { bos } = setOf().tokenisation;
    const beginning = stories.tokenizer.encode(shots, { bos }).length - stories.tokenizer.encode('Ben. ', { bos }).length;
    expect(many.tokens - few.tokens).toBeLessThan(beginning + 3 * 3); // once, and a few tokens at the border
    for (const [i, question] of tail(shots).entries()) {
      const expected = await scoreAlone(question, setOf().tokenisation);
      for (const [choice, value] of expected.entries()) expect(many.outcomes[i]!.logLikelihoods[choice]).toBeCloseTo(value, 3);
    }
  });

  it('sums up by the harness: means and sample standard errors', async () => {
    const { outcomes, summary } = await score(questions.slice(0, 4));
    const right = outcomes.map(({ picked, gold }) => Number(picked === gold));
    const acc = right.reduce((a, b) => a + b, 0) / 4;
    expect(summary).toMatchObject({ kind: 'choices', name: 'test', items: 4, acc, truncated: 0 });
    const variance = right.reduce((sum, value) => sum + (value - acc) ** 2, 0) / 3;
    expect(summary.accStderr).toBeCloseTo(Math.sqrt(variance / 4), 12);
  });

  it('reports examples as they are done', async () => {
    const frames: ProgressFrame[] = [];
    await score(questions, setOf(), (frame) => frames.push(frame));
    expect(frames.at(-1)).toEqual({ phase: 'test', done: questions.length, total: questions.length, unit: 'examples' });
    expect(frames.map(({ done }) => done)).toEqual(frames.map(({ done }) => done).sort((a, b) => a - b));
  });

  it.each<[string, ChoiceExample[], string]>([
    ['no examples', [], 'no examples'],
    ['a right choice that is not there', [example('q3', ['c'], ['a', 'b'], 2)], 'q3'],
    ['lengths that do not match', [{ ...example('q4', ['c'], ['a', 'b']), lengths: [1] }], 'q4'],
  ])('refuses a set with %s', async (_, examples, message) => {
    await expect(score(examples)).rejects.toMatchObject({ code: 'bad-dataset', message: expect.stringContaining(message) as string });
  });
});
