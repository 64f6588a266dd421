// Between the roles that a person gives to single columns and the mapping that a dataset keeps.
import type { RoleMapping } from './dataset-roles.ts';
import type { Benchmark } from './tasks/prompt-library.ts';

/** What a column may be used for. A mapping is a combination of them. */
export const COLUMN_ROLES = ['none', 'text', 'label', 'context', 'question', 'choices', 'answer', 'messages'] as const;
export type ColumnRole = (typeof COLUMN_ROLES)[number];
/** By column; columns that are not named are not used. */
export type ColumnRoles = Readonly<Record<string, ColumnRole>>;

/** The mapping that roles make, or a sentence that says why they make none and what to change. */
export type MappedRoles = { readonly mapping: RoleMapping } | { readonly problem: string };

/** Columns of the benchmarks' published formats, by role; the plain {query, choices, gold} belongs to all of them. */
const BENCHMARK_COLUMNS: Readonly<Record<Benchmark, ColumnRoles>> = {
  boolq: { passage: 'context', question: 'question', label: 'answer', answer: 'answer' },
  piqa: { goal: 'question', sol1: 'choices', sol2: 'choices', label: 'answer' },
  hellaswag: { activity_label: 'context', ctx_a: 'question', ctx_b: 'question', endings: 'choices', label: 'answer' },
  winogrande: { sentence: 'question', option1: 'choices', option2: 'choices', answer: 'answer' },
  arc_easy: { question: 'question', choices: 'choices', answerKey: 'answer' },
  arc_challenge: { question: 'question', choices: 'choices', answerKey: 'answer' },
  openbookqa: { question_stem: 'question', choices: 'choices', answerKey: 'answer' },
};
const PLAIN_COLUMNS: ColumnRoles = { query: 'question', choices: 'choices', gold: 'answer' };

/** What each column of a dataset is used for under its mapping. */
export function rolesOf(mapping: RoleMapping | undefined, columns: readonly string[]): ColumnRoles {
  const roles: Record<string, ColumnRole> = Object.fromEntries(columns.map((column) => [column, 'none']));
  const give = (role: ColumnRole, ...named: readonly (string | undefined)[]): void => {
    for (const column of named) if (column !== undefined && column in roles) roles[column] = role;
  };
  switch (mapping?.kind) {
    case 'benchmark': {
      const published = columns.includes('query') ? PLAIN_COLUMNS : BENCHMARK_COLUMNS[mapping.name];
      for (const [column, role] of Object.entries(published)) give(role, column);
      break;
    }
    case 'classification':
      give('text', mapping.text);
      give('label', mapping.label);
      break;
    case 'choice':
      give('question', mapping.question);
      give('choices', ...(typeof mapping.choices === 'string' ? [mapping.choices] : mapping.choices));
      give('answer', mapping.gold);
      break;
    case 'completion':
      give('question', mapping.prompt);
      give('answer', mapping.answer);
      break;
    case 'instruction':
      give('question', mapping.instruction);
      give('context', mapping.input);
      give('answer', mapping.answer);
      break;
    case 'text':
      give('text', mapping.text);
      break;
    case 'chat':
      give('messages', mapping.messages);
  }
  return roles;
}

/**
 * The mapping that the roles make. `name` becomes the mapping's. Labels of a classification and the form of a choice's answer are left
 * to whoever knows the rows: a classification comes without labels, a choice as if counted from 0.
 */
export function mappingOf(roles: ColumnRoles, name: string): MappedRoles {
  const having = (role: ColumnRole): string[] => Object.keys(roles).filter((column) => roles[column] === role);
  const [texts, labels, contexts, questions] = [having('text'), having('label'), having('context'), having('question')];
  const [choices, answers, messages] = [having('choices'), having('answer'), having('messages')];
  const used = COLUMN_ROLES.filter((role) => role !== 'none' && having(role).length > 0);
  const twice = used.find((role) => role !== 'choices' && having(role).length > 1);
  const only = (...roleNames: readonly ColumnRole[]): boolean => used.every((role) => roleNames.includes(role));
  const problem = (sentence: string): MappedRoles => ({ problem: sentence });

  if (used.length === 0) return problem('No column has a role yet. Say which column holds the text, or the question and its answer.');
  if (twice) return problem(`${quote(having(twice))} are all ${twice}; only one column can be. Set the others to “not used”.`);
  if (messages.length > 0)
    return only('messages')
      ? { mapping: { kind: 'chat', name, messages: messages[0]! } }
      : problem('A column of messages stands alone: set the other columns to “not used”.');
  if (labels.length > 0) {
    if (!only('text', 'label')) return problem('A label goes with a text alone. For a question with choices, set the label to “answer”.');
    if (texts.length === 0) return problem('A label needs a text that it belongs to: set one column to “text”.');
    return { mapping: { kind: 'classification', name, text: texts[0]!, label: labels[0]!, labels: [] } };
  }
  if (texts.length > 0)
    return only('text')
      ? { mapping: { kind: 'text', name, text: texts[0]! } }
      : problem('A text goes alone, or with a label. Set the other columns to “not used”, or the text to “question”.');
  if (questions.length === 0) return problem(`There is ${used.join(' and ')}, but no question: set one column to “question”.`);
  if (answers.length === 0) return problem('A question needs its answer: set one column to “answer”.');
  if (choices.length > 0) {
    if (contexts.length > 0) return problem('A context beside choices is known for benchmarks only. Set it to “not used”.');
    const gold = answers[0]!;
    return {
      mapping: {
        kind: 'choice',
        name,
        question: questions[0]!,
        choices: choices.length === 1 ? choices[0]! : choices,
        gold,
        goldForm: 'from-0',
      },
    };
  }
  if (contexts.length > 0)
    return { mapping: { kind: 'instruction', name, instruction: questions[0]!, input: contexts[0]!, answer: answers[0]! } };
  return { mapping: { kind: 'completion', name, prompt: questions[0]!, answer: answers[0]! } };
}

function quote(columns: readonly string[]): string {
  return columns.map((column) => `“${column}”`).join(' and ');
}
