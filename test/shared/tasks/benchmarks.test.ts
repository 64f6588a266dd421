// The seven benchmarks: rows of every published format give the very strings that the harness scores.
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/shared/errors.ts';
import { renderItems, toChoiceExample } from '../../../src/shared/prompt/make-examples.ts';
import { renderExample } from '../../../src/shared/prompt/render-example.ts';
import { BENCHMARK_TASKS } from '../../../src/shared/tasks/benchmarks.ts';
import { capitalize, cleanHellaswag } from '../../../src/shared/tasks/clean-text.ts';
import type { Row } from '../../../src/shared/tasks/columns.ts';
import { BENCHMARKS, type Benchmark } from '../../../src/shared/tasks/prompt-library.ts';

const harness = (task: Benchmark, row: Row) => {
  const { rowToItem, prompts } = BENCHMARK_TASKS[task];
  return renderExample(prompts[0]!, rowToItem(row));
};

interface Case {
  readonly name: string;
  readonly task: Benchmark;
  readonly row: Row;
  readonly contexts: readonly string[];
  readonly continuations: readonly string[];
  readonly gold: number;
}

const noYes = [' no', ' yes'];
const wash = { text: ['a cup', 'a lake', 'a car'], label: ['A', 'B', 'C'] };
const CASES: readonly Case[] = [
  {
    name: 'BoolQ of super_glue',
    task: 'boolq',
    row: { passage: 'Tea is hot.', question: 'is tea hot', label: 1 },
    contexts: ['Tea is hot.\nQuestion: is tea hot?\nAnswer:'],
    continuations: noYes,
    gold: 1,
  },
  {
    name: 'BoolQ of google/boolq, with a boolean answer',
    task: 'boolq',
    row: { passage: 'Tea is hot.', question: 'is tea cold', answer: false },
    contexts: ['Tea is hot.\nQuestion: is tea cold?\nAnswer:'],
    continuations: noYes,
    gold: 0,
  },
  {
    name: 'BoolQ as query, choices, gold, even with yes first',
    task: 'boolq',
    row: { query: 'Passage: Tea is hot.\nQuestion: is tea hot?', choices: ['yes', 'no'], gold: 0 },
    contexts: ['Tea is hot.\nQuestion: is tea hot?\nAnswer:'],
    continuations: noYes,
    gold: 1,
  },
  {
    name: 'PIQA with the label in the row',
    task: 'piqa',
    row: { goal: 'Cool tea', sol1: 'wait', sol2: 'boil it', label: '0' },
    contexts: ['Question: Cool tea\nAnswer:'],
    continuations: [' wait', ' boil it'],
    gold: 0,
  },
  {
    name: 'HellaSwag, cleaned, its label a text',
    task: 'hellaswag',
    row: {
      activity_label: 'Making tea',
      ctx_a: '[header] How to make tea [title] Boil water.',
      ctx_b: 'then PAUL',
      endings: ['waits [substeps] a bit.', 'sleeps.', 'drinks  it.', 'runs.'],
      label: '2',
    },
    contexts: ['Making tea: How to make tea. Boil water. Then paul'],
    continuations: [' waits a bit.', ' sleeps.', ' drinks it.', ' runs.'],
    gold: 2,
  },
  {
    name: 'WinoGrande: only what follows the gap is scored',
    task: 'winogrande',
    row: { sentence: 'The cup was full, so the _ was poured out .', option1: 'tea', option2: 'cup', answer: '1' },
    contexts: ['The cup was full, so the tea', 'The cup was full, so the cup'],
    continuations: [' was poured out .', ' was poured out .'],
    gold: 0,
  },
  {
    name: 'ARC with letter keys and three choices',
    task: 'arc_easy',
    row: { id: 'Mercury_1', question: 'What holds tea?', choices: wash, answerKey: 'A' },
    contexts: ['Question: What holds tea?\nAnswer:'],
    continuations: [' a cup', ' a lake', ' a car'],
    gold: 0,
  },
  {
    name: 'ARC with numeric keys',
    task: 'arc_challenge',
    row: { question: 'What holds tea?', choices: { text: ['a lake', 'a cup'], label: ['1', '2'] }, answerKey: '2' },
    contexts: ['Question: What holds tea?\nAnswer:'],
    continuations: [' a lake', ' a cup'],
    gold: 1,
  },
  {
    name: 'ARC with a numeric key for lettered choices',
    task: 'arc_challenge',
    row: { question: 'What holds tea?', choices: wash, answerKey: '3' },
    contexts: ['Question: What holds tea?\nAnswer:'],
    continuations: [' a cup', ' a lake', ' a car'],
    gold: 2,
  },
  {
    name: "ARC in AI2's own nesting",
    task: 'arc_easy',
    row: {
      question: {
        stem: 'What holds tea?',
        choices: [
          { text: 'a lake', label: 'A' },
          { text: 'a cup', label: 'B' },
        ],
      },
      answerKey: 'B',
    },
    contexts: ['Question: What holds tea?\nAnswer:'],
    continuations: [' a lake', ' a cup'],
    gold: 1,
  },
  {
    name: 'OpenBookQA: the stem alone, the key trimmed, choices as JSON text (from CSV)',
    task: 'openbookqa',
    row: { question_stem: 'Tea is held by', choices: JSON.stringify(wash), answerKey: ' B ' },
    contexts: ['Tea is held by'],
    continuations: [' a cup', ' a lake', ' a car'],
    gold: 1,
  },
];

describe('the seven benchmarks', () => {
  it.each(CASES)('$name', ({ task, row, contexts, continuations, gold }) => {
    const { choices, gold: found } = harness(task, row);
    expect(choices.map((choice) => choice.context)).toEqual(continuations.map((_, i) => contexts[i] ?? contexts[0]));
    expect(choices.map((choice) => choice.continuation)).toEqual(continuations);
    expect(choices.map((choice) => choice.length)).toEqual(continuations.map((text) => [...text].length - 1));
    expect(found).toBe(gold);
  });

  it('count code points, not UTF-16 units, for acc_norm', () => {
    const { choices } = harness('piqa', { goal: 'Smile', sol1: '😀😀', sol2: 'é', label: 0 });
    expect(choices.map((choice) => choice.length)).toEqual([2, 1]);
  });

  it('take acc where the published averages take acc, and acc_norm elsewhere', () => {
    const normalised = BENCHMARKS.filter((task) => BENCHMARK_TASKS[task].metric === 'acc_norm');
    expect(normalised).toEqual(['hellaswag', 'arc_challenge', 'openbookqa']);
  });

  it.each<[Benchmark, Row, string]>([
    ['boolq', { question: 'is tea hot', label: 1 }, 'passage'],
    ['boolq', { passage: 'Tea.', question: 'is tea hot' }, 'label'],
    ['piqa', { goal: 'Cool tea', sol1: 'wait', label: 0 }, 'sol2'],
    ['hellaswag', { activity_label: 'a', ctx_a: 'b', ctx_b: 'c', label: '0' }, 'endings'],
    ['winogrande', { sentence: 'a _ b', option1: 'x', answer: '1' }, 'option2'],
    ['arc_easy', { question: 'q', choices: wash }, 'answerKey'],
    ['openbookqa', { question: 'q', choices: wash, answerKey: 'A' }, 'question_stem'],
    ['piqa', { query: 'q', choices: ['a', 'b'] }, 'gold'],
  ])('%s names the missing column %#', (task, row, column) => {
    const read = (): unknown => BENCHMARK_TASKS[task].rowToItem(row, 'rows.jsonl, line 7');
    expect(read).toThrow(AppError);
    expect(read).toThrow(
      new RegExp(`^rows.jsonl, line 7: expected column “${column}”.* missing .*columns found: ${Object.keys(row).join(', ')}`),
    );
  });

  it.each<[Benchmark, Row]>([
    ['boolq', { passage: 'p', question: 'q', label: -1 }],
    ['hellaswag', { activity_label: 'a', ctx_a: 'b', ctx_b: 'c', endings: ['x', 'y'], label: '' }],
    ['winogrande', { sentence: 'a _ b', option1: 'x', option2: 'y', answer: '' }],
    ['arc_challenge', { question: 'q', choices: wash, answerKey: '' }],
  ])('%s refuses a hidden label', (task, row) => {
    expect(() => BENCHMARK_TASKS[task].rowToItem(row)).toThrow(/hidden.*use a split with answers/);
  });

  it('refuse what does not fit, saying what would', () => {
    expect(() => harness('winogrande', { sentence: 'no gap', option1: 'x', option2: 'y', answer: '1' })).toThrow(/“_”/);
    expect(() => harness('piqa', { goal: 'g', sol1: 'a', sol2: 'b', label: 2 })).toThrow(/a number from 0 to 1, found “2”/);
    expect(() => harness('arc_easy', { question: 'q', choices: wash, answerKey: 'E' })).toThrow(/one of A, B, C, found “E”/);
    expect(() => harness('arc_easy', { question: 'q', choices: { text: ['a', 'b'], label: ['A'] }, answerKey: 'A' })).toThrow(
      /\{text, label\}/,
    );
  });
});

describe('every prompt of the library', () => {
  const ROWS: Readonly<Record<Benchmark, Row>> = Object.fromEntries(
    BENCHMARKS.map((task) => [task, CASES.find((one) => one.task === task)!.row]),
  ) as never;
  const all = BENCHMARKS.flatMap((task) => BENCHMARK_TASKS[task].prompts.map((prompt) => ({ task, prompt, name: prompt.name })));

  it.each(all)('$name renders its task without a warning about columns or spaces', ({ task, prompt }) => {
    const rendered = renderExample(prompt, BENCHMARK_TASKS[task].rowToItem(ROWS[task]));
    expect(rendered.warnings.filter((warning) => warning.code !== 'unequal-choices')).toEqual([]);
    expect(rendered.gold).toBeDefined();
    expect(new Set(rendered.choices.map((choice) => choice.context + choice.continuation)).size).toBe(rendered.choices.length);
  });

  it('stands beside four others at least, under its own name', () => {
    for (const task of BENCHMARKS) expect(BENCHMARK_TASKS[task].prompts.length).toBeGreaterThanOrEqual(5);
    expect(new Set(all.map((one) => one.name)).size).toBe(all.length);
  });
});

describe('HellaSwag cleaning', () => {
  // Values printed by the harness's preprocess function in CPython.
  it('strips first, deletes brackets within a line, and halves double spaces once', () => {
    expect(cleanHellaswag(' [header] How to wash [title] First [substeps] Take   it.  [step]  Go [a\nb] on ')).toBe(
      ' How to wash. First Take  it.  Go [a\nb] on',
    );
  });

  it.each([
    ['éCOLE And IT', 'École and it'],
    ['', ''],
    ['ΣΑΣ', 'Σας'],
    ['a', 'A'],
  ])('capitalises %j like Python', (text, expected) => {
    expect(capitalize(text)).toBe(expected);
  });
});

const DATA = new URL('../../../../shared/data/datasets/', import.meta.url);
const readJsonl = (path: string): Row[] =>
  readFileSync(new URL(path, DATA), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row);

describe.skipIf(!existsSync(DATA))('published test sets (skipped without ../shared/data)', () => {
  it.each<[Benchmark, string, number]>([
    ['boolq', 'boolq/validation.jsonl', 3270],
    ['arc_easy', 'arc-easy/test.jsonl', 2376],
    ['openbookqa', 'openbookqa/test.jsonl', 500],
  ])('%s is read whole', (task, path, count) => {
    const { rowToItem, prompts } = BENCHMARK_TASKS[task];
    const items = readJsonl(path).map((row) => rowToItem(row));
    const examples = [...renderItems(prompts[0]!, items)].map(toChoiceExample);
    expect(examples).toHaveLength(count);
    for (const { choices } of examples) {
      expect(choices[0]!.context).not.toMatch(/^(Passage|Question: Question): |\?\?\nAnswer|Answer:\s*Answer:/);
    }
  });

  it('PIQA joins its labels from the list beside it', () => {
    const labels = readFileSync(new URL('piqa/valid-labels.lst', DATA), 'utf8').trim().split('\n');
    const items = readJsonl('piqa/valid.jsonl').map((row, i) => BENCHMARK_TASKS.piqa.rowToItem({ ...row, label: labels[i] }));
    expect(items).toHaveLength(1838);
    expect(items.reduce((sum, item) => sum + item.gold!, 0)).toBe(labels.filter((label) => label === '1').length);
  });
});
