// The seven benchmarks: how a row of each published format becomes an item, and which figure stands for the task.
import { capitalize, cleanHellaswag } from './clean-text.ts';
import {
  badRow,
  hasColumns,
  missing,
  readIndex,
  readKeyedChoices,
  readText,
  readTexts,
  refuseHidden,
  type Row,
  type Source,
} from './columns.ts';
import type { Item, Metric, Task } from './item.ts';
import { PROMPT_LIBRARY, type Benchmark } from './prompt-library.ts';

/** `split` is where it is measured. Rows: the published formats, {query, choices, gold}, and google/boolq's. */
export interface BenchmarkTask extends Task {
  readonly name: Benchmark;
  readonly split: 'validation' | 'test';
}

/** Scoring rules by evaluation.md 5.1; the metric is the one that the published averages mix (conventions.md D6). */
export const BENCHMARK_TASKS: Readonly<Record<Benchmark, BenchmarkTask>> = {
  boolq: benchmark('boolq', 'BoolQ', 'acc', 'validation', readBoolq),
  piqa: benchmark('piqa', 'PIQA', 'acc', 'validation', readPiqa),
  hellaswag: benchmark('hellaswag', 'HellaSwag', 'acc_norm', 'validation', readHellaswag),
  winogrande: benchmark('winogrande', 'WinoGrande', 'acc', 'validation', readWinogrande),
  arc_easy: benchmark('arc_easy', 'ARC-Easy', 'acc', 'test', readArc),
  arc_challenge: benchmark('arc_challenge', 'ARC-Challenge', 'acc_norm', 'test', readArc),
  openbookqa: benchmark('openbookqa', 'OpenBookQA', 'acc_norm', 'test', readOpenbookqa),
};

function benchmark(
  name: Benchmark,
  title: string,
  metric: Metric,
  split: 'validation' | 'test',
  read: (source: Source) => Item,
): BenchmarkTask {
  return {
    name,
    title,
    metric,
    split,
    prompts: PROMPT_LIBRARY[name],
    rowToItem: (row, where = 'row') => {
      const item = read({ task: name, row, where });
      const id = row['id'] ?? row['ind'] ?? row['idx'];
      return typeof id === 'string' && id !== '' ? { id, ...item } : item;
    },
  };
}

const NO_YES = ['no', 'yes'];

/** {passage, question, label 0|1}, {passage, question, answer: boolean}, {query: "Passage: …\nQuestion: …?", choices, gold}. */
function readBoolq(source: Source): Item {
  const { row } = source;
  if (isPlain(row)) {
    const { query, choices, gold } = readPlain(source);
    const split = query.lastIndexOf('\nQuestion: ');
    if (split < 0) throw badRow(source, 'column “query” should hold a passage, a new line, and “Question: …?”', { column: 'query' });
    const names = choices.map((choice) => choice.trim().toLowerCase());
    if (names.length !== 2 || NO_YES.some((name) => !names.includes(name))) {
      throw badRow(source, `column “choices” should hold no and yes, found ${choices.join(', ')}`, { column: 'choices' });
    }
    const passage = query.slice(0, split).replace(/^Passage: /, '');
    const question = query.slice(split + '\nQuestion: '.length).replace(/\?$/, '');
    return yesNo(passage, question, NO_YES.indexOf(names[gold]!));
  }
  const passage = readText(source, 'passage');
  const question = readText(source, 'question');
  if (row['label'] === undefined && typeof row['answer'] === 'boolean') return yesNo(passage, question, row['answer'] ? 1 : 0);
  if (row['label'] === undefined && row['answer'] !== undefined) {
    refuseHidden(source, 'answer', row['answer']);
    const answer = ['false', 'true'].indexOf(String(row['answer']).toLowerCase());
    if (answer < 0) throw badRow(source, `column “answer” should be true or false, found “${String(row['answer'])}”`, { column: 'answer' });
    return yesNo(passage, question, answer);
  }
  if (row['label'] === undefined) throw missing(source, 'label', 'answer');
  return yesNo(passage, question, readIndex(source, 'label', 2));
}

function yesNo(passage: string, question: string, gold: number): Item {
  return { passage, question, choices: NO_YES, gold, label: NO_YES[gold]! };
}

/** {goal, sol1, sol2, label}. */
function readPiqa(source: Source): Item {
  if (isPlain(source.row)) return plainQuestion(source, 'goal');
  const goal = readText(source, 'goal');
  const choices = [readText(source, 'sol1'), readText(source, 'sol2')];
  return { goal, choices, gold: readIndex(source, 'label', 2) };
}

/** {activity_label, ctx_a, ctx_b, endings, label as text}; a plain query is taken as cleaned already. */
function readHellaswag(source: Source): Item {
  if (isPlain(source.row)) return readPlain(source);
  const context = `${readText(source, 'ctx_a')} ${capitalize(readText(source, 'ctx_b'))}`;
  const query = cleanHellaswag(`${readText(source, 'activity_label')}: ${context}`);
  const choices = readTexts(source, 'endings').map(cleanHellaswag);
  return { query, choices, gold: readIndex(source, 'label', choices.length) };
}

/** {sentence with _, option1, option2, answer "1"|"2"}, or the sentence as a plain query. */
function readWinogrande(source: Source): Item {
  const isQuery = isPlain(source.row);
  const plain = isQuery ? readPlain(source) : undefined;
  const sentence = plain?.query ?? readText(source, 'sentence');
  const choices = plain?.choices ?? [readText(source, 'option1'), readText(source, 'option2')];
  const gap = sentence.indexOf('_');
  const column = isQuery ? 'query' : 'sentence';
  if (gap < 0)
    throw badRow(source, `column “${column}” should hold a “_” where the option goes, found “${sentence.slice(0, 60)}”`, { column });
  const gold = plain?.gold ?? readIndex(source, 'answer', 2, 1);
  return { sentence, prefix: sentence.slice(0, gap), suffix: sentence.slice(gap + 1).trim(), choices, gold };
}

/** {question, choices{text, label}, answerKey}, or AI2's own {question: {stem, choices}, answerKey}. */
function readArc(source: Source): Item {
  return isPlain(source.row) ? plainQuestion(source, 'question') : readKeyed(source, 'question');
}

/** As ARC, with the stem in question_stem. */
function readOpenbookqa(source: Source): Item {
  return isPlain(source.row) ? plainQuestion(source, 'question') : readKeyed(source, 'question_stem');
}

function readKeyed(source: Source, stemColumn: string): Item {
  const { row } = source;
  const nested = typeof row['question'] === 'object' && row['question'] !== null ? (row['question'] as Row) : undefined;
  const question = nested ? readText({ ...source, row: nested }, 'stem') : readText(source, stemColumn);
  const { texts, keys } = readKeyedChoices(source, nested ? nested['choices'] : row['choices'], 'choices');
  if (row['answerKey'] === undefined) throw missing(source, 'answerKey');
  refuseHidden(source, 'answerKey', row['answerKey']);
  const key = String(row['answerKey']).trim();
  // Some ARC rows count 1 to 5 where others say A to E, and now and then key and labels do not agree on it.
  const gold = keys.includes(key) ? keys.indexOf(key) : keys.map(toLetter).indexOf(toLetter(key));
  if (gold < 0) throw badRow(source, `column “answerKey” should be one of ${keys.join(', ')}, found “${key}”`, { column: 'answerKey' });
  return { question, choices: texts, gold };
}

function toLetter(key: string): string {
  return /^[1-5]$/.test(key) ? 'ABCDE'[Number(key) - 1]! : key;
}

// {query, choices, gold}: the question already rendered, with or without the harness's frame around it.

function isPlain(row: Row): boolean {
  return hasColumns(row, 'query', 'choices');
}

interface PlainItem extends Item {
  readonly query: string;
  readonly choices: readonly string[];
  readonly gold: number;
}

function readPlain(source: Source): PlainItem {
  const query = readText(source, 'query').replace(/\nAnswer:\s*$/, '');
  const choices = readTexts(source, 'choices');
  if (choices.length < 2) throw badRow(source, `column “choices” should hold two or more, found ${choices.length}`, { column: 'choices' });
  return { query, choices, gold: readIndex(source, 'gold', choices.length) };
}

function plainQuestion(source: Source, field: 'goal' | 'question'): Item {
  const { query, choices, gold } = readPlain(source);
  return { [field]: query.replace(/^Question: /, ''), choices, gold };
}
