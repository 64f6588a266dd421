// What Prune reads without a worker: the units of stored scores, and what studies measured of the same model at other sizes.
import { mkdtempSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listMeasuredCuts } from '../../../src/main/api/prune.ts';
import { readUnitScores } from '../../../src/main/api/unit-scores-file.ts';
import type { App } from '../../../src/main/app.ts';
import { addModel, type Model } from '../../../src/main/db/models.ts';
import { openDatabase } from '../../../src/main/db/open.ts';
import { createRun, moveRun } from '../../../src/main/db/runs.ts';
import { createStudy, setStudyRun } from '../../../src/main/db/studies.ts';
import { unitScores } from '../../../src/shared/prune/unit-scores.ts';
import { recipe, type Criterion } from '../../../src/shared/recipe.ts';
import type { Scores } from '../../../src/shared/scores.ts';
import { writeScores } from '../../../src/worker/prune/scores-file.ts';
import { llama } from '../../shared/prune/configs.ts';

const config = llama({ D: 8, E: 2, V: 10, L: 2, H: 4, K: 2, F: 5 });
const scoresBy = (criterion: Criterion, first: number): Scores => {
  let next = first;
  const vector = (length: number): Float32Array => Float32Array.from({ length }, () => (next += 0.37));
  const members = (count: number, length: number): Float32Array[] => Array.from({ length: count }, () => vector(length));
  const layers = config.layers.map(() => ({ attention: members(4, 4), ffn: members(3, 5) }));
  return { criterion, layers, hidden: criterion === 'l2' ? members(2, 8) : undefined };
};

describe('stored scores', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tailor-units-'));
  const path = join(folder, 'scores.safetensors');
  const all = [scoresBy('param_first', 0), scoresBy('l2', 100)];
  beforeAll(() => writeScores(path, all, { modelHash: 'h', layers: 2 }));
  afterAll(() => rmSync(folder, { recursive: true }));
  const read = (change: { path?: string; modelHash?: string; criterion?: Criterion } = {}) =>
    readUnitScores(config, { path, modelHash: 'h', criterion: 'l2', reduction: 'sum', ...change });

  it.each(all)('are read as the worker wrote them: $criterion', async (scores) => {
    expect(await read({ criterion: scores.criterion })).toEqual(unitScores(config, scores, 'sum'));
  });

  it('are refused with a sentence where they are of another model, another criterion, broken or gone', async () => {
    await expect(read({ modelHash: 'other' })).rejects.toThrow(/holds scores of the model h, but the model to be cut is other/);
    await expect(read({ criterion: 'l1' })).rejects.toThrow(/holds no l1 scores/);
    await expect(read({ path: join(folder, 'gone') })).rejects.toThrow(/the scores cannot be read .* Score the model again/);
    const short = join(folder, 'short');
    await writeScores(short, all, { modelHash: 'h', layers: 2 });
    truncateSync(short, readFileSync(short).length - 8);
    await expect(read({ path: short })).rejects.toThrow(/probably cut off/);
  });
});

describe('what studies measured', () => {
  const db = openDatabase(':memory:');
  const app = { db } as App;
  const raw = { ...JSON.parse(readFileSync(join(import.meta.dirname, '../../../resources/demo/model/config.json'), 'utf8')) } as Record<
    string,
    unknown
  >;
  const cost = { elapsedMs: 1, tokens: 1, tokensPerSecond: 1, peakMemoryBytes: 1, device: 'cpu', threads: 1 } as const;
  const model = (name: string, parameters: number, runId?: string): Model =>
    addModel(db, {
      ...{ name, hash: name, parameters, sizeBytes: parameters, config: raw, form: 'checkpoint', folderPath: `/${name}` },
      ...(runId === undefined ? { kind: 'base' } : { kind: 'pruned', runId }),
    });
  const sets = [{ kind: 'choices' as const, name: 'boolq', file: 'x' }];

  function measure(studyId: string, role: string, of: Model, acc: number): void {
    const spec = recipe.parse({ kind: 'evaluate', model: { checkpoint: of.folderPath }, sets });
    const { id } = createRun(db, { recipe: spec, recipeHash: role, folderPath: '/r', inputs: { models: [of.id] } });
    moveRun(db, id, 'running');
    const summary = { kind: 'choices', name: 'boolq', items: 100, acc, accNorm: acc, stderr: 0.01, stderrNorm: 0.01 } as const;
    moveRun(db, id, 'done', { result: { kind: 'evaluate', sets: [summary], cost } as never });
    setStudyRun(db, studyId, role, id);
  }

  it('of a model at other sizes is listed with the share that was kept, and of no other model', () => {
    const base = model('base', 1000);
    const study = createStudy(db, { name: 'first', settings: { shots: 0, draws: 0, tasks: [{ task: 'boolq' }] } });
    expect(listMeasuredCuts(app, base.id)).toEqual([]);
    measure(study.id, 'evaluate/base', base, 0.8);
    for (const [ratio, parameters, acc] of [
      [0.5, 510, 0.4],
      [0.2, 795, 0.76],
    ] as const) {
      const cut = recipe.parse({
        kind: 'prune',
        model: { checkpoint: '/base' },
        criterion: 'l1',
        choose: { target: { kind: 'ratio', ratio } },
      });
      const { id } = createRun(db, { recipe: cut, recipeHash: `p${ratio}`, folderPath: '/r' });
      setStudyRun(db, study.id, `prune/${ratio}`, id);
      measure(study.id, `evaluate/${ratio}`, model(`cut-${ratio}`, parameters, id), acc);
    }
    const found = listMeasuredCuts(app, base.id);
    expect(found.map(({ study: name, removed, tunedKept }) => [name, removed.toFixed(3), tunedKept])).toEqual([
      ['first', '0.205', undefined],
      ['first', '0.490', undefined],
    ]);
    expect(found.map(({ kept }) => kept)).toEqual([expect.closeTo(0.95, 9), expect.closeTo(0.5, 9)]);
    expect(listMeasuredCuts(app, model('another', 1000).id)).toEqual([]);
  });
});
