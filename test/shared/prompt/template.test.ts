// Templates: text kept as typed, mistakes found by line, and nothing a stranger writes can hang or flood the program.
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/shared/errors.ts';
import { compileTemplate, evaluateTemplate, renderTemplate } from '../../../src/shared/prompt/template.ts';

const render = (source: string, fields = {}) => renderTemplate(compileTemplate(source, 'test'), fields);

describe('renderTemplate', () => {
  it.each([
    ['{{ a }}\n', 'x\n'],
    ['\n  {{ a }} \n\n', '\n  x \n\n'],
    ['{% if a %}\nyes{% endif %}', '\nyes'],
    ['{% for c in list -%}\n  {{ c }}\n{%- endfor %}', '12'],
    ['', ''],
  ])('keeps the white space of %j', (source, text) => {
    expect(render(source, { a: 'x', list: ['1', '2'] }).text).toBe(text);
  });

  it('does not take columns for code', () => {
    expect(render('{{ a }}', { a: '{{ b }} {% if %}', b: 'no' }).text).toBe('{{ b }} {% if %}');
  });

  it('reports names that the fields lack, unless the template asks whether they are there', () => {
    expect(render('{{ a }}{{ b }}{% if c is defined %}{{ c }}{% endif %}{{ d | default("x") }}{{ a.e }}', { a: 'x' }).missing).toEqual([
      'b',
      'a.e',
    ]);
  });

  it('sees all fields together as row, for names that are no Jinja names', () => {
    const { text, missing } = render("{{ row['my column'] }}{{ row['other one'] }}", { 'my column': 'x' });
    expect([text, missing]).toEqual(['x', ['row.other one']]);
  });

  it('keeps lists as lists where a list is asked for', () => {
    const letters = compileTemplate('{{ letters[:choices|length] }}', 'test');
    expect(evaluateTemplate(letters, { choices: ['x', 'y', 'z'] }).value).toEqual(['A', 'B', 'C']);
    expect(evaluateTemplate(compileTemplate("{{ ['a', n] }}", 'test'), { n: 2 }).value).toEqual(['a', 2]);
  });
});

describe('a broken template', () => {
  it.each<[string, string, number]>([
    ['an unclosed expression', 'one\ntwo {{ a }}\nthree {{ a', 3],
    ['an unclosed block', 'one\n{% if a %}\nthree', 2],
    ['a character that is no Jinja', 'one\n{{ a ? b }}', 2],
    ['an unknown statement', 'one\n\n{% frobnicate %}', 3],
    ['an unfinished comment', 'one {# two\nthree', 1],
    ['an unknown filter', 'one {{ a }} {# {{ #}\ntwo\n{{ a | frobnicate }}', 3],
    ['a call of what is no function', 'one {{ "{{" }}\n{% for c in a %}{% endfor %}', 2],
  ])('%s is found by its line', (_name, source, line) => {
    try {
      render(source, { a: 'x' });
      expect.unreachable('it rendered');
    } catch (thrown) {
      expect(thrown).toBeInstanceOf(AppError);
      expect((thrown as AppError).code).toBe('bad-prompt');
      expect((thrown as AppError).message).toMatch(new RegExp(`^test, line ${line}: `));
    }
  });

  it.each<[string, string]>([
    ['a range without end', '{{ range(1000000000) }}'],
    ['a range that stands still', '{{ range(0, 5, 0) }}'],
    ['loops in loops', '{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}'],
    ['a text that doubles', `{% set n = namespace(t="xxxxxxxx") %}{% for i in range(60) %}{% set n.t = n.t ~ n.t %}{% endfor %}`],
    ['a list that doubles', `{% set n = namespace(t=[1]) %}{% for i in range(60) %}{% set n.t = n.t + n.t %}{% endfor %}`],
    ['a macro that calls itself', '{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}'],
    ['an immense indent', '{{ a | indent(1000000000) }}'],
    ['an immense indent, computed', '{{ a | indent(10 ** 9) }}'],
    ['an immense indent around a block', '{% filter indent(1000000000) %}a{% endfilter %}'],
    ['an immense indent, by name', '{{ list | tojson(indent=big) }}'],
    [
      'a replacement that explodes',
      `{% set n = namespace(t="xxxxxxxx") %}{% for i in range(14) %}{% set n.t = n.t ~ n.t %}{% endfor %}{{ n.t | replace("x", n.t) }}`,
    ],
    ['a template of a megabyte', 'x'.repeat(1_000_000)],
  ])('%s is stopped at once', (_name, source) => {
    const started = Date.now();
    expect(() => render(source, { a: 'x', list: [1], big: 1e9 })).toThrow(AppError);
    expect(Date.now() - started).toBeLessThan(20_000);
  });

  it('has no clock', () => {
    expect(() => render('{{ strftime_now("%Y") }}')).toThrow(AppError);
  });
});
