// Reads a run's rendered examples line by line, each checked against the form it should have.
import { createReadStream, existsSync } from 'node:fs';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { prettifyError, type z } from 'zod';
import { AppError } from '../../shared/errors.ts';

/** A rendered example with fifty long shots has some 200 KB; far longer lines come from a file that is no examples.jsonl. */
const MAX_LINE_CHARACTERS = 64 << 20;

/**
 * The examples of a JSONL file, in order; empty lines are passed over. Throws AppError `not-found` when there is no such file and
 * `bad-dataset`, naming the line, when one is not JSON or not of the form.
 */
export async function* readExamples<T>(path: string, form: z.ZodType<T>): AsyncGenerator<T> {
  for await (const { line, number } of readLines(path)) yield parseExample(line, form, `${basename(path)}:${number}`);
}

/** How many examples the file holds; none of them is looked into. */
export async function countExamples(path: string): Promise<number> {
  let count = 0;
  const lines = readLines(path);
  while (!(await lines.next()).done) count++;
  return count;
}

async function* readLines(path: string): AsyncGenerator<{ line: string; number: number }> {
  if (!existsSync(path)) throw new AppError('not-found', `${path}: there is no such file; the recipe names it as a file of examples.`);
  let number = 0;
  for await (const line of createInterface({ input: createReadStream(path, 'utf8'), crlfDelay: Infinity })) {
    number++;
    if (line.trim() !== '') yield { line, number };
  }
}

function parseExample<T>(line: string, form: z.ZodType<T>, where: string): T {
  if (line.length > MAX_LINE_CHARACTERS)
    throw new AppError('bad-dataset', `${where}: the line has ${line.length} characters; at most ${MAX_LINE_CHARACTERS} are read.`);
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new AppError('bad-dataset', `${where}: the line is not JSON (${(cause as Error).message}).`, undefined, { cause });
  }
  const parsed = form.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new AppError('bad-dataset', `${where}: the line does not have the form of an example. ${prettifyError(parsed.error)}`);
}
