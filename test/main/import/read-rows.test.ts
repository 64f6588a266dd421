// Readers and format detection: the same data in any format, bad rows by line, and files that lie.
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { detectFormat, toParserOptions } from '../../../src/main/import/detect-format.ts';
import { MAX_DEPTH } from '../../../src/main/import/limits.ts';
import { TableParser } from '../../../src/main/import/parse-table.ts';
import { readParquet } from '../../../src/main/import/read-parquet.ts';
import { Folder, readAll, toArcParquet, toTextParquet, type Row } from './fixtures.ts';

const TEXTS = [
  { question: 'Was it "blue", or\nnot?', answer: 'no; never' },
  { question: 'Größe, naïve, 日本語 😀', answer: 'tab\there' },
  { question: ' spaced ', answer: '' },
];
const quoteCell = (cell: string): string => `"${cell.replaceAll('"', '""')}"`;
const toCsv = (rows: readonly Readonly<Record<string, string>>[], delimiter = ',', end = '\n'): string =>
  [Object.keys(rows[0]!), ...rows.map((row) => Object.values(row))].map((cells) => cells.map(quoteCell).join(delimiter) + end).join('');
const toJsonl = (rows: readonly unknown[], end = '\n'): string => rows.map((row) => JSON.stringify(row) + end).join('');

describe('the same rows in every format', () => {
  const bom = '\ufeff';
  const cases: [string, string, string | Uint8Array][] = [
    ['jsonl', 'a.jsonl', toJsonl(TEXTS)],
    ['jsonl with CRLF and a byte order mark', 'a.jsonl', bom + toJsonl(TEXTS, '\r\n')],
    ['jsonl with blank lines and no last line end', 'a.jsonl', toJsonl(TEXTS, '\n\n').trimEnd()],
    ['jsonl under a wrong name', 'a.csv', toJsonl(TEXTS)],
    ['json list', 'a.json', JSON.stringify(TEXTS)],
    ['indented json list with CRLF and a byte order mark', 'a.json', bom + JSON.stringify(TEXTS, null, 2).replaceAll('\n', '\r\n')],
    [
      'json object that holds a list',
      'a.json',
      JSON.stringify({ version: '[1]', meta: { list: [1, [2]] }, data: TEXTS, after: [] }, null, 1),
    ],
    ['csv', 'a.csv', toCsv(TEXTS)],
    ['csv with CRLF and a byte order mark', 'a.csv', bom + toCsv(TEXTS, ',', '\r\n')],
    ['csv with semicolons', 'a.csv', toCsv(TEXTS, ';')],
    ['csv under no name', 'a', toCsv(TEXTS)],
    ['tsv', 'a.tsv', toCsv(TEXTS, '\t')],
    ['parquet', 'a.parquet', toTextParquet(TEXTS)],
    ['parquet under a wrong name', 'a.txt', toTextParquet(TEXTS)],
  ];
  test.each(cases)('%s', async (_, name, content) => {
    using folder = new Folder();
    const { rows, rejected } = await readAll(folder.write(name, content));
    expect(rejected).toEqual([]);
    expect(rows).toEqual(TEXTS);
  });

  test('nested lists of Parquet are those of JSON', async () => {
    const rows = [0, 1, 2, 3, 4].map((i) => ({ question: `q${i}`, choices: { text: [`a${i}`, 'é'], label: ['A', 'B'] }, answerKey: 'B' }));
    using folder = new Folder();
    expect((await readAll(folder.write('a.parquet', toArcParquet(rows)))).rows).toEqual(rows);
    expect((await readAll(folder.write('a.jsonl', toJsonl(rows)))).rows).toEqual(rows);
  });
});

describe('round trips', () => {
  const json = fc.array(
    fc.dictionary(fc.string({ minLength: 1 }), fc.jsonValue({ maxDepth: 3 }), { minKeys: 1, maxKeys: 4, noNullPrototype: true }),
    {
      minLength: 1,
      maxLength: 8,
    },
  );
  const cell = fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\0', ''));
  const row = fc.record({ first: cell, second: cell, third: cell });

  test('any JSON rows survive JSONL and a JSON list', async () => {
    using folder = new Folder();
    await fc.assert(
      fc.asyncProperty(json, async (rows) => {
        const expected = JSON.parse(JSON.stringify(rows)) as Row[];
        expect((await readAll(folder.write('a.jsonl', toJsonl(rows)))).rows).toEqual(expected);
        expect((await readAll(folder.write('a.json', JSON.stringify(rows, null, 1)))).rows).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  test('any texts survive CSV and TSV', async () => {
    using folder = new Folder();
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 8 }), async (rows) => {
        expect((await readAll(folder.write('a.csv', toCsv(rows)))).rows).toEqual(rows);
        expect((await readAll(folder.write('a.tsv', toCsv(rows, '\t')))).rows).toEqual(rows);
      }),
      { numRuns: 60 },
    );
  });
});

test('tables are parsed as csv-parse does, however they are quoted and wherever chunks end', () => {
  const piece = fc.constantFrom('a', 'é', ',', ',', '"', '"', '""', '\n', '\n', '\r\n', '\r', ' ', '",', '"\n', '"\r\n');
  const table = fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join(''));
  fc.assert(
    fc.property(table, fc.integer({ min: 1, max: 8 }), fc.boolean(), (text, size, quoted) => {
      let isUnclosed = false;
      const options = { ...toParserOptions({ delimiter: ',', quoted }), skip_records_with_error: true };
      const expected = parse(text, { ...options, on_skip: (): undefined => void (isUnclosed = true) }) as unknown as string[][];
      const parser = new TableParser({ delimiter: ',', quoted });
      const bytes = Buffer.from(text);
      const found: { line: number; cells: readonly string[] }[] = [];
      for (let at = 0; at < bytes.length; at += size) found.push(...parser.feed(bytes.subarray(at, at + size), false));
      found.push(...parser.feed(Buffer.alloc(0), true));
      expect(found.map(({ cells }) => cells)).toEqual(expected);
      expect(parser.lost !== undefined).toBe(isUnclosed);
      const lines = text.split('\n');
      for (const { line, cells } of found) if (!cells.join('').includes('"')) expect(lines[line - 1]).toContain(cells[0]!.split('\n')[0]);
    }),
    { numRuns: 3000 },
  );
});

describe('text forms', () => {
  const cases: [string, string, string | Buffer, string, Row[]][] = [
    ['lines', 'a.txt', 'One.\nTwo, three.\r\nFour.', 'each line is a row', [{ text: 'One.' }, { text: 'Two, three.' }, { text: 'Four.' }]],
    ['paragraphs', 'a.txt', '\n = A = \n \n b\nc\n\n\nd\n', 'blank lines', [{ text: ' = A = ' }, { text: ' b\nc' }, { text: 'd' }]],
    [
      'documents',
      'a.txt',
      'One.\n\nMore.\n<|endoftext|>\nTwo.<|endoftext|>\nThree',
      '<|endoftext|>',
      [{ text: 'One.\n\nMore.' }, { text: 'Two.' }, { text: 'Three' }],
    ],
    ['prose that has a comma in each line', 'a.txt', 'Well, no.\nYes, yes.', 'each line', [{ text: 'Well, no.' }, { text: 'Yes, yes.' }]],
    ['prose in brackets', 'a.txt', '[WP] A story.\n[OT] Other.', 'each line', [{ text: '[WP] A story.' }, { text: '[OT] Other.' }]],
    [
      'label, tab and text',
      'SMS',
      'ham\tGo\tnow\nspam\t"Win\nham\tOk\nspam\tx\n',
      'a tab and a text',
      [
        { label: 'ham', text: 'Go\tnow' },
        { label: 'spam', text: '"Win' },
        { label: 'ham', text: 'Ok' },
        { label: 'spam', text: 'x' },
      ],
    ],
    [
      'label, space and text in latin-1',
      'TREC.all',
      Buffer.from('0 Qué es ?\n1 Who ?\n0 Where is Zürich ?\n1 Ok ?\n', 'latin1'),
      'a space and a text',
      [
        { label: '0', text: 'Qué es ?' },
        { label: '1', text: 'Who ?' },
        { label: '0', text: 'Where is Zürich ?' },
        { label: '1', text: 'Ok ?' },
      ],
    ],
    [
      'a tsv with a header and few classes',
      'a.tsv',
      'label\ttext\nham\ta\nspam\tb\nham\tc\n',
      'tabs',
      [
        { label: 'ham', text: 'a' },
        { label: 'spam', text: 'b' },
        { label: 'ham', text: 'c' },
      ],
    ],
    ['csv with one column', 'a.csv', 'text\nhello\n', 'one column', [{ text: 'hello' }]],
    [
      'a tsv whose quotes are characters',
      'a.tsv',
      'a\tb\n"x\t1\ny\t2\n',
      'tabs',
      [
        { a: '"x', b: '1' },
        { a: 'y', b: '2' },
      ],
    ],
    [
      'csv with an unnamed index',
      'a.csv',
      ',text\n0,x\n1,y\n',
      'commas',
      [
        { column_1: '0', text: 'x' },
        { column_1: '1', text: 'y' },
      ],
    ],
    ['csv in latin-1', 'a.csv', Buffer.from('a,b\né,1\n', 'latin1'), 'commas', [{ a: 'é', b: '1' }]],
    ['one json object as a row', 'a.jsonl', '{"text":"x"}', 'JSON objects', [{ text: 'x' }]],
  ];
  test.each(cases)('%s', async (_, name, content, reason, expected) => {
    using folder = new Folder();
    const path = folder.write(name, content);
    expect((await detectFormat(path)).reason).toContain(reason);
    expect((await readAll(path)).rows).toEqual(expected);
  });
});

describe('bad rows are named by line and the rest is read', () => {
  const deep = `{"a":${'['.repeat(MAX_DEPTH)}1${']'.repeat(MAX_DEPTH)}}`;
  const cases: [string, string, string | Buffer, number[], [number, string][]][] = [
    [
      'jsonl',
      'a.jsonl',
      '{"a":1}\n{"a":\n\n[1]\n7\nnull\n{}\n{"a":2}\n',
      [1, 8],
      [
        [2, 'not valid JSON'],
        [4, 'found a list'],
        [5, 'found a number'],
        [6, 'found null'],
        [7, 'no columns'],
      ],
    ],
    ['a first line that is broken', 'a.jsonl', '{"a":1\n{"a":2}\n', [2], [[1, 'not valid JSON']]],
    ['rows nested too deep', 'a.jsonl', `{"a":1}\n${deep}\n`, [1], [[2, 'nested more than 32 deep']]],
    [
      'bytes that are not UTF-8',
      'a.jsonl',
      Buffer.concat([Buffer.from('{"a":1}\n{"a":"'), Buffer.from([0xff]), Buffer.from('"}\n')]),
      [1],
      [[2, 'not valid UTF-8']],
    ],
    [
      'json list',
      'a.json',
      '[\n{"a":1},\n{"a":},\n3,,\n{"a":2}\n]',
      [2, 5],
      [
        [3, 'not valid JSON'],
        [4, 'found a number'],
        [4, 'between two commas'],
      ],
    ],
    ['json list that is cut off in a row', 'a.json', '[{"a":1},\n{"a":"x', [1], [[2, 'middle of this row']]],
    ['json list that is cut off between rows', 'a.json', '[{"a":1},\n', [1], [[2, 'ends before its list does']]],
    [
      'csv',
      'a.csv',
      'a,b\n1,2\n3\n"x\ny",4\n5,6,7\n8,9\n',
      [2, 4, 7],
      [
        [3, '1 cells where the header names 2'],
        [6, '3 cells'],
      ],
    ],
    ['csv with a quote never closed', 'a.csv', 'a,b\n"1,1",2\n3,"x\n4,5\n', [2], [[3, 'never closed']]],
    [
      'labelled lines',
      'a',
      `${'x\ta\ny\tb\n'.repeat(20)}stray\n\tnone\n`,
      Array.from({ length: 40 }, (_, i) => i + 1),
      [
        [41, 'no tab'],
        [42, 'label is empty'],
      ],
    ],
  ];
  test.each(cases)('%s', async (_, name, content, lines, expected) => {
    using folder = new Folder();
    const read = await readAll(folder.write(name, content));
    expect(read.lines).toEqual(lines);
    expect(read.rejected).toEqual(expected.map(([line, reason]) => ({ line, reason: expect.stringContaining(reason) as unknown })));
  });
});

describe('files that hold no rows are refused with a sentence', () => {
  const cases: [string, string, string | Uint8Array, string][] = [
    ['an empty file', 'a.jsonl', '', 'is empty'],
    ['white space', 'a.csv', ' \n\r\n', 'nothing but white space'],
    ['gzip', 'a.jsonl.gz', new Uint8Array([0x1f, 0x8b, 8, 0]), 'Unpack it first'],
    ['a spreadsheet', 'a.xlsx', new Uint8Array([0x50, 0x4b, 3, 4]), 'save the sheet as CSV'],
    ['UTF-16', 'a.csv', Buffer.from('\ufeffa,b\n1,2', 'utf16le'), 'Save it as UTF-8'],
    ['bytes', 'a.bin', new Uint8Array([1, 0, 2]), 'no text'],
    ['a text called Parquet', 'a.parquet', 'hello', 'does not begin with the bytes PAR1'],
    ['a JSON object without rows', 'a.json', '{\n "a": [1, 2]\n}', 'no list of objects'],
    ['a JSON object with two lists', 'a.json', '{\n "train": [{"a":1}],\n "test": [{"a":2}]\n}', '"train", "test"'],
    ['a header that names a column twice', 'a.csv', 'a,a\n1,2\n', '"a" twice'],
  ];
  test.each(cases)('%s', async (_, name, content, message) => {
    using folder = new Folder();
    const refused = expect.objectContaining({ code: 'bad-dataset', message: expect.stringContaining(message) as unknown }) as Error;
    await expect(readAll(folder.write(name, content))).rejects.toEqual(refused);
  });

  test('a file that is not there', async () => {
    await expect(detectFormat('/nowhere/a.csv')).rejects.toMatchObject({ code: 'not-found' });
  });
});

describe('Parquet files that are damaged', () => {
  const whole = toTextParquet([{ text: 'one' }, { text: 'two' }, { text: 'three' }]);
  /** Enough for this small file on a busy machine, and short enough for those bytes that make the decoder loop. */
  const PATIENCE_MS = 1500;
  const countRows = async (path: string): Promise<unknown> => {
    let count = 0;
    try {
      for await (const row of readParquet(path, {}, PATIENCE_MS)) if ('values' in row) count++;
      return count;
    } catch (error) {
      return (error as { code?: string }).code;
    }
  };

  test('are refused wherever they are cut off', async () => {
    using folder = new Folder();
    for (let length = 4; length < whole.length; length += 50) {
      expect(await countRows(folder.write('a.parquet', whole.slice(0, length))), `${length} bytes`).toBe('bad-dataset');
    }
  });

  test('are read or refused, but nothing else, whichever byte is wrong', async () => {
    using folder = new Folder();
    for (let at = 4; at < whole.length; at += 23) {
      const broken = whole.slice();
      broken[at]! ^= 0xff;
      expect([3, 'bad-dataset'], `byte ${at}`).toContain(await countRows(folder.write('a.parquet', broken)));
    }
  });

  test('are given up when decoding has no end', async () => {
    using folder = new Folder();
    const broken = whole.slice();
    broken[20]! ^= 0xff; // the size of a page, which becomes negative
    const rows = readParquet(folder.write('a.parquet', broken), {}, PATIENCE_MS);
    await expect(rows.next()).rejects.toMatchObject({ code: 'bad-dataset', message: expect.stringContaining('no end within') as unknown });
  });

  test('end at once when their import is cancelled', async () => {
    using folder = new Folder();
    const controller = new AbortController();
    const broken = whole.slice();
    broken[20]! ^= 0xff;
    const rows = readParquet(folder.write('a.parquet', broken), { signal: controller.signal }, 60_000);
    setTimeout(() => controller.abort(), 100);
    await expect(rows.next()).rejects.toMatchObject({ code: 'cancelled' });
  });

  test('are not even begun when their import is cancelled before they are open', async () => {
    using folder = new Folder();
    const broken = whole.slice();
    broken[20]! ^= 0xff;
    const rows = readParquet(folder.write('a.parquet', broken), { signal: AbortSignal.abort() }, 60_000);
    await expect(rows.next()).rejects.toMatchObject({ code: 'cancelled' });
  });
});

describe('labels in a side file', () => {
  test('go to their rows, past a row that is rejected', async () => {
    using folder = new Folder();
    const path = folder.write('valid.jsonl', '{"goal":"a"}\n{"goal":\n{"goal":"c"}\n');
    folder.write('valid-labels.lst', '1\n0\nx\n');
    expect((await readAll(path)).rows).toEqual([
      { goal: 'a', label: 1 },
      { goal: 'c', label: 'x' },
    ]);
  });

  test.each([
    ['fewer', '1\n'],
    ['more', '1\n0\n1\n'],
  ])('must not be %s than the rows', async (word, labels) => {
    using folder = new Folder();
    const path = folder.write('valid.jsonl', '{"goal":"a"}\n{"goal":"b"}\n');
    folder.write('valid-labels.lst', labels);
    await expect(readAll(path)).rejects.toThrow(word);
  });
});
