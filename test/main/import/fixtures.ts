// Dataset files made on the spot, in a folder that vanishes with the test.
import { parquetWriteBuffer } from 'hyparquet-writer';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { detectFormat } from '../../../src/main/import/detect-format.ts';
import { readRows } from '../../../src/main/import/read-rows.ts';
import type { ReadRow } from '../../../src/main/import/rows.ts';

export type Row = Readonly<Record<string, unknown>>;

/** A folder to write dataset files into. */
export class Folder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'tailor-import-'));

  /** Writes a file and returns its path. */
  write(name: string, content: string | Uint8Array): string {
    const path = join(this.path, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    return path;
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** A Parquet file with the nesting of ARC: {question, choices {text, label}, answerKey}, two rows to a group. */
export function toArcParquet(
  rows: readonly { question: string; choices: { text: string[]; label: string[] }; answerKey: string }[],
): Uint8Array {
  const text = { type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' } as const;
  const list = (name: string) =>
    [
      { name, repetition_type: 'OPTIONAL', converted_type: 'LIST', num_children: 1 },
      { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
      { ...text, name: 'element' },
    ] as const;
  const columns = ['question', 'choices', 'answerKey'] as const;
  const buffer = parquetWriteBuffer({
    schema: [
      { name: 'root', num_children: columns.length },
      { ...text, name: 'question' },
      { name: 'choices', repetition_type: 'OPTIONAL', num_children: 2 },
      ...list('text'),
      ...list('label'),
      { ...text, name: 'answerKey' },
    ],
    columnData: columns.map((name) => ({ name, data: rows.map((row) => row[name]) })),
    rowGroupSize: 2,
  });
  return new Uint8Array(buffer);
}

/** A Parquet file of text columns. */
export function toTextParquet(rows: readonly Readonly<Record<string, string>>[]): Uint8Array {
  const names = Object.keys(rows[0]!);
  const columnData = names.map((name) => ({ name, type: 'STRING' as const, data: rows.map((row) => row[name]!) }));
  return new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize: 2 }));
}

/** Everything a file gives: its rows, and those that were rejected. */
export async function readAll(path: string): Promise<{ rows: Row[]; lines: number[]; rejected: { line: number; reason: string }[] }> {
  const all: ReadRow[] = [];
  for await (const row of readRows(path, await detectFormat(path))) all.push(row);
  const good = all.filter((row) => 'values' in row);
  return { rows: good.map((row) => row.values), lines: good.map((row) => row.line), rejected: all.filter((row) => 'reason' in row) };
}
