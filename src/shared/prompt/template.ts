// Jinja templates from strangers: compiled with line numbers, run within limits, and without a clock or a source of chance.
import * as jinja from '@huggingface/jinja';
import { AppError } from '../errors.ts';

/** No prompt of a page's length comes near; the parser's patterns take quadratic time on white space. */
export const MAX_TEMPLATE_LENGTH = 20_000;
/** Longest text a template may make, also in between: some 60,000 tokens, more than any context we serve. */
const MAX_TEXT_LENGTH = 250_000;
const MAX_ITEMS = 10_000; // of a range or any other list
const MAX_STEPS = 200_000; // nodes evaluated: a prompt takes tens to a few hundred
const MAX_MS = 2_000;
/** `indent` and `tojson` allocate what their arguments ask for before anyone can look; a literal up to this is plenty. */
const MAX_INDENT = 100;

/** The parts of the library's types that are used here; its own declarations do not resolve under Node's module rules. */
interface Node {
  readonly type: string;
  readonly value?: unknown;
}
interface Token {
  readonly type: string;
  readonly value: string;
}
interface Value {
  readonly type: string;
  readonly value: unknown;
  toString(): string;
}
interface Scope {
  set(name: string, value: unknown): Value;
}
interface Evaluator {
  evaluate(node: Node | undefined, scope: Scope): Value;
}
const { Environment, Interpreter, tokenize, parse } = jinja as unknown as {
  Environment: new () => Scope;
  Interpreter: new (scope: Scope) => Evaluator;
  tokenize: (source: string) => Token[];
  parse: (tokens: readonly Token[]) => { readonly body: readonly Node[] };
};

/** A template ready to run. `where` names it in messages, for example `prompt "short", context`. */
export interface Template {
  readonly source: string;
  readonly where: string;
  readonly program: { readonly body: readonly Node[] };
}

/** What a template may see, each under its own name and all together as `row` (for names with spaces: `{{ row['my column'] }}`). */
export type Fields = Readonly<Record<string, unknown>>;

/**
 * Compiles Jinja source. White space is kept exactly as typed, a last newline too; `{%-` and `-%}` trim it.
 * Throws AppError 'bad-prompt' naming the line.
 */
export function compileTemplate(source: string, where: string): Template {
  if (source.length > MAX_TEMPLATE_LENGTH) {
    const message = `${where}: a template may have ${MAX_TEMPLATE_LENGTH} characters at most, found ${source.length}; move long text into the data.`;
    throw new AppError('bad-prompt', message, { where, length: source.length });
  }
  let lastRead = 0;
  let tokens: Token[];
  try {
    // The lexer drops one newline at the end; a prompt's own must stay.
    tokens = tokenize(source.endsWith('\n') ? `${source}\n` : source);
  } catch (thrown) {
    throw badTemplate(where, source, lineOfBrokenTag(source), thrown);
  }
  const marked = withLineMarks(tokens, source);
  // The parser reads left to right, so the furthest token it looked at is where it gave up.
  const watched = new Proxy(marked, {
    get(target, key, receiver) {
      if (typeof key === 'string' && /^\d+$/.test(key)) lastRead = Math.max(lastRead, Number(key));
      return Reflect.get(target, key, receiver) as unknown;
    },
  });
  try {
    const program = parse(watched);
    refuseBigIndents(program);
    return { source, where, program };
  } catch (thrown) {
    const mark = marked.slice(0, lastRead + 1).findLast((token) => token.type === 'Comment' && markedLine(token) !== undefined);
    throw badTemplate(where, source, (mark && markedLine(mark)) ?? 1, thrown);
  }
}

/** The template's text, and the names it used that the fields lack. Throws AppError 'bad-prompt' with the line. */
export function renderTemplate(template: Template, fields: Fields): { readonly text: string; readonly missing: readonly string[] } {
  const { value, missing } = run(template, template.program as unknown as Node, fields);
  return { text: value.toString(), missing };
}

/**
 * The value of a template that is one `{{ expression }}`, as a plain value (a list stays a list); otherwise its text.
 * Throws AppError 'bad-prompt' with the line.
 */
export function evaluateTemplate(template: Template, fields: Fields): { readonly value: unknown; readonly missing: readonly string[] } {
  const nodes = template.program.body.filter((node) => node.type !== 'Comment');
  const only = nodes.length === 1 ? nodes[0]! : undefined;
  const isExpression = only !== undefined && !STATEMENTS.has(only.type);
  const { value, missing } = run(template, isExpression ? only : (template.program as unknown as Node), fields);
  return { value: toPlain(value), missing };
}

const STATEMENTS = new Set(['If', 'For', 'Set', 'Macro', 'CallStatement', 'FilterStatement', 'Break', 'Continue']);
/** Jinja's constants, `range`, and the letters for lists of options. No clock: a prompt must read the same tomorrow. */
const GLOBALS = {
  ...{ true: true, false: false, none: null, True: true, False: false, None: null },
  letters: [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'],
  range: boundedRange,
};

function run(template: Template, node: Node, fields: Fields): { value: Value; missing: readonly string[] } {
  const scope = new Environment();
  for (const [name, value] of Object.entries({ ...GLOBALS, row: fields, ...fields })) {
    if (name !== 'namespace') scope.set(name, value); // which every scope has from the start
  }
  const interpreter = new BoundedInterpreter(scope);
  try {
    const value = interpreter.evaluate(node, scope);
    return { value, missing: [...new Set(interpreter.missing)] };
  } catch (thrown) {
    throw badTemplate(template.where, template.source, interpreter.line, thrown);
  }
}

/** The library's interpreter, every step counted and every value in between held to size. */
class BoundedInterpreter extends Interpreter {
  line = 1;
  readonly missing: string[] = [];
  #steps = 0;
  readonly #started = Date.now();

  override evaluate(node: Node | undefined, scope: Scope): Value {
    if (++this.#steps > MAX_STEPS) throw new Error(`it takes more than ${MAX_STEPS} steps; make its loops shorter`);
    if (this.#steps % 256 === 0 && Date.now() - this.#started > MAX_MS) throw new Error(`it takes longer than ${MAX_MS / 1000} seconds`);
    if (node?.type === 'Comment') this.line = markedLine(node) ?? this.line;

    const known = this.missing.length;
    const value = super.evaluate(node, scope);
    if (node && value.type === 'UndefinedValue') this.#noteMissing(node);
    if (node && asksWhetherDefined(node)) this.missing.length = known;

    if (typeof value.value === 'string' && value.value.length > MAX_TEXT_LENGTH)
      throw new Error(`it makes a text of more than ${MAX_TEXT_LENGTH} characters`);
    if (Array.isArray(value.value) && value.value.length > MAX_ITEMS) throw new Error(`it makes a list of more than ${MAX_ITEMS} items`);
    return value;
  }

  #noteMissing(node: Node): void {
    if (node.type === 'Identifier') this.missing.push(String(node.value));
    if (node.type !== 'MemberExpression') return;
    const { object, property, computed } = node as unknown as { object: Node; property: Node; computed: boolean };
    if (object.type === 'Identifier' && (!computed || property.type === 'StringLiteral'))
      this.missing.push(`${String(object.value)}.${String(property.value)}`);
  }
}

/** `x is defined` and `x | default(...)` ask on purpose. */
function asksWhetherDefined(node: Node): boolean {
  if (node.type === 'TestExpression') return /^(un)?defined$/.test(String((node as unknown as { test: Node }).test.value));
  return node.type === 'FilterExpression' && filterName(node) === 'default';
}

function filterName(node: Node): string {
  const { filter } = node as unknown as { filter: Node & { callee?: Node } };
  return String((filter.callee ?? filter).value);
}

function boundedRange(start: number, stop?: number, step?: number): number[] {
  const [from, to] = typeof stop === 'number' ? [start, stop] : [0, start];
  const stride = typeof step === 'number' ? step : 1;
  const length = Math.max(0, Math.ceil((to - from) / stride));
  if (!(length <= MAX_ITEMS)) throw new Error(`range() makes more than ${MAX_ITEMS} items or does not move`);
  return Array.from({ length }, (_, i) => from + i * stride);
}

function toPlain(value: Value): unknown {
  if (value.type === 'UndefinedValue' || value.type === 'NullValue') return undefined;
  if (Array.isArray(value.value)) return (value.value as Value[]).map(toPlain);
  return value.value instanceof Map ? value.toString() : value.value;
}

function refuseBigIndents(root: unknown): void {
  if (root === null || typeof root !== 'object') return;
  const node = root as Node;
  if (/^Filter/.test(node.type) && ['indent', 'tojson'].includes(filterName(node))) {
    const { filter } = node as unknown as { filter: { args?: readonly (Node & { value: unknown })[] } };
    for (const argument of filter.args ?? []) {
      const given = argument.type === 'KeywordArgumentExpression' ? (argument.value as Node) : argument;
      const isSmall = given.type === 'IntegerLiteral' ? Number(given.value) <= MAX_INDENT : /^(Identifier|StringLiteral)$/.test(given.type);
      const isFlag = given.type !== 'Identifier' || /^(true|false|none)$/i.test(String(given.value));
      if (!isSmall || !isFlag) throw new Error(`${filterName(node)} takes a plain number up to ${MAX_INDENT} here`);
    }
  }
  for (const child of root instanceof Map ? [...root.entries()].flat() : Object.values(root)) refuseBigIndents(child);
}

// Lines. Tokens carry no positions, so a comment that holds the line is put before each tag: harmless to the text, met in order.

const LINE_MARK = '\u0000line:';

function markedLine({ value }: { readonly value?: unknown }): number | undefined {
  return typeof value === 'string' && value.startsWith(LINE_MARK) ? Number(value.slice(LINE_MARK.length)) : undefined;
}

/** Comments, and tags with their quoted strings skipped, so that a brace in a string opens nothing. */
const TAG = /\{#[\s\S]*?#\}|\{[{%](?:"(?:\\[\s\S]|[^"\\])*"|'(?:\\[\s\S]|[^'\\])*'|(?![%}]\})[^"'])*[%}]\}/g;

function withLineMarks(tokens: readonly Token[], source: string): Token[] {
  const offsets = [...source.matchAll(TAG)].filter((tag) => !tag[0].startsWith('{#')).map((tag) => tag.index);
  let next = 0;
  return tokens.flatMap((token) => {
    if (token.type !== 'OpenExpression' && token.type !== 'OpenStatement') return [token];
    return [{ type: 'Comment', value: `${LINE_MARK}${lineAt(source, offsets[next++] ?? 0)}` }, token];
  });
}

/** The lexer stops without saying where: the broken tag is the last one before which everything could still be read. */
function lineOfBrokenTag(source: string): number {
  const openings = [...source.matchAll(/\{[{%#]/g)].map((match) => match.index);
  const good = openings.findLast((offset) => {
    try {
      tokenize(source.slice(0, offset));
      return true;
    } catch {
      return false;
    }
  });
  return lineAt(source, good ?? 0);
}

function lineAt(source: string, offset: number): number {
  return source.slice(0, offset).split('\n').length;
}

function badTemplate(where: string, source: string, line: number, thrown: unknown): AppError {
  const reason =
    thrown instanceof RangeError
      ? 'it makes too long a text or calls itself without end'
      : thrown instanceof Error
        ? thrown.message
        : String(thrown);
  const text = source.split('\n')[line - 1]?.trim() ?? '';
  const shown = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  return new AppError(
    'bad-prompt',
    `${where}, line ${line}: ${reason}, in “${shown}”. Correct the template there.`,
    { where, line, reason },
    { cause: thrown },
  );
}
