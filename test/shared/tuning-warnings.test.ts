// Warnings before a tuning: when each is said, and the change that mends it.
import { expect, it } from 'vitest';
import { findTuningWarnings, type LearntSample } from '../../src/shared/tuning-warnings.ts';

const example = { continuation: ' yes', warnings: [] };
const good: LearntSample = {
  ...{ examples: [example, example], lengths: [20, 30], isWritten: false, appendEos: false },
  ...{ rowTokens: 256, maxPositions: 512, eos: '</s>', hasEos: true },
};
const ended = { ...example, continuation: ' yes</s>' };

it.each<[string, Partial<LearntSample>, RegExp | undefined, object | undefined]>([
  ['a choice needs no end', {}, undefined, undefined],
  ['an answer that is written needs one', { isWritten: true }, /^No end token \(EOS\) follows the answers/, { appendEos: true }],
  ['which may stand in the data', { isWritten: true, examples: [ended, ended] }, undefined, undefined],
  [
    'but not twice',
    { appendEos: true, examples: [ended, example] },
    /^1 of the first 2 examples end with <\/s> already/,
    { appendEos: false },
  ],
  ['and not where there is none', { appendEos: true, eos: undefined, hasEos: false }, /names no end token/, { appendEos: false }],
  ['long examples are cut', { lengths: [30, 300] }, /^1 of the first 2 examples are longer than 256 tokens and lose/, { rowTokens: 320 }],
  ['as far as the model reads', { lengths: [900, 900], rowTokens: 512 }, /^All of the first 2 examples are longer than 512/, undefined],
  ['the end token counts too', { lengths: [257, 20], appendEos: true }, /longer than 256/, { rowTokens: 320 }],
  ['lengths that were not counted say nothing', { lengths: undefined }, undefined, undefined],
  [
    'what is odd in the texts is said',
    { examples: [{ ...example, warnings: [{ code: 'trailing-space', message: 'The context ends with a space.' }] }, example] },
    /^1 of the first 2 examples: The context ends/,
    undefined,
  ],
])('%s', (_what, change, message, mend) => {
  const [first, ...others] = findTuningWarnings({ ...good, ...change });
  expect(others).toEqual([]);
  if (message) expect(first?.message).toMatch(message);
  else expect(first).toBeUndefined();
  expect(first?.mend?.change).toEqual(mend);
});
