// Free tasks: any columns mapped to roles become items that the stock prompts can render.
import { describe, expect, it } from 'vitest';
import { renderItems, toChoiceExample, toCompletionExample } from '../../../src/shared/prompt/make-examples.ts';
import { renderExample } from '../../../src/shared/prompt/render-example.ts';
import { freeTask, listLabels, makeFreeTask } from '../../../src/shared/tasks/free-tasks.ts';

const sms = [
  { category: 'spam', body: 'Win now' },
  { category: 'ham', body: 'See you at six' },
];

describe('classification', () => {
  const labels = listLabels(sms, 'category');
  const task = makeFreeTask(freeTask.parse({ kind: 'classification', name: 'sms', text: 'body', label: 'category', labels }));

  it('offers every label as a choice, in a steady order', () => {
    expect(labels.map((label) => label.word)).toEqual(['ham', 'spam']);
    const [example] = [...renderItems(task.prompts[0]!, [task.rowToItem(sms[0]!)])].map(toChoiceExample);
    expect(example!.choices).toEqual([
      { context: 'Win now\nLabel:', continuation: ' ham' },
      { context: 'Win now\nLabel:', continuation: ' spam' },
    ]);
    expect(example!.gold).toBe(1);
  });

  it('keeps the label for balanced draws, and reads other words for it', () => {
    const worded = makeFreeTask({
      ...{ kind: 'classification', name: 'sms', text: 'body', label: 'category' },
      labels: [
        { value: 'ham', word: 'wanted' },
        { value: 'spam', word: 'unwanted' },
      ],
    });
    const [one] = [...renderItems(worded.prompts[0]!, [worded.rowToItem(sms[0]!)])];
    expect(toCompletionExample(one!)).toEqual({ id: '0', context: 'Win now\nLabel:', continuation: ' unwanted', label: 'unwanted' });
  });

  it('refuses unknown labels, missing columns, and a column that is no label', () => {
    expect(() => task.rowToItem({ category: 'eggs', body: 'x' }, 'row 3')).toThrow(
      /row 3: column “category” should be one of ham, spam, found “eggs”/,
    );
    expect(() => task.rowToItem({ category: 'ham' })).toThrow(/column “body”, which is missing/);
    expect(() => listLabels([{ category: 'ham' }], 'category')).toThrow(/expected 2 to 100 different labels, found 1/);
  });
});

describe('multiple choice', () => {
  const base = { kind: 'choice', name: 'quiz', question: 'q', gold: 'right' } as const;
  it.each([
    ['an index from 0', 'from-0', 1],
    ['an index from 1', 'from-1', '2'],
    ['a letter', 'letter', 'b'],
    ['its text', 'text', 'a lake '],
  ] as const)('finds the right choice by %s', (_name, goldForm, right) => {
    const task = makeFreeTask(freeTask.parse({ ...base, choices: ['one', 'two'], goldForm }));
    expect(task.rowToItem({ q: 'What holds water?', one: 'a sieve', two: 'a lake', right })).toMatchObject({
      choices: ['a sieve', 'a lake'],
      gold: 1,
    });
  });

  it('reads a list of choices and refuses what is not among them', () => {
    const task = makeFreeTask(freeTask.parse({ ...base, choices: 'options', goldForm: 'letter' }));
    expect(task.rowToItem({ q: 'x', options: '["a", "b", "c"]', right: 'C' }).gold).toBe(2);
    expect(() => task.rowToItem({ q: 'x', options: ['a', 'b'], right: 'C' })).toThrow(/a letter from A to B, found “C”/);
    expect(() => task.rowToItem({ q: 'x', options: ['a', 'b'], right: '' })).toThrow(/hidden/);
  });
});

describe('completion', () => {
  it('takes prompt and answer as they are, and never mistakes other columns for choices', () => {
    const task = makeFreeTask(freeTask.parse({ kind: 'completion', name: 'dolly', prompt: 'prompt', answer: 'response' }));
    const item = task.rowToItem({ prompt: 'Say hi.\n\n### Response:\n', response: 'Hi.', gold: 5, label: 'x' });
    expect(renderExample(task.prompts[0]!, item)).toMatchObject({
      text: 'Say hi.\n\n### Response:\nHi.',
      answer: 'Hi.',
      choices: [],
      warnings: [],
    });
    expect(item.label).toBeUndefined();
  });

  it('lets a template of one’s own use every column', () => {
    const task = makeFreeTask(freeTask.parse({ kind: 'completion', name: 'x', prompt: 'q', answer: 'a' }));
    const spec = { ...task.prompts[0]!, context: '{{ topic }}: {{ q }}' };
    expect(renderExample(spec, task.rowToItem({ topic: 'Tea', q: 'Hot?', a: 'Yes' })).context).toBe('Tea: Hot?');
  });
});
