// A study that cannot go on: why is kept with it, and forgotten when it goes on. What a study calls its model, and what it cannot use.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { listStudyOptions, nameOfRecord, settingsOfForm, studyForm } from '../../../src/main/api/study-form.ts';
import { startStudy, stateOfStudy } from '../../../src/main/api/study-jobs.ts';
import { parseStudySettings } from '../../../src/main/api/study-settings.ts';
import { addModel } from '../../../src/main/db/models.ts';
import { getStudy } from '../../../src/main/db/studies.ts';
import { importDataset } from '../../../src/main/import/import-dataset.ts';
import { openCountingApp } from '../../fixtures/counting-app.ts';

/** A busy machine may take seconds for what is done at once. */
const PATIENCE = { timeout: 20_000 };

it('keeps at what it failed and why in the records', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tailor-studies-'));
  try {
    using app = openCountingApp(folder);
    const { id } = startStudy(app, parseStudySettings({ model: '/nowhere/at/all', tasks: [{ dataset: 'none' }] }, 'test'));
    await expect.poll(() => getStudy(app.db, id).state, PATIENCE).toBe('failed');
    const kept = getStudy(app.db, id).reason;
    expect(kept).toMatch(/^At "find model and data": .*nowhere/);
    await expect
      .poll(() => stateOfStudy(app, getStudy(app.db, id)), PATIENCE)
      .toEqual({ state: 'failed', reason: kept, progress: undefined });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

it('calls a model that was named by its folder as every other page does', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tailor-studies-'));
  try {
    using app = openCountingApp(folder);
    const facts = { kind: 'base', form: 'checkpoint', hash: 'h', parameters: 1, sizeBytes: 1, config: {} } as const;
    const { id } = addModel(app.db, { ...facts, name: 'demo', folderPath: '/tailor/resources/demo/model' });
    expect(nameOfRecord(app, 'model', '/tailor/resources/demo/model')).toBe('demo');
    expect(nameOfRecord(app, 'model', id)).toBe('demo');
    expect(nameOfRecord(app, 'model', '/elsewhere/llama')).toBe('llama');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

it('says of a dataset without rows to tune on or to measure why a study leaves it out', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tailor-studies-'));
  try {
    using app = openCountingApp(folder);
    const take = (...names: string[]): Promise<unknown> => {
      const files = names.map((name) => join(folder, name));
      for (const file of files) {
        const rows = [0, 1].map((gold) => ({ query: `${file} ${gold}?`, choices: ['yes', 'no'], gold }));
        writeFileSync(file, rows.map((row) => JSON.stringify(row)).join('\n'));
      }
      return importDataset(app.db, files, { name: names.join(' ') });
    };
    await take('only-train.jsonl');
    await take('only-test.jsonl');
    await take('both-train.jsonl', 'both-validation.jsonl');
    const said = listStudyOptions(app).datasets.map(({ name, use, why }): [string, string] => [name, use === 'none' ? why : use]);
    expect(Object.fromEntries(said)).toEqual({
      'only-train.jsonl': 'It has no rows to measure; drop its files together.',
      'only-test.jsonl': 'It has no rows to tune on; drop its files together.',
      'both-train.jsonl both-validation.jsonl': 'question',
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

it('measures importance on a chosen text only where its lines are long enough, and else on the questions', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tailor-studies-'));
  try {
    using app = openCountingApp(folder);
    const facts = { kind: 'base', form: 'checkpoint', hash: 'h', parameters: 1, sizeBytes: 1, config: {} } as const;
    const model = addModel(app.db, { ...facts, name: 'demo', folderPath: folder });
    const take = async (name: string, lines: readonly object[]): Promise<string> => {
      writeFileSync(join(folder, name), lines.map((line) => JSON.stringify(line)).join('\n'));
      return (await importDataset(app.db, [join(folder, name)])).id;
    };
    const questions = await take(
      'questions.jsonl',
      Array.from({ length: 100 }, (_, i) => ({ question: `Is ${i} even?`, passage: 'Numbers.', answer: i % 2 === 0 })),
    );
    const short = await take(
      'short.jsonl',
      Array.from({ length: 200 }, (_, i) => ({ text: `Line ${i}.` })),
    );
    const long = await take(
      'long.jsonl',
      Array.from({ length: 200 }, (_, i) => ({ text: `${i} ${'words and more words '.repeat(40)}` })),
    );
    const calibrated = (...textIds: string[]): string | undefined => {
      const form = studyForm.parse({ name: 'one', modelId: model.id, datasetIds: [questions], textIds, ratios: [0.2] });
      return settingsOfForm(app, form, {} as never).calibration.dataset;
    };
    expect(calibrated(short)).toBeUndefined();
    expect(calibrated(short, long)).toBe(long);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
