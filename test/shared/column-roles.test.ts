// Roles of single columns and the mapping of a dataset: there and back, and what makes no mapping.
import { describe, expect, test } from 'vitest';
import { mappingOf, rolesOf, type ColumnRoles } from '../../src/shared/column-roles.ts';
import type { RoleMapping } from '../../src/shared/dataset-roles.ts';

const MAPPINGS: readonly { mapping: RoleMapping; roles: ColumnRoles }[] = [
  { mapping: { kind: 'text', name: 'd', text: 'a' }, roles: { a: 'text', b: 'none', c: 'none' } },
  { mapping: { kind: 'chat', name: 'd', messages: 'b' }, roles: { a: 'none', b: 'messages', c: 'none' } },
  { mapping: { kind: 'classification', name: 'd', text: 'a', label: 'b', labels: [] }, roles: { a: 'text', b: 'label', c: 'none' } },
  { mapping: { kind: 'completion', name: 'd', prompt: 'a', answer: 'b' }, roles: { a: 'question', b: 'answer', c: 'none' } },
  {
    mapping: { kind: 'instruction', name: 'd', instruction: 'a', input: 'b', answer: 'c' },
    roles: { a: 'question', b: 'context', c: 'answer' },
  },
  {
    mapping: { kind: 'choice', name: 'd', question: 'a', choices: 'b', gold: 'c', goldForm: 'from-0' },
    roles: { a: 'question', b: 'choices', c: 'answer' },
  },
];

test.each(MAPPINGS)('$mapping.kind: columns to roles and back', ({ mapping, roles }) => {
  expect(rolesOf(mapping, ['a', 'b', 'c'])).toEqual(roles);
  expect(mappingOf(roles, 'd')).toEqual({ mapping });
});

test('two columns of choices are choices in a column each', () => {
  const made = mappingOf({ q: 'question', x: 'choices', y: 'choices', z: 'answer' }, 'd');
  expect(made).toEqual({ mapping: { kind: 'choice', name: 'd', question: 'q', choices: ['x', 'y'], gold: 'z', goldForm: 'from-0' } });
});

test('a benchmark shows the roles of its published columns', () => {
  expect(rolesOf({ kind: 'benchmark', name: 'boolq' }, ['passage', 'question', 'label', 'idx'])).toEqual({
    passage: 'context',
    question: 'question',
    label: 'answer',
    idx: 'none',
  });
  expect(rolesOf({ kind: 'benchmark', name: 'piqa' }, ['query', 'choices', 'gold'])['gold']).toBe('answer');
});

describe('what makes no mapping is said with what to change', () => {
  const CASES: readonly { roles: ColumnRoles; says: string }[] = [
    { roles: { a: 'none' }, says: 'No column has a role yet' },
    { roles: { a: 'text', b: 'text' }, says: '“a” and “b” are all text' },
    { roles: { a: 'label' }, says: 'A label needs a text' },
    { roles: { a: 'label', b: 'question' }, says: 'A label goes with a text alone' },
    { roles: { a: 'text', b: 'answer' }, says: 'A text goes alone' },
    { roles: { a: 'question' }, says: 'A question needs its answer' },
    { roles: { a: 'answer', b: 'choices' }, says: 'no question' },
    { roles: { a: 'question', b: 'choices', c: 'answer', d: 'context' }, says: 'A context beside choices' },
    { roles: { a: 'messages', b: 'text' }, says: 'stands alone' },
  ];
  test.each(CASES)('$says', ({ roles, says }) => {
    const made = mappingOf(roles, 'd');
    expect('problem' in made && made.problem).toContain(says);
  });
});
