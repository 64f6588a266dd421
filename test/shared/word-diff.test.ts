// Differences of texts: the parts spell both texts, and only the words that changed are marked.
import { describe, expect, test } from 'vitest';
import { diffWords } from '../../src/shared/word-diff.ts';

const mark = (before: string, after: string): string =>
  diffWords(before, after)
    .map(({ kind, text }) => (kind === 'same' ? text : kind === 'removed' ? `[-${text}-]` : `{+${text}+}`))
    .join('');

describe('diffWords', () => {
  test.each([
    ['nothing', '', '', ''],
    ['the same', 'Q: {{ question }}\nA:', 'Q: {{ question }}\nA:', 'Q: {{ question }}\nA:'],
    ['all new', '', 'Answer:', '{+Answer:+}'],
    ['all gone', 'Answer:', '', '[-Answer:-]'],
    ['one word', 'Answer with no or yes.', 'Answer with yes or no.', 'Answer with [-no-]{+yes+} or [-yes-]{+no+}.'],
    ['a space at the end', 'Answer: ', 'Answer:', 'Answer:[- -]'],
    ['a line between', 'Text\nAnswer:', 'Text\nQuestion\nAnswer:', 'Text\n{+Question\n+}Answer:'],
    ['a sign in a tag', '{{ question }}', '{{ question }}?', '{{ question }}{+?+}'],
  ])('%s', (_name, before, after, expected) => {
    expect(mark(before, after)).toBe(expected);
  });

  test('texts too long for the table are told apart as a whole, and quickly', () => {
    const [before, after] = ['a b '.repeat(5000), 'c d '.repeat(5000)];
    const parts = diffWords(before, after);
    expect(
      parts
        .filter(({ kind }) => kind !== 'added')
        .map(({ text }) => text)
        .join(''),
    ).toBe(before);
    expect(
      parts
        .filter(({ kind }) => kind !== 'removed')
        .map(({ text }) => text)
        .join(''),
    ).toBe(after);
  });
});
