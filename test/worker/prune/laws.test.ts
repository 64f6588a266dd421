// The laws of pruning: a sliced model is the zeroed model, a Taylor score is a measured derivative, scores do not depend on chunks.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { layerTensor } from '../../../src/shared/tensor-names.ts';
import { Device } from '../../../src/worker/graph/device.ts';
import type { LlamaModel } from '../../../src/worker/llama/model.ts';
import { scoreModel } from '../../../src/worker/llama/score-sweep.ts';
import { chunkWindows } from '../../../src/worker/prune/calibration.ts';
import { readScores, writeScores } from '../../../src/worker/prune/scores-file.ts';
import { slice } from '../../../src/worker/prune/slice.ts';
import { openCheckpoint } from '../../../src/worker/weights/checkpoint.ts';
import { openModel } from '../../../src/worker/weights/open-model.ts';
import { TINY_CONFIG, countAll, plainBatch, tinyModel } from '../llama/tiny-model.ts';
import { temporaryFolder, writeTiny } from '../weights/tiny-checkpoint.ts';

let device: Device;
beforeAll(async () => {
  device = await Device.open('cpu', 2);
});
afterAll(() => device.dispose());

const windows = (rows: number, T: number): Int32Array[] => Array.from({ length: rows }, (_, b) => plainBatch(1, T, 20 + b).ids);
const meanLoss = async (model: LlamaModel, rows: readonly Int32Array[]): Promise<number> => {
  const [{ batch, counted }] = chunkWindows(rows) as [ReturnType<typeof chunkWindows>[number]];
  return -(await model.logProbs(batch, counted)).reduce((a, b) => a + b, 0) / counted.at.length;
};

describe('a sliced model', () => {
  it('computes what the whole model does with the dropped groups’ outputs zeroed', async () => {
    await using folder = await temporaryFolder();
    const [base, out] = [join(folder.path, 'base'), join(folder.path, 'out')];
    await mkdir(base);
    const config = { ...TINY_CONFIG, layers: TINY_CONFIG.layers.map(() => ({ queryHeads: 6, kvHeads: 3, ffn: 10 })), hiddenSize: 24 };
    await writeTiny(base, config);
    const kept = {
      hidden: undefined,
      layers: [
        { kvGroups: [0, 2], ffn: [0, 1, 4, 5, 9] },
        { kvGroups: [1], ffn: [2, 3, 6, 7, 8] },
      ],
    };
    await using checkpoint = await openCheckpoint(base);
    await slice(checkpoint, kept, out, { pruning: {} });
    await using sliced = await openModel(out, { device });
    await using zeroed = await openModel(base, { device, trainable: true });
    const { headSize: E } = config;
    for (const [layer, { kvGroups, ffn }] of kept.layers.entries()) {
      const o = zeroed.store.host().get(layerTensor(layer, 'self_attn.o_proj.weight'))!;
      const down = zeroed.store.host().get(layerTensor(layer, 'mlp.down_proj.weight'))!;
      o.forEach((_, i) => {
        if (!kvGroups.includes(Math.floor((i % (6 * E)) / (2 * E)))) o[i] = 0;
      });
      down.forEach((_, i) => {
        if (!ffn.includes(i % 10)) down[i] = 0;
      });
    }
    const batch = plainBatch(2, 12);
    const [a, b] = [await sliced.logProbs(batch, countAll(batch)), await zeroed.logProbs(batch, countAll(batch))];
    expect(Math.max(...a.map((v, i) => Math.abs(v - b[i]!)))).toBeLessThan(1e-4);
  });
});

describe('a Taylor score', () => {
  it('of a vectorised down_proj column is the derivative of the loss by that column’s scale', async () => {
    await using model = await tinyModel(device);
    const rows = windows(3, 16);
    const { scores } = await scoreModel(model, { chunks: chunkWindows(rows), criteria: ['vectorize'] });
    const [channel, F, h] = [3, TINY_CONFIG.layers[0]!.ffn, 2e-2];
    const down = model.store.host().get(layerTensor(1, 'mlp.down_proj.weight'))!;
    const original = down.slice();
    const lossAt = async (factor: number): Promise<number> => {
      down.forEach((_, i) => (down[i] = i % F === channel ? original[i]! * factor : original[i]!));
      return meanLoss(model, rows);
    };
    const measured = ((await lossAt(1 + h)) - (await lossAt(1 - h))) / (2 * h);
    const score = scores[0]!.layers[1]!.ffn[2]![channel]!;
    expect(score).toBeGreaterThan(1e-4);
    expect(Math.abs(Math.abs(measured) - score) / score).toBeLessThan(2e-2); // f32 losses, and the curvature over ±2 %
  });

  it('does not depend on how the samples are cut into chunks', async () => {
    await using model = await tinyModel(device);
    const rows = windows(4, 12);
    const [all] = chunkWindows(rows);
    const halves = [rows.slice(0, 2), rows.slice(2)].map((half) => {
      const [{ batch, counted }] = chunkWindows(half) as [ReturnType<typeof chunkWindows>[number]];
      return { batch, counted: { ...counted, weights: counted.weights.map((weight) => weight / 2) } };
    });
    const criteria = ['param_first', 'param_second', 'param_mix'] as const;
    const [whole, cut] = [await scoreModel(model, { chunks: [all!], criteria }), await scoreModel(model, { chunks: halves, criteria })];
    expect(cut.loss).toBeCloseTo(whole.loss, 5);
    for (const [i, { layers }] of whole.scores.entries()) {
      for (const [layer, { attention, ffn }] of layers.entries()) {
        const other = cut.scores[i]!.layers[layer]!;
        const pairs = [...attention.map((v, m) => [v, other.attention[m]!] as const), ...ffn.map((v, m) => [v, other.ffn[m]!] as const)];
        for (const [one, two] of pairs) expect(Math.max(...one.map((v, j) => Math.abs(v - two[j]!)))).toBeLessThan(1e-4 * Math.max(...one));
      }
    }
  });

  it('of the hidden channels covers every place where they occur', async () => {
    await using model = await tinyModel(device, { tieWordEmbeddings: false });
    const rows = windows(2, 12);
    const { scores } = await scoreModel(model, { chunks: chunkWindows(rows), criteria: ['vectorize'], hidden: true });
    const L = TINY_CONFIG.layers.length;
    expect(scores[0]!.hidden).toHaveLength(L * 9 + 3); // seven projections and two norms a layer, final norm, embedding, lm_head
    // Scaling a hidden channel of the embedding alone: the derivative is the embedding member's score.
    const embedding = model.store.host().get('model.embed_tokens.weight')!;
    const [D, channel, h] = [TINY_CONFIG.hiddenSize, 5, 2e-2];
    const original = embedding.slice();
    const lossAt = async (factor: number): Promise<number> => {
      embedding.forEach((_, i) => (embedding[i] = i % D === channel ? original[i]! * factor : original[i]!));
      return meanLoss(model, rows);
    };
    const measured = ((await lossAt(1 + h)) - (await lossAt(1 - h))) / (2 * h);
    const score = scores[0]!.hidden!.at(-2)![channel]!;
    expect(Math.abs(Math.abs(measured) - score)).toBeLessThan(3e-2 * score + 1e-4);
  });
});

describe('a scores file', () => {
  it('gives back what was written, for the model it was written for', async () => {
    await using folder = await temporaryFolder();
    await using model = await tinyModel(device);
    const { scores } = await scoreModel(model, { chunks: chunkWindows(windows(2, 12)), criteria: ['l1', 'param_first'] });
    const path = join(folder.path, 'scores.safetensors');
    await writeScores(path, scores, { modelHash: 'abc', layers: 2 });
    expect(await readScores(path, 'param_first', 'abc')).toEqual(scores[1]);
    await expect(readScores(path, 'param_first', 'other')).rejects.toThrow('Score this model');
    await expect(readScores(path, 'l2', 'abc')).rejects.toThrow('no l2 scores');
  });
});
