// One benchmark case in a process of its own, so that its peak memory is its own: takes an order as JSON, prints the result as JSON.
import { readFileSync } from 'node:fs';
import type { LlamaConfig } from '../src/shared/llama-config.ts';
import { loraSettings } from '../src/shared/recipe.ts';
import { expectedTensors } from '../src/shared/tensor-names.ts';
import { shareBeginnings } from '../src/worker/evaluate/path-trees.ts';
import { scoreTrees } from '../src/worker/evaluate/score-trees.ts';
import { Device } from '../src/worker/graph/device.ts';
import type { LlamaModel } from '../src/worker/llama/model.ts';
import { scoreModel } from '../src/worker/llama/score-sweep.ts';
import { chunkWindows } from '../src/worker/prune/calibration.ts';
import { initAdamW, updateAdamW } from '../src/worker/tune/adamw.ts';
import { clipScale, gradientNorm } from '../src/worker/tune/clip.ts';
import { createAdapter } from '../src/worker/tune/lora.ts';
import { adapterTrainable } from '../src/worker/tune/trainable.ts';
import { openModelFrom, weightsInMemory } from '../src/worker/weights/open-model.ts';
import type { BenchShape, CaseOrder, CaseResult, Workload } from './workloads.ts';

/** Runs a repetition and returns its mean loss per scored token. */
type Repetition = () => Promise<number>;

function configOf({ hidden, layers, ffn, heads, vocabulary }: BenchShape): LlamaConfig {
  return {
    modelType: 'llama',
    hiddenSize: hidden,
    headSize: hidden / heads,
    vocabSize: vocabulary,
    layers: Array.from({ length: layers }, () => ({ queryHeads: heads, kvHeads: heads, ffn })),
    rmsNormEps: 1e-5,
    ropeTheta: 10_000,
    ropeScaling: { type: 'default' },
    maxPositions: 2048,
    tieWordEmbeddings: false,
    attentionBias: false,
    outputBias: false,
    mlpBias: false,
    qkNorm: false,
    bosTokenId: 1,
    eosTokenIds: [2],
  };
}

/** Uniform words of 32 bits: Marsaglia's xorshift, fast enough for a hundred million weights. */
function xorshift(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

/** Matrices with deviation 0.02, as a fresh model has; norms 1. */
function randomWeights(config: LlamaConfig, seed: number): Map<string, Float32Array> {
  const next = xorshift(seed);
  const scale = (0.02 * Math.sqrt(12)) / 2 ** 32;
  const weights = new Map<string, Float32Array>();
  for (const { name, shape } of expectedTensors(config)) {
    const values = new Float32Array(shape.reduce((product, size) => product * size, 1)).fill(1);
    if (shape.length > 1) for (let i = 0; i < values.length; i++) values[i] = (next() - 2 ** 31) * scale;
    weights.set(name, values);
  }
  return weights;
}

function prepare(model: LlamaModel, work: Workload, seed: number): Repetition {
  const next = xorshift(seed + 1);
  const draw = (length: number): number[] => Array.from({ length }, () => next() % model.config.vocabSize);
  const windows = (rows: number, tokens: number): Int32Array[] => Array.from({ length: rows }, () => Int32Array.from(draw(tokens)));
  switch (work.kind) {
    case 'score': {
      const chunks = chunkWindows(windows(work.rows, work.tokens));
      return async () => (await scoreModel(model, { chunks, criteria: ['param_first'] })).loss;
    }
    case 'lora': {
      const settings = loraSettings.parse({ rank: work.rank, dropout: 0 });
      const trainable = adapterTrainable(model, createAdapter(model.config, settings, seed));
      const moments = initAdamW(trainable.parameters);
      const adam = { learningRate: 1e-4, beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0, clipNorm: 1 };
      const { batch, counted } = chunkWindows(windows(work.rows, work.tokens))[0]!;
      const dropout = { rate: 0, seed, step: 0 };
      return async () => {
        const { loss, gradients } = await trainable.gradients(batch, counted, { dropout, teacher: undefined });
        const gradientScale = clipScale(gradientNorm(gradients), adam.clipNorm);
        updateAdamW(trainable.parameters, gradients, moments, adam, { learningRate: adam.learningRate, gradientScale });
        await trainable.changed();
        return loss.loss;
      };
    }
    case 'choices': {
      const questions = Array.from({ length: work.questions }, () => {
        const context = draw(work.context);
        return Array.from({ length: work.choices }, () => ({ context, continuation: draw(work.continuation) }));
      });
      return async () => {
        let sum = 0;
        let count = 0;
        for await (const { logProbs } of scoreTrees(model, shareBeginnings(questions).trees)) {
          for (const logProb of logProbs) sum -= logProb;
          count += logProbs.length;
        }
        return sum / count;
      };
    }
  }
}

/** The kernel's own mark of the process's largest resident size; elsewhere what Node knows of it. */
function peakMemoryBytes(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS * 1024;
  return Number(/^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'latin1'))![1]) * 1024;
}

const { shape, work, threads, seed, seconds } = JSON.parse(process.argv[2]!) as CaseOrder;
const config = configOf(shape);
const device = await Device.open('cpu', threads);
const model = await openModelFrom(weightsInMemory(config, randomWeights(config, seed)), { device, weights: 'f32' });
const repeat = prepare(model, work, seed);
let loss = await repeat(); // compiles
const times: number[] = [];
const startedAt = performance.now();
while (times.length < 2 || performance.now() - startedAt < seconds * 1000) {
  const from = performance.now();
  loss = await repeat();
  times.push((performance.now() - from) / 1000);
}
times.sort((a, b) => a - b);
const result: CaseResult = { secondsEach: times[Math.floor(times.length / 2)]!, peakMemoryBytes: peakMemoryBytes(), loss };
process.stdout.write(`${JSON.stringify(result)}\n`);
