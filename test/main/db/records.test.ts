// The other nouns: each record comes back as it was given, and what must not change or vanish does not.
import { createHash } from 'node:crypto';
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { countValuesInSteps, findBalance, keepBalance } from '../../../src/main/db/dataset-balance.ts';
import { DatasetWriter, type SplitMaking } from '../../../src/main/db/dataset-writing.ts';
import {
  countSplits,
  deleteDataset,
  eachRow,
  getDataset,
  listDatasets,
  listRejectedRows,
  listRows,
  listValues,
  setMapping,
} from '../../../src/main/db/datasets.ts';
import {
  addEvaluation,
  countFlips,
  findEvaluations,
  listChoiceOutcomes,
  listGenerationOutcomes,
  pairOutcomes,
} from '../../../src/main/db/evaluations.ts';
import { newId } from '../../../src/main/db/ids.ts';
import { addMetrics, deleteMetricsAfter, listMetrics } from '../../../src/main/db/metrics.ts';
import { addModel, deleteModel, findModelByHash, listLineage, listModels, renameModel, toModelRef } from '../../../src/main/db/models.ts';
import { type Database, openDatabase, openRecords } from '../../../src/main/db/open.ts';
import {
  deletePrompt,
  findPromptWinner,
  keepPromptVersion,
  keepPromptWinner,
  listPromptVersions,
  listPrompts,
} from '../../../src/main/db/prompts.ts';
import { createRun } from '../../../src/main/db/runs.ts';
import { addScoreSet, findScoreSet, listScoreSets } from '../../../src/main/db/scores.ts';
import { addSnapshot, deleteSnapshot, listSnapshots } from '../../../src/main/db/snapshots.ts';
import { createStudy, getStudy, listStudyRuns, setStudyRun, setStudyState } from '../../../src/main/db/studies.ts';
import { recipe } from '../../../src/shared/recipe.ts';
import type { ChoiceOutcome, SetSummary } from '../../../src/shared/results.ts';
import { canonicalJson } from '../../../src/shared/canonical-json.ts';
import { assignMarks } from '../../../src/shared/variant-marks.ts';

const RECIPE = recipe.parse({ kind: 'evaluate', model: { checkpoint: '/m' }, sets: [{ kind: 'perplexity', name: 'p', file: 'p.txt' }] });
const FACTS = { columns: ['a'], mapping: undefined, mappingReason: '', splitReason: '', rejectedCount: 0 };
const BASE = {
  name: 'base',
  kind: 'base',
  form: 'checkpoint',
  folderPath: '/base',
  hash: 'b',
  parameters: 10,
  sizeBytes: 20,
  config: { a: 1 },
} as const;

function queueRun(db: Database, inputs = {}): string {
  return createRun(db, { recipe: RECIPE, recipeHash: 'h', folderPath: '/runs/x', inputs }).id;
}

function writeRows(db: Database, values: readonly Record<string, unknown>[], split = 'all', making?: SplitMaking): DatasetWriter {
  const writer = new DatasetWriter(db, { name: 'd', sources: [] }, making);
  const batch = writer.newBatch(split);
  values.forEach((row, i) => batch.add(i + 1, row));
  writer.addRows(batch.prepared());
  return writer;
}

test('ids ascend in the order of their making', () => {
  const ids = Array.from({ length: 5000 }, newId);
  expect(ids).toEqual([...new Set(ids)].sort());
  expect(ids[0]).toMatch(/^[0-9a-z]{11}$/);
});

test('a dataset is hidden until it is finished, and an unfinished one is gone after reopening', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tailor-db-'));
  try {
    const first = openRecords(folder);
    const { id } = writeRows(first.db, [{ a: 1 }]);
    expect(listDatasets(first.db)).toEqual([]);
    expect(() => getDataset(first.db, id)).toThrow(expect.objectContaining({ code: 'not-found' }));
    first.close();
    using second = openRecords(folder);
    expect(second.db.prepare('SELECT count(*) AS n FROM dataset_rows').get()).toEqual({ n: 0 });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('rows come back by page and by split, and repeated ones are counted', () => {
  const db = openDatabase(':memory:');
  const rows = Array.from({ length: 600 }, (_, i) => ({ a: i % 500, b: [`é${i % 500}`] }));
  const writer = writeRows(db, rows, 'train');
  const { id } = writer;
  writer.addRejectedRows([{ file: 'x.jsonl', line: 7, reason: 'not JSON' }]);
  const dataset = writer.finish({ ...FACTS, rejectedCount: 1 });
  expect(dataset).toMatchObject({ rowCount: 600, duplicateCount: 100, rejectedCount: 1, mapping: undefined });
  expect([...eachRow(db, id)].map((row) => row.values)).toEqual(rows);
  expect([...eachRow(db, id, 'test')]).toEqual([]);
  expect(listRows(db, id, { split: 'train', offset: 598, limit: 10 }).map((row) => row.position)).toEqual([598, 599]);
  expect(listRejectedRows(db, id)).toEqual([{ file: 'x.jsonl', line: 7, reason: 'not JSON' }]);
  expect(listValues(db, id, 'a', 3)).toEqual(['0', '1', '10']);
});

test('a dataset hash is of its content: the order of columns does not matter, the order of rows and their splits do', () => {
  const db = openDatabase(':memory:');
  const hash = (rows: readonly Record<string, unknown>[], split?: string): string => writeRows(db, rows, split).finish(FACTS).hash;
  const reference = hash([{ a: 1, b: 2 }, { a: 3 }]);
  expect(hash([{ b: 2, a: 1 }, { a: 3 }])).toBe(reference);
  expect(hash([{ a: 3 }, { a: 1, b: 2 }])).not.toBe(reference);
  expect(hash([{ a: 1, b: 2 }, { a: 3 }], 'test')).not.toBe(reference);
});

test('made splits and the hash are as they are defined, however far the guess was off that rows were put in by', () => {
  const db = openDatabase(':memory:');
  const rows = Array.from({ length: 1000 }, (_, i) => ({ text: `é ${i % 7 ? i : 0}`, a: { z: 1, b: [{ y: i % 3, x: null }] }, '10': -0 }));
  const shares = { train: 0.8, validation: 0.1, test: 0.1 };
  const { id, hash, duplicateCount, splits } = writeRows(db, rows, 'all', { shares, seed: 42 }).finish(FACTS);
  const sha = (data: string | Buffer): Buffer => createHash('sha256').update(data).digest();
  const draws = rows.map((row) => sha(Buffer.concat([Buffer.from('42:'), sha(canonicalJson(row)).subarray(0, 16)])).readUIntBE(0, 6));
  const sorted = [...draws].sort((a, b) => a - b);
  const expected = draws.map((draw) => (draw <= sorted[799]! ? 'train' : draw <= sorted[899]! ? 'validation' : 'test'));
  expect([...eachRow(db, id)].map((row) => row.split)).toEqual(expected);
  expect(hash).toBe(sha(rows.map((row, i) => `${canonicalJson([expected[i], row])}\n`).join('')).toString('hex'));
  expect(duplicateCount).toBe(143 - 3); // rows with the text of 0, of three kinds
  expect(splits).toEqual(
    Object.fromEntries(
      Map.groupBy(expected, (split) => split)
        .entries()
        .map(([split, all]) => [split, all.length]),
    ),
  );
});

test('made splits have their shares, keep equal rows together, and depend on the seed alone', () => {
  const db = openDatabase(':memory:');
  const rows = Array.from({ length: 100 }, (_, i) => ({ a: Math.floor(i / 2) }));
  const part = (seed: number): string[] => {
    const { id } = writeRows(db, rows, 'all', { shares: { train: 0.8, validation: 0.1, test: 0.1 }, seed }).finish(FACTS);
    expect(countSplits(db, id)).toEqual({ train: 80, validation: 10, test: 10 });
    return [...eachRow(db, id)].map((row) => row.split);
  };
  const splits = part(42);
  expect(splits.every((split, i) => split === splits[i - (i % 2)])).toBe(true);
  expect(part(42)).toEqual(splits);
  expect(part(43)).not.toEqual(splits);
});

test.each(['label', 'a "quoted" one', 'back\\slash', '[0]', '0', '$.a', 'größe 🙂'])(
  'the values of a column “%s” are counted with their types',
  (column) => {
    const db = openDatabase(':memory:');
    const values = [1, '1', true, null, undefined, 'ü"', [1], 1];
    const rows = values.map((value) => ({ other: 0, [column]: value }));
    const { id } = writeRows(db, rows).finish(FACTS);
    const counts = [...countValuesInSteps(db, id, column)].flatMap((step) => step.counts);
    const rowsOf = (value: unknown): number | undefined =>
      counts.find((one) => JSON.stringify(one.value) === JSON.stringify(value) && one.split === 'all')?.rows;
    expect(values.map(rowsOf)).toEqual([2, 1, 1, 1, 1, 1, 1, 2]);
  },
);

test('a balance is kept with its dataset, and goes with it', () => {
  const db = openDatabase(':memory:');
  const { id, splits } = writeRows(db, [{ a: 'x' }, { a: 'x' }]).finish(FACTS);
  expect(splits).toEqual({ all: 2 });
  const balance = { column: 'a', labels: [{ value: 'x', bySplit: { train: 2 }, rows: 2 }], hidden: 0, others: 0 };
  keepBalance(db, id, balance);
  expect(findBalance(db, id, 'a')).toEqual(balance);
  deleteDataset(db, id);
  expect(findBalance(db, id, 'a')).toBeUndefined();
});

test('roles can be corrected, but only to columns that are there', () => {
  const db = openDatabase(':memory:');
  const { id } = writeRows(db, [{ a: 'x' }]).finish(FACTS);
  const mapping = { kind: 'text', name: 'd', text: 'a' } as const;
  expect(setMapping(db, id, mapping, 'Said so.')).toMatchObject({ mapping, mappingReason: 'Said so.' });
  expect(() => setMapping(db, id, { ...mapping, text: 'b' }, '')).toThrow('no column "b" in the dataset; its columns are "a"');
});

test('a dataset that a run reads is not deleted', () => {
  const db = openDatabase(':memory:');
  const used = writeRows(db, [{ a: 1 }]).finish(FACTS).id;
  const free = writeRows(db, [{ a: 1 }]).finish(FACTS).id;
  const run = queueRun(db, { datasets: [used] });
  expect(() => deleteDataset(db, used)).toThrow(run);
  deleteDataset(db, free);
  expect(listDatasets(db).map((dataset) => dataset.id)).toEqual([used]);
  expect(() => db.prepare('DELETE FROM datasets').run()).toThrow('FOREIGN KEY');
});

test('a prompt keeps every wording once, none can be changed, and a task has one winner', () => {
  const db = openDatabase(':memory:');
  const prompt = { task: 'boolq', name: 'plain' };
  const one = keepPromptVersion(db, { ...prompt, hash: '1', definition: { context: 'a' } });
  const two = keepPromptVersion(db, { ...prompt, hash: '2', definition: { context: 'b' } });
  expect(keepPromptVersion(db, { ...prompt, hash: '1', definition: { context: 'a' } })).toEqual(one);
  expect(listPromptVersions(db, one.promptId)).toEqual([two, one]);
  expect([one.number, two.number, two.definition]).toEqual([1, 2, { context: 'b' }]);
  expect(() => db.prepare(`UPDATE prompt_versions SET hash = 'x'`).run()).toThrow('never changes');
  expect(findPromptWinner(db, 'boolq')).toBeUndefined();
  keepPromptWinner(db, one.id, { accuracy: 0.5 });
  keepPromptWinner(db, two.id, { accuracy: 0.7 });
  expect(findPromptWinner(db, 'boolq')).toMatchObject({ version: two, figures: { accuracy: 0.7 } });
  expect(() => {
    deletePrompt(db, one.promptId);
  }).toThrow('cannot be deleted');
  expect(listPrompts(db, 'piqa')).toEqual([]);
  expect(listPrompts(db)).toHaveLength(1);
});

test('a model knows its lineage, and an adapter is named together with its checkpoint', () => {
  const db = openDatabase(':memory:');
  const base = addModel(db, BASE);
  const pruned = addModel(db, { ...BASE, name: 'cut', kind: 'pruned', hash: 'p', folderPath: '/cut', parentId: base.id });
  const tuned = addModel(db, { ...BASE, name: 'fit', kind: 'tuned', form: 'adapter', hash: 't', folderPath: '/fit', parentId: pruned.id });
  expect(base).toMatchObject({ ...BASE, parentId: undefined, runId: undefined });
  expect(listLineage(db, tuned.id)).toEqual([base, pruned, tuned]);
  expect(toModelRef(db, pruned.id)).toEqual({ checkpoint: '/cut', hash: 'p' });
  expect(toModelRef(db, tuned.id)).toEqual({ checkpoint: '/cut', hash: 'p', adapter: '/fit' });
  const twice = addModel(db, { ...BASE, name: 'fit again', kind: 'tuned', form: 'adapter', hash: 't2', parentId: tuned.id });
  expect(() => toModelRef(db, twice.id)).toThrow(expect.objectContaining({ code: 'bad-model' }));
  expect(findModelByHash(db, 'p')).toEqual(pruned);
  expect(() => {
    deleteModel(db, pruned.id);
  }).toThrow('“cut” is needed by “fit”.');
  const run = createRun(db, {
    title: 'Evaluate fit again',
    recipe: RECIPE,
    recipeHash: 'r',
    folderPath: '/r',
    inputs: { models: [twice.id] },
  });
  expect(() => {
    deleteModel(db, twice.id);
  }).toThrow(`“fit again” is needed by “${run.title}”. Delete these first.`);
});

test('a cut keeps its mark when its sibling is deleted, and the next one takes the mark that came free', () => {
  const db = openDatabase(':memory:');
  const base = addModel(db, BASE);
  const cut = (name: string) => addModel(db, { ...BASE, name, kind: 'pruned', hash: name, parentId: base.id });
  const [first, second] = [cut('20'), cut('50')];
  expect([base, first, second].map(({ markSlot }) => markSlot)).toEqual([undefined, 1, 2]);
  deleteModel(db, first.id);
  expect(assignMarks(listModels(db)).get(second.id)?.slot).toBe(2);
  expect(cut('70').markSlot).toBe(1);
});

test('paths inside the data folder move with it, others stay', () => {
  const parent = mkdtempSync(join(tmpdir(), 'tailor-db-'));
  try {
    using records = openRecords(join(parent, 'data'));
    const { db, folder } = records;
    const inside = addModel(db, { ...BASE, folderPath: join(folder, 'models', 'x') });
    const outside = addModel(db, { ...BASE, folderPath: join(parent, 'y') });
    expect([inside.folderPath, outside.folderPath]).toEqual([join(folder, 'models', 'x'), join(parent, 'y')]);
    expect(db.prepare('SELECT folder_path FROM models ORDER BY id').pluck().all()).toEqual(['models/x', join(parent, 'y')]);
  } finally {
    rmSync(parent, { recursive: true });
  }
});

test('a score set is found by model and recipe, and a new one takes its place', () => {
  const db = openDatabase(':memory:');
  const scores = { modelHash: 'm', recipeHash: 'r', filePath: '/s/1', criteria: ['l1', 'param_first'] } as const;
  addScoreSet(db, scores);
  const second = addScoreSet(db, { ...scores, filePath: '/s/2', calibrationLoss: 1.5 });
  expect(findScoreSet(db, 'm', 'r')).toEqual(second);
  expect(second).toMatchObject({ ...scores, filePath: '/s/2', calibrationLoss: 1.5, runId: undefined });
  expect(listScoreSets(db, 'm')).toHaveLength(1);
  expect(findScoreSet(db, 'm', 'other')).toBeUndefined();
});

test('metrics keep a diverged value as not a number, and a resumed run writes its steps anew', () => {
  const db = openDatabase(':memory:');
  const run = queueRun(db);
  const loss = [1, 2, 3].map((step) => ({ name: 'loss', step, value: 1 / step }));
  addMetrics(db, run, [...loss, { name: 'rate', step: 1, value: NaN }]);
  expect(listMetrics(db, run)).toEqual([...loss, { name: 'rate', step: 1, value: NaN }]);
  deleteMetricsAfter(db, run, 1);
  addMetrics(db, run, [{ name: 'loss', step: 1, value: 5 }]);
  expect(listMetrics(db, run, 'loss')).toEqual([{ name: 'loss', step: 1, value: 5 }]);
});

test('snapshots are listed from the latest step', () => {
  const db = openDatabase(':memory:');
  const runId = queueRun(db);
  for (const step of [50, 100, 150]) addSnapshot(db, { runId, step, folderPath: `/s/${step}`, sizeBytes: step });
  deleteSnapshot(db, runId, 100);
  expect(listSnapshots(db, runId).map(({ step, folderPath }) => [step, folderPath])).toEqual([
    [150, '/s/150'],
    [50, '/s/50'],
  ]);
});

const SUMMARY: SetSummary = {
  kind: 'choices',
  name: 'boolq',
  items: 4,
  acc: 0.5,
  accStderr: 0.1,
  accNorm: 0.5,
  accNormStderr: 0.1,
  truncated: 0,
};
const outcome = (id: string, gold: number, picked: number, pickedNorm: number): ChoiceOutcome => ({
  set: 'boolq',
  id,
  logLikelihoods: [-1.25, -2],
  gold,
  picked,
  pickedNorm,
});

test('two evaluations of the same examples are paired by example, whatever their order', () => {
  const db = openDatabase(':memory:');
  const common = { datasetHash: 'd', promptHash: 'p', summary: SUMMARY };
  const choices = [outcome('a', 0, 0, 1), outcome('b', 1, 1, 1), outcome('c', 0, 1, 1), outcome('d', 1, 0, 0)];
  const before = addEvaluation(db, { ...common, runId: queueRun(db), modelHash: 'm1' }, { choices });
  const later = [outcome('d', 1, 1, 1), outcome('c', 0, 1, 1), outcome('b', 1, 0, 1), outcome('a', 0, 0, 0)];
  const after = addEvaluation(db, { ...common, runId: queueRun(db), modelHash: 'm2' }, { choices: later });
  expect(listChoiceOutcomes(db, before.id)).toEqual(choices);
  const pairs = pairOutcomes(db, before.id, after.id, 'acc');
  expect(pairs.map(({ id, flip }) => [id, flip])).toEqual([
    ['a', 'right-right'],
    ['b', 'right-wrong'],
    ['c', 'wrong-wrong'],
    ['d', 'wrong-right'],
  ]);
  expect(countFlips(pairs)).toEqual({ 'right-right': 1, 'right-wrong': 1, 'wrong-right': 1, 'wrong-wrong': 1 });
  expect(pairOutcomes(db, before.id, after.id, 'accNorm').map((pair) => pair.flip)).toEqual([
    'wrong-right',
    'right-right',
    'wrong-wrong',
    'wrong-right',
  ]);
  expect(findEvaluations(db, 'm1', 'd')).toEqual([before]);
  expect(findEvaluations(db, 'm1', 'other')).toEqual([]);
});

test.each([
  ['datasets', { datasetHash: 'other', promptHash: 'p' }, ['a']],
  ['prompts', { datasetHash: 'd', promptHash: 'other' }, ['a']],
  ['examples', { datasetHash: 'd', promptHash: 'p' }, ['b']],
])('evaluations of different %s are not paired', (what, hashes, ids) => {
  const db = openDatabase(':memory:');
  const one = { runId: queueRun(db), modelHash: 'm', datasetHash: 'd', promptHash: 'p', summary: SUMMARY };
  const before = addEvaluation(db, one, { choices: [outcome('a', 0, 0, 0)] });
  const after = addEvaluation(db, { ...one, ...hashes, runId: queueRun(db) }, { choices: ids.map((id) => outcome(id, 0, 0, 0)) });
  expect(() => pairOutcomes(db, before.id, after.id, 'acc')).toThrow(`different ${what}`);
});

test('a run that evaluates a set again replaces what it said before; a failed write leaves it', () => {
  const db = openDatabase(':memory:');
  const runId = queueRun(db);
  const summary: SetSummary = { kind: 'generation', name: 'g', items: 1, exactMatch: 1, f1: 1, rougeL: 1, tokens: 3 };
  const evaluation = { runId, modelHash: 'm', datasetHash: 'd', summary };
  const generation = { set: 'g', id: 'a', text: 'one', exactMatch: 1, f1: 0.5, rougeL: 0.25 };
  addEvaluation(db, evaluation, { generations: [{ ...generation, text: 'zero' }] });
  const kept = addEvaluation(db, evaluation, { generations: [generation] });
  expect(() => addEvaluation(db, evaluation, { generations: [generation, generation] })).toThrow('UNIQUE');
  expect(findEvaluations(db, 'm')).toEqual([kept]);
  expect(listGenerationOutcomes(db, kept.id)).toEqual([generation]);
});

test('a study gives its roles to runs, and a role to one run at a time', () => {
  const db = openDatabase(':memory:');
  const study = createStudy(db, { name: 's', settings: { ratios: [0.2] } });
  const [a, b] = [queueRun(db), queueRun(db)];
  setStudyRun(db, study.id, 'evaluate/base', a!);
  setStudyRun(db, study.id, 'score', a!);
  setStudyRun(db, study.id, 'evaluate/base', b!);
  setStudyState(db, study.id, 'running');
  expect(getStudy(db, study.id)).toMatchObject({ settings: { ratios: [0.2] }, state: 'running' });
  expect(listStudyRuns(db, study.id)).toEqual([
    { role: 'evaluate/base', runId: b },
    { role: 'score', runId: a },
  ]);
});

test('a name means one model: the next of that name gets a number, and no other is renamed to it', () => {
  const db = openDatabase(':memory:');
  const add = (hash: string): ReturnType<typeof addModel> =>
    addModel(db, {
      name: 'llama',
      kind: 'base',
      form: 'checkpoint',
      folderPath: `/${hash}`,
      hash,
      parameters: 1,
      sizeBytes: 1,
      config: {},
    });
  const [first, second, third] = [add('a'), add('b'), add('c')];
  expect([first, second, third].map(({ name }) => name)).toEqual(['llama', 'llama-2', 'llama-3']);
  expect(() => renameModel(db, third.id, 'llama')).toThrow(/Another model is named “llama” already/);
  expect(renameModel(db, first.id, 'llama').name).toBe('llama');
  expect(renameModel(db, third.id, 'alpaca').name).toBe('alpaca');
});

test('a study that names what lies in the data folder finds it there when the folder was moved', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tailor-studies-'));
  const moved = `${folder}-moved`;
  const settingsIn = (place: string) => ({
    model: join(place, 'runs', 'm', 'model'),
    tasks: [{ dataset: join(place, 'uploads', 'd') }, { dataset: '/srv/elsewhere' }, { dataset: 'runs/m' }],
    perplexity: [{ name: 't', dataset: join(place, 'texts') }],
    calibration: { samples: 5 },
  });
  let db = openDatabase(join(folder, 'tailor.sqlite'));
  const { id, settings } = createStudy(db, { name: 's', settings: settingsIn(folder) });
  expect(settings).toEqual(settingsIn(folder));
  db.close();
  renameSync(folder, moved);
  db = openDatabase(join(moved, 'tailor.sqlite'));
  expect(getStudy(db, id).settings).toEqual(settingsIn(moved));
  db.close();
  rmSync(moved, { recursive: true });
});

test('why a study is not at work outlives the program, and is forgotten when it goes on', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'tailor-studies-')), 'tailor.sqlite');
  let db = openDatabase(file);
  const failed = createStudy(db, { name: 'failed', settings: {} });
  const cutOff = createStudy(db, { name: 'cut off', settings: {} });
  setStudyState(db, failed.id, 'failed', 'The disk is full.');
  setStudyState(db, cutOff.id, 'running');
  db.close();
  db = openDatabase(file);
  expect(getStudy(db, failed.id)).toMatchObject({ state: 'failed', reason: 'The disk is full.' });
  expect(getStudy(db, cutOff.id)).toMatchObject({ state: 'stopped', reason: 'Tailor ended while this study was at work.' });
  setStudyState(db, failed.id, 'running');
  expect(getStudy(db, failed.id).reason).toBeUndefined();
  db.close();
  rmSync(dirname(file), { recursive: true });
});
