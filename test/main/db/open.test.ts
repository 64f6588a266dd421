// Opening the records: migrations, the future, the lock, and what a killed process leaves behind.
import Sqlite from 'better-sqlite3';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MIGRATIONS } from '../../../src/main/db/migrations/index.ts';
import { migrate, openDatabase, openRecords } from '../../../src/main/db/open.ts';
import { getRun, listRunMoves } from '../../../src/main/db/runs.ts';
import { AppError } from '../../../src/shared/errors.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tailor-db-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** For each step: a raw row as that step's layout takes it, and what a query must find in the newest layout. */
const RAW_ROWS: readonly { step: number; insert: string; select: string; expected: unknown }[] = [
  {
    step: 1,
    insert: `INSERT INTO runs (id, kind, recipe_json, recipe_hash, folder_path, queue_order, created_at) VALUES ('r', 'tune', '{}', 'h', 'runs/r', 1, 5);
             UPDATE runs SET state = 'running'; INSERT INTO metrics VALUES ('r', 'loss', 1, 0.5), ('r', 'loss', 2, NULL)`,
    select: `SELECT state, title, value FROM runs JOIN metrics ON run_id = id ORDER BY step`,
    expected: [
      { state: 'running', title: '', value: 0.5 },
      { state: 'running', title: '', value: null },
    ],
  },
  {
    step: 1,
    insert: `INSERT INTO datasets (id, name, state, sources_json, created_at) VALUES ('d', 'n', 'ready', '[]', 5);
             INSERT INTO dataset_rows (dataset_id, position, split, line, hash, values_json) VALUES ('d', 0, 'train', 1, x'00', '{"a":1}')`,
    select: `SELECT name, values_json FROM datasets JOIN dataset_rows ON dataset_id = datasets.id`,
    expected: [{ name: 'n', values_json: '{"a":1}' }],
  },
  {
    step: 1,
    insert: `INSERT INTO prompts VALUES ('p', 'boolq', 'plain', 5); INSERT INTO prompt_versions VALUES ('v', 'p', 1, 'h', '{}', 5)`,
    select: `SELECT task, number FROM prompts JOIN prompt_versions ON prompt_id = prompts.id`,
    expected: [{ task: 'boolq', number: 1 }],
  },
  {
    step: 2,
    insert: `INSERT INTO settings VALUES ('theme', '{"is":"dark"}')`,
    select: `SELECT name, value_json FROM settings`,
    expected: [{ name: 'theme', value_json: '{"is":"dark"}' }],
  },
  {
    step: 3,
    insert: `INSERT INTO datasets (id, name, state, sources_json, created_at) VALUES ('d', 'n', 'ready', '[]', 5);
             INSERT INTO dataset_rows (dataset_id, position, split, line, hash, values_json) VALUES ('d', 0, 'train', 1, x'00', '{"a":1}')`,
    select: `SELECT hash FROM dataset_rows WHERE dataset_id = 'd'`,
    expected: [{ hash: Buffer.from([0]) }],
  },
  {
    step: 4,
    insert: `INSERT INTO runs (id, kind, recipe_json, recipe_hash, folder_path, queue_order, created_at)
             VALUES ('r', 'tune', '{"kind":"tune","model":{"checkpoint":"runs/m/model"}}', 'h', 'runs/r', 1, 5)`,
    select: `SELECT recipe_json FROM runs`,
    expected: [{ recipe_json: '{"kind":"tune","model":{"checkpoint":"runs/m/model"}}' }],
  },
  {
    step: 4,
    insert: `INSERT INTO studies (id, name, settings_json, state, created_at) VALUES ('s', 'n', '{}', 'failed', 5)`,
    select: `SELECT name, state, reason FROM studies`,
    expected: [{ name: 'n', state: 'failed', reason: null }],
  },
  {
    step: 5,
    insert: `INSERT INTO studies (id, name, settings_json, state, reason, created_at) VALUES ('s', 'n', '{}', 'failed', 'no disk', 5)`,
    select: `SELECT state, reason FROM studies`,
    expected: [{ state: 'failed', reason: 'no disk' }],
  },
  {
    step: 5,
    insert: `INSERT INTO datasets (id, name, state, sources_json, created_at) VALUES ('d', 'n', 'ready', '[]', 5), ('e', 'n', 'importing', '[]', 5);
             INSERT INTO dataset_rows (dataset_id, position, split, line, hash, values_json)
             VALUES ('d', 0, 'train', 1, x'00', '{}'), ('d', 1, 'test', 2, x'00', '{}'), ('d', 2, 'train', 3, x'00', '{}')`,
    select: `SELECT id, splits_json FROM datasets ORDER BY id`,
    expected: [
      { id: 'd', splits_json: '{"train":2,"test":1}' },
      { id: 'e', splits_json: null },
    ],
  },
  {
    step: 6,
    insert: `INSERT INTO datasets (id, name, state, sources_json, splits_json, created_at) VALUES ('d', 'n', 'ready', '[]', '{"test":1}', 5);
             INSERT INTO dataset_balances VALUES ('d', 'label', '{}')`,
    select: `SELECT splits_json, column_name, balance_json FROM datasets JOIN dataset_balances ON dataset_id = id`,
    expected: [{ splits_json: '{"test":1}', column_name: 'label', balance_json: '{}' }],
  },
  {
    step: 6,
    insert: `INSERT INTO studies (id, name, settings_json, state, created_at) VALUES
             ('s', 'n', '{"model":"${resolve('runs/m')}","tasks":[{"dataset":"/else/where"},{"dataset":"runs/m"}],"calibration":{}}', 'done', 5)`,
    select: `SELECT settings_json FROM studies`,
    expected: [{ settings_json: '{"model":"./runs/m","tasks":[{"dataset":"/else/where"},{"dataset":"runs/m"}],"calibration":{}}' }],
  },
  {
    step: 7,
    insert: `INSERT INTO studies (id, name, settings_json, state, created_at) VALUES ('s', 'n', '{"model":"./runs/m"}', 'done', 5)`,
    select: `SELECT settings_json FROM studies`,
    expected: [{ settings_json: '{"model":"./runs/m"}' }],
  },
  {
    step: 7,
    insert: `INSERT INTO models (id, name, kind, form, parent_id, folder_path, hash, parameters, size_bytes, config_json, created_at) VALUES
             ('a', 'base', 'base', 'checkpoint', NULL, 'f', 'h', 1, 1, '{}', 5), ('b', 'cut', 'pruned', 'checkpoint', 'a', 'f', 'h', 1, 1, '{}', 5),
             ('c', 'tuned', 'tuned', 'adapter', 'b', 'f', 'h', 1, 1, '{}', 5), ('d', 'cut2', 'pruned', 'checkpoint', 'a', 'f', 'h', 1, 1, '{}', 5)`,
    select: `SELECT id, mark_slot FROM models ORDER BY id`,
    expected: [
      { id: 'a', mark_slot: null },
      { id: 'b', mark_slot: 1 },
      { id: 'c', mark_slot: null },
      { id: 'd', mark_slot: 2 },
    ],
  },
  {
    step: 8,
    insert: `INSERT INTO models (id, name, kind, form, folder_path, hash, parameters, size_bytes, config_json, created_at, mark_slot)
             VALUES ('a', 'cut', 'pruned', 'checkpoint', 'f', 'h', 1, 1, '{}', 5, 3)`,
    select: `SELECT mark_slot FROM models`,
    expected: [{ mark_slot: 3 }],
  },
];

describe('migrations', () => {
  test('take an empty file to the newest layout with sound references', () => {
    const db = openDatabase(join(folder, 'a.sqlite'));
    expect(db.pragma('user_version', { simple: true })).toBe(MIGRATIONS.length);
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
    expect(db.pragma('journal_mode', { simple: true })).toBe('wal');
    expect(db.pragma('foreign_keys', { simple: true })).toBe(1);
    const loose = db.prepare(`SELECT name FROM pragma_table_list WHERE type = 'table' AND strict = 0 AND name NOT LIKE 'sqlite%'`).all();
    expect(loose).toEqual([]);
    db.close();
  });

  test.each(RAW_ROWS)('carry rows of layout $step to the newest: $select', ({ step, insert, select, expected }) => {
    const db = new Sqlite(':memory:');
    migrate(db, 'old.sqlite', MIGRATIONS.slice(0, step));
    db.exec(insert);
    migrate(db, 'old.sqlite');
    expect(db.prepare(select).all()).toEqual(expected);
  });

  test('runs of a folder that was moved before read what lies in it at its new place, in the records and in spec.json', () => {
    const old = '/once/upon/data';
    const teacher = { checkpoint: `${old}/runs/m/model`, hash: 't' };
    const tune = { kind: 'tune', model: { checkpoint: `${old}/uploads/drop/base` }, distill: { teacher } };
    const prune = { kind: 'prune', model: { checkpoint: '/a/base/elsewhere' }, scores: join(folder, 'runs/s/scores.safetensors') };
    const db = new Sqlite(join(folder, 'tailor.sqlite'));
    migrate(db, 'old.sqlite', MIGRATIONS.slice(0, 3));
    const model = db.prepare(
      `INSERT INTO models (id, name, kind, form, folder_path, hash, parameters, size_bytes, config_json, created_at)
       VALUES (?, 'n', 'base', 'checkpoint', ?, 'h', 1, 1, '{}', 5)`,
    );
    model.run('a', 'runs/m/model');
    model.run('b', 'uploads/drop/base');
    const add = db.prepare(
      `INSERT INTO runs (id, kind, recipe_json, recipe_hash, folder_path, queue_order, created_at) VALUES (?, ?, ?, 'h', ?, 1, 5)`,
    );
    for (const [id, recipe] of Object.entries({ tune, prune, again: tune, torn: tune })) {
      add.run(id, recipe.kind, JSON.stringify(recipe), `runs/${id}`);
      mkdirSync(join(folder, 'runs', id), { recursive: true });
      writeFileSync(join(folder, 'runs', id, 'spec.json'), JSON.stringify(recipe));
    }
    // What a step that was cut off had done already, and a file that the disk lost half of.
    writeFileSync(join(folder, 'runs/again/spec.json'), JSON.stringify({ ...tune, model: { checkpoint: '../../uploads/drop/base' } }));
    writeFileSync(join(folder, 'runs/torn/spec.json'), '{"kind":"tune","mod');
    db.close();
    using records = openRecords(folder);
    expect(getRun(records.db, 'tune').recipe).toMatchObject({
      model: { checkpoint: join(folder, 'uploads/drop/base') },
      distill: { teacher: { checkpoint: join(folder, 'runs/m/model'), hash: 't' } },
    });
    expect(getRun(records.db, 'prune').recipe).toMatchObject({
      model: { checkpoint: '/a/base/elsewhere' },
      scores: join(folder, 'runs/s/scores.safetensors'),
    });
    const specOf = (id: string): unknown => JSON.parse(readFileSync(join(folder, 'runs', id, 'spec.json'), 'utf8'));
    expect(specOf('tune')).toMatchObject({
      model: { checkpoint: '../../uploads/drop/base' },
      distill: { teacher: { checkpoint: '../m/model' } },
    });
    expect(specOf('again')).toEqual(specOf('tune'));
    expect(specOf('prune')).toMatchObject({ model: { checkpoint: '/a/base/elsewhere' }, scores: '../s/scores.safetensors' });
  });

  test('every step has a raw-row case', () => {
    expect(new Set(RAW_ROWS.map((row) => row.step)).size).toBe(MIGRATIONS.length);
  });

  test.each([
    ['an SQL error', 'CREATE TABLE half (a TEXT) STRICT; CREATE TABLE half (a TEXT) STRICT'],
    ['a dangling reference', `CREATE TABLE half (a TEXT REFERENCES runs (id)) STRICT; INSERT INTO half VALUES ('nobody')`],
  ])('a step that fails by %s leaves the file at the step before', (_, broken) => {
    const db = new Sqlite(':memory:');
    migrate(db, 'a.sqlite');
    db.pragma('foreign_keys = OFF');
    expect(() => {
      migrate(db, 'a.sqlite', [...MIGRATIONS, broken]);
    }).toThrow();
    expect(db.pragma('user_version', { simple: true })).toBe(MIGRATIONS.length);
    expect(db.prepare(`SELECT 1 FROM sqlite_schema WHERE name = 'half'`).all()).toEqual([]);
  });

  test('a file of a newer Tailor is refused untouched', () => {
    openRecords(folder).close();
    const db = new Sqlite(join(folder, 'tailor.sqlite'));
    db.pragma(`user_version = ${MIGRATIONS.length + 1}`);
    db.close();
    expect(() => openRecords(folder)).toThrow(
      expect.objectContaining({ code: 'newer-data', message: expect.stringContaining(`layout is ${MIGRATIONS.length + 1}`) as unknown }),
    );
  });

  test('a file that is no database is refused by name, and the folder is given back', () => {
    writeFileSync(join(folder, 'tailor.sqlite'), 'no database at all, but long enough to have a header of its own'.repeat(20));
    for (let i = 0; i < 2; i++) expect(() => openRecords(folder)).toThrow(expect.objectContaining({ code: 'bad-file' }));
  });
});

describe('the lock on a data folder', () => {
  test('a second opener gets "busy" with the folder and the process, until the first has closed', () => {
    const first = openRecords(folder);
    const error = catchError(() => openRecords(folder));
    expect(error).toMatchObject({ code: 'busy', data: { folder, pid: process.pid } });
    expect(error.message).toContain(folder);
    first.close();
    openRecords(folder).close();
  });

  test('another process holds it while it lives, and its SIGKILL frees it', async () => {
    // Kept where it can be reached: what is collected gives its lock back.
    const child = await startChild(`globalThis.held = openRecords(folder); say('held');`);
    const error = catchError(() => openRecords(folder));
    expect(error.code).toBe('busy');
    expect(error.message).toContain(String(child.pid));
    await child.kill();
    expect(readdirSync(folder)).toContain('lock.pid');
    openRecords(folder).close();
  });
});

test('a process killed in mid-transaction leaves a sound database, and its running run is interrupted and can be queued again', async () => {
  const child = await startChild(`
    const { db } = openRecords(folder);
    const recipe = { kind: 'evaluate', model: { checkpoint: 'm' }, sets: [] };
    const run = createRun(db, { recipe, recipeHash: 'h', folderPath: join(folder, 'runs', 'x') });
    takeNextRun(db);
    addMetrics(db, run.id, [{ name: 'loss', step: 1, value: 2 }]);
    db.exec('BEGIN IMMEDIATE');
    for (let step = 2; step < 20000; step++) db.prepare('INSERT INTO metrics VALUES (?, ?, ?, ?)').run(run.id, 'loss', step, 0.5);
    say(run.id);
  `);
  await child.kill();
  using records = openRecords(folder);
  const { db } = records;
  expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
  expect(db.prepare('SELECT step, value FROM metrics').all()).toEqual([{ step: 1, value: 2 }]);
  expect(getRun(db, child.said)).toMatchObject({
    state: 'interrupted',
    error: { code: 'worker-lost' },
    folderPath: join(folder, 'runs', 'x'),
  });
  expect(listRunMoves(db, child.said).map((move) => move.state)).toEqual(['queued', 'running', 'interrupted']);
});

function catchError(work: () => unknown): AppError {
  try {
    work();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** Runs a script in another Node until it says a line, then leaves it hanging to be killed. */
async function startChild(script: string): Promise<{ pid: number; said: string; kill: () => Promise<void> }> {
  const file = join(folder, 'child.ts');
  const db = new URL('../../../src/main/db/', import.meta.url).href;
  writeFileSync(
    file,
    `import { join } from 'node:path';
     import { openRecords } from '${db}open.ts';
     import { createRun, takeNextRun } from '${db}runs.ts';
     import { addMetrics } from '${db}metrics.ts';
     const folder = ${JSON.stringify(folder)};
     const say = (line: string) => { process.stdout.write(line + '\\n'); };
     ${script}
     setInterval(() => {}, 1000);`,
  );
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const said = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (data: Buffer) => resolve(data.toString().trim()));
    child.once('exit', () => reject(new Error('the child ended before it said anything')));
  });
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
  };
  return { pid: child.pid!, said, kill };
}
