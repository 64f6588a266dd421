// Shapes of datasets told from columns and rows.
import { describe, expect, test } from 'vitest';
import { inferRoles, isHiddenLabel, mappedColumns, type RoleMapping } from '../../src/shared/dataset-roles.ts';

type Row = Readonly<Record<string, unknown>>;
const infer = (rows: readonly Row[], hint?: string) =>
  inferRoles([...new Set(rows.flatMap((row) => Object.keys(row)))], rows, 'mine', hint);

describe('a column for each choice', () => {
  const row = { question: 'q', A: 'w', B: 'x', C: 'y', D: 'z' };

  test('with the letter of the right one is multiple choice, and the reason says which columns are what', () => {
    const inferred = infer([
      { ...row, answer: 'D' },
      { ...row, answer: 'a' },
    ]);
    const choices = ['A', 'B', 'C', 'D'];
    expect(inferred.mapping).toEqual({ kind: 'choice', name: 'mine', question: 'question', choices, gold: 'answer', goldForm: 'letter' });
    expect(inferred.reason).toBe(
      'This looks like multiple choice: columns "A", "B", "C", "D" hold the choices for column "question", and column "answer" the letter of the right one.',
    );
  });

  test('with an answer that names none of them is a question and its answer', () => {
    expect(infer([{ ...row, answer: 'E' }]).mapping).toMatchObject({ kind: 'completion' });
    expect(infer([{ ...row, answer: 'because' }]).mapping).toMatchObject({ kind: 'completion' });
  });
});

describe('known shapes', () => {
  const choices = { text: ['a', 'b'], label: ['A', 'B'] };
  const cases: [string, Row, string | undefined, unknown][] = [
    ['BoolQ of SuperGLUE', { passage: 'p', question: 'q', idx: 0, label: 1 }, undefined, { kind: 'benchmark', name: 'boolq' }],
    ['BoolQ of Google', { question: 'q', answer: true, passage: 'p' }, undefined, { kind: 'benchmark', name: 'boolq' }],
    ['PIQA', { goal: 'g', sol1: 'a', sol2: 'b', label: 0 }, undefined, { kind: 'benchmark', name: 'piqa' }],
    [
      'HellaSwag',
      { activity_label: 'x', ctx_a: 'a', ctx_b: 'b', ctx: 'a b', endings: ['a', 'b'], label: '1' },
      undefined,
      { kind: 'benchmark', name: 'hellaswag' },
    ],
    ['WinoGrande', { sentence: 'a _ b', option1: 'x', option2: 'y', answer: '2' }, undefined, { kind: 'benchmark', name: 'winogrande' }],
    ['ARC', { id: '1', question: 'q', choices, answerKey: 'A' }, 'ai2_arc', { kind: 'benchmark', name: 'arc_easy' }],
    [
      'ARC-Challenge',
      { id: '1', question: 'q', choices, answerKey: 'A' },
      'ARC-Challenge/test.parquet',
      { kind: 'benchmark', name: 'arc_challenge' },
    ],
    [
      'ARC as AI2 wrote it',
      { id: '1', question: { stem: 'q', choices: [] }, answerKey: 'A' },
      undefined,
      { kind: 'benchmark', name: 'arc_easy' },
    ],
    ['OpenBookQA', { question_stem: 'q', choices, answerKey: 'A' }, undefined, { kind: 'benchmark', name: 'openbookqa' }],
    [
      'a plain query of a benchmark',
      { query: 'q', choices: ['a', 'b'], gold: 1 },
      'data/openbookqa/test.jsonl',
      { kind: 'benchmark', name: 'openbookqa' },
    ],
    [
      'a plain query',
      { query: 'q', choices: ['a', 'b'], gold: 1 },
      undefined,
      { kind: 'choice', question: 'query', choices: 'choices', gold: 'gold' },
    ],
    [
      'choices as JSON in a cell',
      { question: 'q', options: '["a","b"]', answer: 'b' },
      undefined,
      { kind: 'choice', choices: 'options', goldForm: 'text' },
    ],
    ['choices answered by letter', { question: 'q', options: ['a', 'b'], answer: 'B' }, undefined, { kind: 'choice', goldForm: 'letter' }],
    [
      'Alpaca',
      { instruction: 'i', input: '', output: 'o' },
      undefined,
      { kind: 'instruction', instruction: 'instruction', input: 'input', answer: 'output' },
    ],
    ['chat messages', { messages: [{ role: 'user', content: 'x' }] }, undefined, { kind: 'chat', messages: 'messages' }],
    ['ShareGPT', { id: 1, conversations: [{ from: 'human', value: 'x' }] }, undefined, { kind: 'chat', messages: 'conversations' }],
    ['prompt and completion', { prompt: 'p', completion: 'c' }, undefined, { kind: 'completion', prompt: 'prompt', answer: 'completion' }],
    ['question and answer', { question: 'p', answer: 'c', id: 3 }, undefined, { kind: 'completion', prompt: 'question', answer: 'answer' }],
    ['text', { text: 'x', meta: { a: 1 } }, undefined, { kind: 'text', text: 'text' }],
    ['one column of text by any name', { Inhalt: 'x' }, undefined, { kind: 'text', text: 'Inhalt' }],
  ];
  test.each(cases)('%s', (_, row, hint, mapping) => {
    const inferred = infer([row, row], hint);
    expect(inferred.mapping).toMatchObject(mapping as object);
    expect(inferred.reason).toMatch(/^This looks like .+: .+\.$/);
  });

  test('labelled texts by name, and by content when there are two columns', () => {
    const rows = ['ham', 'spam', 'ham', 'spam'].map((label, i) => ({ text: `text ${i}`, label }));
    const labels = ['ham', 'spam'].map((value) => ({ value, word: value }));
    expect(infer(rows).mapping).toEqual({ kind: 'classification', name: 'mine', text: 'text', label: 'label', labels });
    expect(infer(rows.map(({ text, label }) => ({ Was: label, Wie: text }))).mapping).toMatchObject({ text: 'Wie', label: 'Was', labels });
    expect(infer(rows.map((row, i) => ({ ...row, label: `${i}` }))).mapping).toMatchObject({ kind: 'text' });
  });

  test.each([
    ['preference pairs are known and not used', { prompt: 'p', chosen: 'a', rejected: 'b' }, 'not used here'],
    ['numbers say nothing', { x: 1, y: 2 }, 'Say which column plays which role'],
  ])('%s', (_, row, reason) => {
    expect(infer([row])).toEqual({ mapping: undefined, reason: expect.stringContaining(reason) as unknown });
  });
});

test.each([
  [-1, true],
  ['-1', true],
  ['', true],
  [' ', true],
  [null, true],
  [undefined, true],
  [0, false],
  ['A', false],
  [false, false],
])('a label of %j is hidden: %s', (label, hidden) => {
  expect(isHiddenLabel(label)).toBe(hidden);
});

test('a split whose answers are all hidden is said to be of no use for scoring', () => {
  const row = { goal: 'g', sol1: 'a', sol2: 'b' };
  expect(infer([{ ...row, label: -1 }]).reason).toContain('answers in column "label" are hidden');
  expect(
    infer([
      { ...row, label: -1 },
      { ...row, label: 1 },
    ]).reason,
  ).not.toContain('hidden');
  expect(infer([row]).reason).toContain('no column with the right answers');
});

test('a mapping names its columns', () => {
  const cases: [RoleMapping, string[]][] = [
    [{ kind: 'benchmark', name: 'piqa' }, []],
    [{ kind: 'choice', name: 'n', question: 'q', choices: ['a', 'b'], gold: 'g', goldForm: 'from-0' }, ['q', 'a', 'b', 'g']],
    [{ kind: 'instruction', name: 'n', instruction: 'i', answer: 'o' }, ['i', 'o']],
    [{ kind: 'chat', name: 'n', messages: 'm' }, ['m']],
  ];
  for (const [mapping, columns] of cases) expect(mappedColumns(mapping)).toEqual(columns);
});
