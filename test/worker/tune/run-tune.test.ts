// Tune runs from folder to folder: what is learned, what is written, and that a killed run resumed is the uninterrupted one.
import { spawnSync } from 'node:child_process';
import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { AppError } from '../../../src/shared/errors.ts';
import { placeRecipe, type TuneRecipe } from '../../../src/shared/recipe.ts';
import { loadAdapter } from '../../../src/worker/export/peft.ts';
import { Device } from '../../../src/worker/graph/device.ts';
import { loadTokenizer } from '../../../src/worker/text/tokenizer.ts';
import { runFolder } from '../../../src/worker/run.ts';
import { readMetrics } from '../../../src/worker/tune/metrics-log.ts';
import { runTune } from '../../../src/worker/tune/run-tune.ts';
import { openCheckpoint } from '../../../src/worker/weights/checkpoint.ts';
import { openModel } from '../../../src/worker/weights/open-model.ts';
import { packRows, toBatches } from '../../../src/worker/text/pack.ts';
import { createAdapter } from '../../../src/worker/tune/lora.ts';
import { readCompletions, readTrainingData } from '../../../src/worker/tune/read-training-data.ts';
import { temporaryFolder } from '../weights/tiny-checkpoint.ts';
import { SMALL, writeModel, writeRun } from './tiny-run.ts';

const lora = { rank: 4, alpha: 8, dropout: 0, rsLora: false, targets: ['q_proj', 'down_proj'] } satisfies TuneRecipe['lora'];
const fast = { learningRate: 0.02, beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0.01, clipNorm: 1 };
const lossesIn = async (folder: string): Promise<number[]> =>
  readMetrics(join(folder, 'metrics.jsonl'))
    .filter(({ name }) => name === 'loss')
    .map(({ value }) => value);

describe('a tune run', () => {
  it('learns an adapter, says how it went, and leaves one that PEFT could load and that fits its base only', async () => {
    await using folder = await temporaryFolder();
    const checkpoint = await writeModel(join(folder.path, 'model'));
    const run = join(folder.path, 'run');
    const recipe = await writeRun(run, {
      model: { checkpoint },
      lora,
      optimizer: fast,
      steps: 12,
      validationChoices: 'choices.jsonl',
      validationFile: 'examples.jsonl',
      evaluateEvery: 4,
    });
    const result = await runTune(run, recipe);

    const losses = await lossesIn(run);
    expect(losses).toHaveLength(12);
    expect(losses.at(-1)!).toBeLessThan(losses[0]! - 0.3);
    expect(result.finalLoss).toBe(losses.at(-1));
    const names = new Set(readMetrics(join(run, 'metrics.jsonl')).map(({ name }) => name));
    for (const name of ['learningRate', 'gradientNorm', 'tokensPerSecond', 'memoryBytes', 'validationAccuracy', 'validationLoss']) {
      expect(names).toContain(name);
    }
    expect(result).toMatchObject({ adapter: 'adapter', checkpoint: undefined, steps: 12, bestStep: 12 });
    expect(result.trainableParameters).toBe(4 * (32 + 32 + 48 + 32) + 4 * (32 + 16 + 40 + 32));
    await using opened = await openCheckpoint(checkpoint);
    const adapter = await loadAdapter(join(run, 'adapter'), opened.config, await opened.hash());
    expect(adapter.scale).toBe(2);
    await expect(loadAdapter(join(run, 'adapter'), opened.config, 'another')).rejects.toThrow(/trained on the model with hash/);
  });

  it('writes base and adapter as one checkpoint on request, with the predictions of the two together', async () => {
    await using folder = await temporaryFolder();
    const checkpoint = await writeModel(join(folder.path, 'model'));
    const run = join(folder.path, 'run');
    const recipe = await writeRun(run, { model: { checkpoint }, lora, optimizer: fast, merge: true });
    const { hash } = await runTune(run, recipe);
    await using opened = await openCheckpoint(checkpoint);
    await using merged = await openCheckpoint(join(run, 'checkpoint'));
    expect(await merged.hash()).toBe(hash);
    const adapter = await loadAdapter(join(run, 'adapter'), opened.config, await opened.hash());
    const device = await Device.open('cpu', 1);
    await using base = await openModel(checkpoint, { device });
    await using whole = await openModel(join(run, 'checkpoint'), { device });
    const [part] = await examplesOf(run, checkpoint);
    const adapted = await base.logProbs(part!.batch, part!.counted, { adapter });
    const plain = await base.logProbs(part!.batch, part!.counted);
    const together = await whole.logProbs(part!.batch, part!.counted);
    expect(largestDifference(together, adapted)).toBeLessThan(1e-4); // f32 rounding of W + s·B·A against W·x + s·B·(A·x)
    expect(largestDifference(together, plain)).toBeGreaterThan(1e-2);
  });

  it('trains from scratch in a folder that has no weights, and lowers the loss on its text', async () => {
    await using folder = await temporaryFolder();
    const checkpoint = await writeModel(join(folder.path, 'model'));
    await rm(join(checkpoint, 'model.safetensors'));
    const run = join(folder.path, 'run');
    const recipe = await writeRun(run, {
      model: { checkpoint },
      method: 'scratch',
      textFile: 'texts.jsonl',
      optimizer: fast,
      steps: 25,
      batch: 3,
      microTokens: 128,
      saveDtype: 'F16',
    });
    const result = await runTune(run, recipe);
    const losses = await lossesIn(run);
    expect(losses[0]!).toBeCloseTo(Math.log(64), 1); // an untrained model knows nothing of 64 tokens
    expect(losses.at(-1)!).toBeLessThan(2.5); // below the entropy of the single characters, 2.9: it reads what came before
    await using made = await openCheckpoint(join(run, 'checkpoint'));
    expect(made.dtype).toBe('F16');
    expect(result.trainableParameters).toBe(made.parameters);
    expect((await loadTokenizer(join(run, 'checkpoint'))).eosIds).toEqual([2]);
  });

  it('keeps the best evaluation and stops when patience ends', async () => {
    await using folder = await temporaryFolder();
    const checkpoint = await writeModel(join(folder.path, 'model'));
    const run = join(folder.path, 'run');
    // A learning rate that destroys: the loss on held-out examples rises after the first evaluation.
    const recipe = await writeRun(run, {
      model: { checkpoint },
      lora,
      optimizer: { ...fast, learningRate: 1 },
      steps: 40,
      validationFile: 'examples.jsonl',
      evaluateEvery: 1,
      keepBest: true,
      patience: 3,
    });
    const result = await runTune(run, recipe);
    const curve = readMetrics(join(run, 'metrics.jsonl')).filter(({ name }) => name === 'validationLoss');
    const best = curve.reduce((a, b) => (b.value < a.value ? b : a));
    expect(result).toMatchObject({ bestStep: best.step, steps: best.step + 3 });
    await using opened = await openCheckpoint(checkpoint);
    const adapter = await loadAdapter(join(run, 'adapter'), opened.config, await opened.hash());
    const device = await Device.open('cpu', 1);
    await using model = await openModel(checkpoint, { device });
    let [sum, count] = [0, 0];
    for (const { batch, counted } of await examplesOf(run, checkpoint)) {
      for (const logProb of await model.logProbs(batch, counted, { adapter })) [sum, count] = [sum - logProb, count + 1];
    }
    expect(sum / count).toBeCloseTo(best.value, 4);
  });

  it('counts the answer alone, or everything but the first token', async () => {
    await using folder = await temporaryFolder();
    const checkpoint = await writeModel(join(folder.path, 'model'));
    const tokenizer = await loadTokenizer(checkpoint);
    const counted = async (settings: Partial<TuneRecipe>): Promise<string[]> => {
      const run = join(folder.path, 'run');
      const recipe = await writeRun(run, { model: { checkpoint }, ...settings });
      const texts = new Map<number, number[]>();
      for (const part of (await readTrainingData(run, recipe, tokenizer, SMALL)).everything()) {
        for (const [n, item] of part.item.entries()) texts.set(item, [...(texts.get(item) ?? []), part.counted.targets[n]!]);
      }
      return [...texts].sort(([a], [b]) => a - b).map(([, ids]) => tokenizer.decode(ids));
    };
    expect((await counted({}))[0]).toBe(' meow');
    expect((await counted({ appendEos: true }))[1]).toBe(' woof</s>');
    expect((await counted({ loss: 'everything' }))[2]).toBe('what does the owl say? hoot');
  });

  it('is refused when there is nothing to learn, or when it starts from an adapter', async () => {
    await using folder = await temporaryFolder();
    const checkpoint = await writeModel(join(folder.path, 'model'));
    const run = join(folder.path, 'run');
    const recipe = await writeRun(run, { model: { checkpoint } });
    await expect(runTune(run, { ...recipe, model: { checkpoint, adapter: 'x' } })).rejects.toThrow(/merge the two first/);
    await writeFile(join(run, 'examples.jsonl'), '');
    await expect(runTune(run, recipe)).rejects.toThrow(/examples\.jsonl holds no token to learn from/);
  });
});

describe('an adapter with B = 0', () => {
  it('changes nothing', async () => {
    await using folder = await temporaryFolder();
    const checkpoint = await writeModel(join(folder.path, 'model'));
    const run = join(folder.path, 'run');
    const { tokenisation } = await writeRun(run, { model: { checkpoint } });
    expect(tokenisation.bos).toBe(true);
    const device = await Device.open('cpu', 1);
    await using model = await openModel(checkpoint, { device });
    const [part] = await examplesOf(run, checkpoint);
    const adapter = createAdapter(model.config, { ...lora, rank: 3 }, 1);
    const [plain, adapted] = [
      await model.logProbs(part!.batch, part!.counted),
      await model.logProbs(part!.batch, part!.counted, { adapter }),
    ];
    expect(largestDifference(plain, adapted)).toBeLessThan(1e-6);
  });
});

describe('a run that was interrupted', () => {
  const variants: [string, Partial<TuneRecipe>][] = [
    ['an adapter with dropout and accumulation', { lora: { ...lora, dropout: 0.3 } }],
    [
      'the best step of a run with validation',
      { lora, optimizer: { ...fast, learningRate: 0.5 }, validationFile: 'examples.jsonl', evaluateEvery: 1, keepBest: true },
    ],
    ['a whole model', { method: 'full', textFile: 'texts.jsonl', microTokens: 128 }],
  ];

  it.each(variants)('gives the same bytes when resumed: %s', async (_, settings) => {
    await using folder = await temporaryFolder();
    const checkpoint = await writeModel(join(folder.path, 'model'));
    const [whole, cut] = [join(folder.path, 'whole'), join(folder.path, 'cut')];
    const recipe = await writeRun(whole, { model: { checkpoint }, optimizer: fast, ...settings });
    await cp(whole, cut, { recursive: true });
    const expected = await runTune(whole, recipe);
    const stop = new AbortController();
    const stopAt = (step: number) => ({
      signal: stop.signal,
      progress: ({ phase, done }: { phase: string; done: number }): void => void (phase === 'training' && done === step && stop.abort()),
    });
    await expect(runTune(cut, recipe, stopAt(3))).rejects.toMatchObject({ code: 'cancelled' } satisfies Partial<AppError>);
    const resumed = await runTune(cut, recipe);
    expect({ ...resumed, cost: undefined }).toEqual({ ...expected, cost: undefined });
    await expectSameOutput(whole, cut);
  });

  // Step 1: before the first snapshot. Step 5: a step after the last one.
  it.each([1, 5])('by SIGKILL after step %i, while it learns from a teacher, gives the same bytes when resumed', async (step) => {
    await using folder = await temporaryFolder();
    const checkpoint = await writeModel(join(folder.path, 'model'));
    const [whole, cut] = [join(folder.path, 'whole'), join(folder.path, 'cut')];
    const distill = { teacher: { checkpoint }, weight: 0.5, temperature: 2 };
    const recipe = await writeRun(whole, { model: { checkpoint }, lora: { ...lora, dropout: 0.1 }, optimizer: fast, distill });
    await cp(whole, cut, { recursive: true });
    await runTune(whole, recipe);
    const killed = spawnSync(process.execPath, [
      fileURLToPath(new URL('../../fixtures/tune-until.ts', import.meta.url)),
      cut,
      String(step),
    ]);
    expect(killed.signal).toBe('SIGKILL');
    expect(readMetrics(join(cut, 'metrics.jsonl')).at(-1)!.step).toBe(step);
    await runTune(cut, recipe);
    await expectSameOutput(whole, cut);
  });

  it('and moved with the whole data folder goes on there, and gives the same bytes', async () => {
    await using folder = await temporaryFolder();
    const [old, moved] = [join(folder.path, 'old'), join(folder.path, 'elsewhere', 'moved')];
    const checkpoint = await writeModel(join(old, 'runs', 'base', 'model'));
    const distill = { teacher: { checkpoint, hash: 'h' }, weight: 0.5, temperature: 1 };
    const [whole, cut] = [join(old, 'runs', 'whole'), join(old, 'runs', 'cut')];
    const recipe = await writeRun(whole, { model: { checkpoint }, lora, optimizer: fast, distill });
    const named = placeRecipe(recipe, (path) => relative(whole, path));
    await writeFile(join(whole, 'spec.json'), JSON.stringify(named));
    await cp(whole, cut, { recursive: true });
    const stop = new AbortController();
    const progress = ({ phase, done }: { phase: string; done: number }): void => void (phase === 'training' && done === 3 && stop.abort());
    await expect(runFolder(cut, { signal: stop.signal, progress })).rejects.toMatchObject({ code: 'cancelled' });
    await runFolder(whole);
    await mkdir(dirname(moved));
    await rename(old, moved);
    await runFolder(join(moved, 'runs', 'cut'));
    const read = (run: string): Promise<Buffer> => readFile(join(moved, 'runs', run, 'adapter', 'adapter_model.safetensors'));
    expect((await read('cut')).equals(await read('whole'))).toBe(true);
    expect(await lossesIn(join(moved, 'runs', 'cut'))).toEqual(await lossesIn(join(moved, 'runs', 'whole')));
  });

  it('is not resumed with another recipe or other data, and says how to go on', async () => {
    await using folder = await temporaryFolder();
    const checkpoint = await writeModel(join(folder.path, 'model'));
    const run = join(folder.path, 'run');
    const recipe = await writeRun(run, { model: { checkpoint }, lora });
    await runTune(run, recipe);
    expect(await readdir(join(run, 'snapshots'))).toEqual(['step-00000004.safetensors']); // one is kept, the newest
    const refused = { code: 'cannot-resume', message: expect.stringMatching(/another recipe.*delete the folder of snapshots/) as string };
    await expect(runTune(run, { ...recipe, seed: 1 })).rejects.toMatchObject(refused);
    await writeFile(join(run, 'examples.jsonl'), '{"id":"0","context":"a","continuation":" b"}\n');
    await expect(runTune(run, recipe)).rejects.toMatchObject(refused);
  });
});

/** Same adapter or checkpoint, byte for byte, and the same losses. */
async function expectSameOutput(a: string, b: string): Promise<void> {
  const outputs = (await readdir(a)).filter((name) => name === 'adapter' || name === 'checkpoint');
  expect(outputs.length).toBeGreaterThan(0);
  for (const output of outputs) {
    for (const file of await readdir(join(a, output))) {
      const [expected, found] = [await readFile(join(a, output, file)), await readFile(join(b, output, file))];
      expect(found.equals(expected), `${output}/${file}`).toBe(true);
    }
  }
  expect(await lossesIn(b)).toEqual(await lossesIn(a));
}

async function examplesOf(run: string, checkpoint: string) {
  const settings = { tokenisation: { bos: true, pair: 'joint' as const }, appendEos: false, loss: 'answer' as const };
  const trees = await readCompletions(join(run, 'examples.jsonl'), settings, await loadTokenizer(checkpoint));
  return [...toBatches(packRows(trees, 64), 256)];
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length);
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
}
