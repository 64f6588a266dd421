// Examples come back as they were written, and a bad line is named.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { textExample, type TextExample } from '../../../src/shared/examples.ts';
import { readExamples } from '../../../src/worker/text/read-examples.ts';

const folder = mkdtempSync(join(tmpdir(), 'read-examples-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function collect(path: string): Promise<TextExample[]> {
  const examples: TextExample[] = [];
  for await (const example of readExamples(path, textExample)) examples.push(example);
  return examples;
}

async function read(content: string): Promise<TextExample[]> {
  const path = join(folder, 'examples.jsonl');
  writeFileSync(path, content);
  return collect(path);
}

describe('readExamples', () => {
  it('gives the lines in order and passes over empty ones', async () => {
    expect(await read('{"id":"a","text":"é\\n"}\r\n\n{"id":"b","text":""}')).toEqual([
      { id: 'a', text: 'é\n' },
      { id: 'b', text: '' },
    ]);
  });

  it.each([
    ['{"id":"a","text":"x"}\n{"id":', /^examples\.jsonl:2: the line is not JSON/],
    ['{"id":"a"}', /^examples\.jsonl:1: the line does not have the form.*text/s],
  ])('names the line of %j', async (content, message) => {
    await expect(read(content)).rejects.toThrow(message);
  });

  it('says which file is missing', async () => {
    await expect(collect(join(folder, 'none.jsonl'))).rejects.toMatchObject({ code: 'not-found' });
  });
});
