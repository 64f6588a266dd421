// Rendering: one text with spans that tile it, from which every kind of example is cut.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/shared/errors.ts';
import { choiceExample, completionExample, generationExample } from '../../../src/shared/examples.ts';
import { renderItems, toChoiceExample, toCompletionExample, toGenerationExample } from '../../../src/shared/prompt/make-examples.ts';
import { promptHash, promptSpec, type PromptSpecInput } from '../../../src/shared/prompt/prompt-spec.ts';
import { compilePrompt, renderExample } from '../../../src/shared/prompt/render-example.ts';
import type { Item } from '../../../src/shared/tasks/item.ts';
import { PROMPT_LIBRARY } from '../../../src/shared/tasks/prompt-library.ts';

const make = (part: Partial<PromptSpecInput>) =>
  promptSpec.parse({ name: 'test', context: 'Q: {{ q }}\nA:', choices: '{{ choices }}', ...part });
const item = (q: string, choices: string[], gold?: number): Item => ({ q, choices, gold });
const tea = item('Is tea hot?', ['no', 'yes'], 1);

describe('renderExample', () => {
  it('puts description, worked examples, context, delimiter and answer in this order', () => {
    const spec = make({ description: 'Answer.' });
    const { text, spans } = renderExample(spec, tea, { shots: [item('Is ice hot?', ['no', 'yes'], 0)] });
    expect(text).toBe('Answer.\n\nQ: Is ice hot?\nA: no\n\nQ: Is tea hot?\nA: yes');
    expect(spans.map((span) => [span.role, text.slice(span.start, span.end), span.counts])).toEqual([
      ['description', 'Answer.', false],
      ['separator', '\n\n', false],
      ['shot', 'Q: Is ice hot?\nA: no', false],
      ['separator', '\n\n', false],
      ['context', 'Q: Is tea hot?\nA:', false],
      ['delimiter', ' ', false],
      ['answer', 'yes', true],
    ]);
  });

  it('has spans that tile the text, and the counting one is exactly the answer', () => {
    const text = fc.string({ unit: 'binary', maxLength: 12 });
    const items = fc.record({ q: text, choices: fc.array(text, { minLength: 2, maxLength: 4 }), gold: fc.constantFrom(0, 1) });
    fc.assert(
      fc.property(items, fc.array(items, { maxLength: 3 }), text, text, text, (one, shots, description, delimiter, exampleSeparator) => {
        fc.pre(!/[{}]/.test(description));
        const rendered = renderExample(make({ description, delimiter, exampleSeparator }), one, { shots });
        let end = 0;
        for (const span of rendered.spans) {
          expect(span.start).toBe(end);
          end = span.end;
        }
        expect(end).toBe(rendered.text.length);
        const counted = rendered.spans.filter((span) => span.counts);
        expect(counted.map((span) => rendered.text.slice(span.start, span.end))).toEqual([one.choices[one.gold]]);

        if (rendered.continuation) {
          const example = toCompletionExample({ id: '0', index: 0, item: one, rendered });
          expect(example.context + example.continuation).toBe(rendered.text);
        }
        rendered.choices.forEach((choice, i) => {
          expect(choice.context).toBe(rendered.context);
          expect(choice.continuation).toBe(delimiter + one.choices[i]!);
          expect(choice.length).toBe([...one.choices[i]!].length);
        });
      }),
      { numRuns: 200 },
    );
  });

  it('puts each choice into the context where a continuation is scored', () => {
    const [harness] = PROMPT_LIBRARY.winogrande;
    const one = { prefix: 'So the ', suffix: 'was full.', choices: ['cup', 'tea'], gold: 0 };
    const { text, choices } = renderExample(harness!, one, { shots: [{ ...one, prefix: 'Then the ', gold: 1 }] });
    expect(text).toBe('Then the tea was full.\n\nSo the cup was full.');
    expect(choices).toEqual([
      { context: 'Then the tea was full.\n\nSo the cup', continuation: ' was full.', length: 9 },
      { context: 'Then the tea was full.\n\nSo the tea', continuation: ' was full.', length: 9 },
    ]);
  });

  it('ends after the context when the answer is not known', () => {
    const rendered = renderExample(make({}), item('Is tea hot?', ['no', 'yes']));
    expect(rendered.text).toBe('Q: Is tea hot?\nA:');
    expect(rendered.gold).toBeUndefined();
    expect(rendered.warnings).toEqual([]);
    expect(() => toChoiceExample({ id: '7', index: 7, item: tea, rendered })).toThrow(/Example 7 .* not known/);
  });

  it('takes the right choice by index or by text', () => {
    expect(renderExample(make({ gold: 'yes' }), tea).gold).toBe(1);
    expect(renderExample(make({ gold: '{{ 0 }}' }), tea).gold).toBe(0);
    expect(() => renderExample(make({ gold: 'maybe' }), tea)).toThrow(/index \(0 to 1\) or text, found “maybe”; the choices are no \| yes/);
  });

  it('gives the hash of its text', () => {
    // printf 'Q: Is tea hot?\nA: yes' | sha256sum
    expect(renderExample(make({}), tea).hash).toBe('e2c498e10f024bcd11681ae5c8f76e4b2a8692378384b24e6d15e0b215a5039a');
  });

  it('uses the examples fixed in the prompt', () => {
    const spec = make({ shots: { kind: 'fixed', rows: [{ q: 'Is ice hot?', choices: ['no', 'yes'], gold: 0 }] } });
    expect(renderExample(spec, tea).text).toBe('Q: Is ice hot?\nA: no\n\nQ: Is tea hot?\nA: yes');
  });

  it.each<[string, Partial<PromptSpecInput>, Item, string]>([
    ['a missing column', { context: '{{ qq }}' }, tea, 'missing-column'],
    ['a context that ends with a space', { context: 'Q: {{ q }} A: ', delimiter: '' }, tea, 'trailing-space'],
    ['a delimiter and an answer with a space each', {}, item('q', [' no', ' yes'], 0), 'double-space'],
    ['an empty choice', {}, item('q', ['', 'a'], 0), 'empty-choice'],
    ['choices of unequal length', {}, item('q', ['yes', 'no, not at all'], 0), 'unequal-choices'],
    ['a BOS text', { description: '<s>Answer' }, tea, 'double-bos'],
  ])('warns of %s', (_name, part, one, code) => {
    expect(renderExample(make(part), one).warnings.map((warning) => warning.code)).toContain(code);
    expect(renderExample(make({}), tea).warnings).toEqual([]);
  });

  it('refuses what yields no choices, and a worked example without an answer', () => {
    expect(() => renderExample(make({ choices: '{{ q }}' }), tea)).toThrow(/expected a list of two or more choices, found “Is tea hot\?”/);
    expect(() => renderExample(make({ choices: '{{ options }}' }), tea)).toThrow(/no column “options”/);
    expect(() => renderExample(make({}), tea, { shots: [item('x', ['a', 'b'])] })).toThrow(/worked example has no right answer/);
  });
});

describe('a prompt as an object', () => {
  it('keeps its hash when renamed or spelled with its defaults, and changes it with any text', () => {
    const spec = { name: 'a', context: '{{ q }}', choices: '{{ choices }}' };
    expect(promptHash({ ...spec, name: 'b' })).toBe(promptHash(spec));
    expect(promptHash({ choices: spec.choices, delimiter: ' ', context: spec.context, name: 'c' })).toBe(promptHash(spec));
    const changes = [{ delimiter: '\n' }, { context: '{{ q }} ' }, { description: 'x' }, { shots: { kind: 'drawn', k: 2 } }] as const;
    const hashes = changes.map((change) => promptHash({ ...spec, ...change }));
    expect(new Set([promptHash(spec), ...hashes]).size).toBe(changes.length + 1);
  });

  it('has choices or an answer', () => {
    expect(promptSpec.safeParse({ name: 'a', context: 'x' }).success).toBe(false);
    expect(promptSpec.safeParse({ name: 'a', context: 'x', answer: 'y', choices: 'z' }).success).toBe(false);
    expect(promptSpec.safeParse({ name: 'a', context: 'x', answer: 'y', continuation: 'z' }).success).toBe(false);
  });

  it('shows a mistake in any template before a row is seen', () => {
    for (const part of [{ context: '{{' }, { description: '{% if %}' }, { choices: ['a', '{{ b'] }, { gold: '{{ 1 1 }}' }]) {
      expect(() => compilePrompt(make(part))).toThrow(AppError);
    }
  });
});

describe('renderItems', () => {
  const rows = Array.from({ length: 6 }, (_, i) => ({ ...item(`q${i}`, ['no', 'yes'], i % 2), id: `row-${i}` }));

  it('yields examples of the three kinds that hold the same text', () => {
    const [first] = [...renderItems(make({}), rows)];
    const choice = choiceExample.parse(toChoiceExample(first!));
    const completion = completionExample.parse(toCompletionExample(first!));
    const generation = generationExample.parse(toGenerationExample(first!));
    expect(choice).toEqual({
      id: 'row-0',
      choices: [
        { context: 'Q: q0\nA:', continuation: ' no' },
        { context: 'Q: q0\nA:', continuation: ' yes' },
      ],
      gold: 0,
      lengths: [2, 3],
    });
    expect(completion).toEqual({ id: 'row-0', context: 'Q: q0\nA:', continuation: ' no', label: '0' });
    expect(generation).toEqual({ id: 'row-0', prompt: 'Q: q0\nA:', references: ['no'] });
  });

  it('draws worked examples that never hold the question itself', () => {
    for (const sampling of ['4d21ab6', 'v0.4'] as const) {
      const all = [...renderItems(make({ shots: { kind: 'drawn', k: 3, sampling } }), rows)];
      expect(all.map((one) => one.index).sort()).toEqual([0, 1, 2, 3, 4, 5]);
      for (const { index, rendered } of all) {
        expect(rendered.spans.filter((span) => span.role === 'shot')).toHaveLength(3);
        expect(rendered.text.split(`q${index}`)).toHaveLength(2);
      }
    }
  });

  it('completes answers that are no choice', () => {
    const spec = promptSpec.parse({ name: 'c', context: '{{ prompt }}', answer: '{{ answer }}', delimiter: '' });
    const [known, unknown] = [...renderItems(spec, [{ prompt: '1+1=', answer: '2' }, { prompt: '2+2=' }])];
    expect(toCompletionExample(known!)).toEqual({ id: '0', context: '1+1=', continuation: '2' });
    expect(toGenerationExample(unknown!)).toEqual({ id: '1', prompt: '2+2=', references: [] });
    expect(() => toCompletionExample(unknown!)).toThrow(/Example 1 .* not known/);
    expect(() => toChoiceExample(known!)).toThrow(/no choices/);
  });

  it('stops at a row without a column that the prompt needs, naming both', () => {
    expect(() => [...renderItems(make({}), [tea, { choices: ['a', 'b'], gold: 0 }])]).toThrow(
      /prompt “test”, row 2: the row has no column “q”/,
    );
  });
});
