// What comes of a wording: the rendered example, or which field is wrong and why, in words.
import type { PromptSpec } from '../../../shared/prompt/prompt-spec.ts';
import { compilePrompt, type RenderedExample } from '../../../shared/prompt/render-example.ts';

/** A part of a prompt that a sentence can stand under. */
export type Field = 'description' | 'context' | 'choices' | 'gold' | 'continuation' | 'answer' | 'prompt';

/** A prompt rendered on the example, or what stands in the way. */
export interface Outcome {
  readonly rendered?: RenderedExample;
  readonly problem?: { readonly field: Field; readonly sentence: string };
}

/** Whether every template of it can be read. */
export function canCompile(spec: PromptSpec): boolean {
  try {
    compilePrompt({ ...spec });
    return true;
  } catch {
    return false;
  }
}

/** What the template language's own words about a mistake mean. */
function explainMistake(said: string): string {
  if (/closing expression/.test(said)) return 'a tag that begins with “{{” does not end with “}}”';
  if (/closing statement/.test(said)) return 'a tag that begins with “{%” does not end with “%}”';
  return said.replace(/^\w+ Error: /, '').replace(/\.$/, '');
}

/** Which field a message of the renderer is about, and the message without the words that say so. */
export function locateProblem(message: string): NonNullable<Outcome['problem']> {
  const found = /^prompt “[^]*?”, (description|context|choices|choice \d+|gold|continuation|answer)(?:, |: )/.exec(message);
  if (!found) return { field: 'prompt', sentence: message };
  const part = found[1]!;
  const rest = message.slice(found[0].length).replace(/(?:Parser|Lexer) Error: [^]*?(?=, in “)/, explainMistake);
  const named = part.startsWith('choice ') ? `${part}: ${rest}` : rest;
  return { field: part.startsWith('choice') ? 'choices' : (part as Field), sentence: named.charAt(0).toUpperCase() + named.slice(1) };
}
