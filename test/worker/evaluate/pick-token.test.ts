// Which token is chosen: greedy, and what temperature, top-k and top-p leave to draw from.
import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../../src/shared/random.ts';
import { pickToken, type Sampling } from '../../../src/worker/evaluate/pick-token.ts';

const logits = Float32Array.from([0.5, 0.25, 0.125, 0.125].map(Math.log));
const order = Float32Array.of(logits[2]!, logits[0]!, logits[3]!, logits[1]!); // the same, not sorted

/** Shares in which tokens are drawn, over evenly spread uniform numbers. */
function shares(from: Float32Array, sampling: Sampling): number[] {
  const draws = 4000;
  const counts = new Array<number>(from.length).fill(0);
  for (let i = 0; i < draws; i++) counts[pickToken(from, sampling, () => (i + 0.5) / draws)]! += 1 / draws;
  return counts;
}

describe('pickToken', () => {
  it.each<[string, Float32Array, Sampling, number[]]>([
    ['greedy takes the largest', order, { temperature: 0, topK: 0, topP: 1 }, [0, 1, 0, 0]],
    ['greedy takes the first of equals', Float32Array.of(1, 3, 3), { temperature: 0, topK: 0, topP: 1 }, [0, 1, 0]],
    ['temperature 1 draws by probability', logits, { temperature: 1, topK: 0, topP: 1 }, [0.5, 0.25, 0.125, 0.125]],
    ['temperature 0.5 squares the odds', logits, { temperature: 0.5, topK: 0, topP: 1 }, [16 / 22, 4 / 22, 1 / 22, 1 / 22]],
    ['top-k keeps the k likeliest', order, { temperature: 1, topK: 2, topP: 1 }, [0, 2 / 3, 0, 1 / 3]],
    ['top-k of more than there are keeps all', logits, { temperature: 1, topK: 9, topP: 1 }, [0.5, 0.25, 0.125, 0.125]],
    ['top-p keeps the fewest that reach it', order, { temperature: 1, topK: 0, topP: 0.7 }, [0, 2 / 3, 0, 1 / 3]],
    ['top-p always keeps one', order, { temperature: 1, topK: 0, topP: 1e-9 }, [0, 1, 0, 0]],
    ['top-p counts after top-k', logits, { temperature: 1, topK: 2, topP: 0.6 }, [1, 0, 0, 0]],
  ])('%s', (_, from, sampling, expected) => {
    for (const [token, share] of shares(from, sampling).entries()) expect(share).toBeCloseTo(expected[token]!, 2);
  });

  it('is a function of the stream', () => {
    const draw = (): number[] => {
      const random = new RandomStream(7, 'test');
      return Array.from({ length: 20 }, () => pickToken(logits, { temperature: 1, topK: 0, topP: 0.9 }, () => random.uniform()));
    };
    expect(draw()).toEqual(draw());
  });
});
