// Ten LoRA steps on a real model against float64 PyTorch.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PROJECTIONS } from '../../../src/shared/recipe.ts';
import { Device } from '../../../src/worker/graph/device.ts';
import type { LlamaModel } from '../../../src/worker/llama/model.ts';
import { openModel } from '../../../src/worker/weights/open-model.ts';
import type { TokenTree } from '../../../src/worker/text/pack.ts';
import { createAdapter } from '../../../src/worker/tune/lora.ts';
import { adapterTrainable } from '../../../src/worker/tune/trainable.ts';
import { startState, train, type TrainSettings } from '../../../src/worker/tune/trainer.ts';
import { exampleSteps } from '../../../src/worker/tune/training-data.ts';

const FOLDER = join(import.meta.dirname, '../../../../shared/data/models/stories260K');
const missing = !existsSync(FOLDER);

interface Golden {
  readonly token_ids: readonly number[][];
  readonly lora: {
    readonly r: number;
    readonly alpha: number;
    readonly adamw: {
      readonly lr: number;
      readonly weight_decay: number;
      readonly clip_norm: number;
      readonly steps: readonly { readonly loss: number; readonly grad_norm: number }[];
    };
  };
}

describe.skipIf(missing)('ten AdamW steps on stories260K (skipped where ../shared/data is missing)', () => {
  let device: Device;
  let model: LlamaModel;
  let golden: Golden;
  beforeAll(async () => {
    device = await Device.open('cpu', 2);
    model = await openModel(FOLDER, { device });
    golden = JSON.parse(readFileSync(join(FOLDER, 'golden.json'), 'utf8')) as Golden;
  });
  afterAll(async () => {
    await model[Symbol.asyncDispose]();
    await device.dispose();
  });

  // All four rows at once, and two rows at a time: accumulation must give the same trajectory.
  it.each([4096, 128])('have the losses and gradient norms of float64 with micro-batches of at most %i tokens', async (microTokens) => {
    const { r, alpha, adamw } = golden.lora;
    const adapter = createAdapter(model.config, { rank: r, alpha, dropout: 0, rsLora: false, targets: [...PROJECTIONS] }, 1);
    for (const [key, { a, b }] of adapter.weights) {
      const [layer, projection] = key.split('.') as [string, (typeof PROJECTIONS)[number]];
      const j = PROJECTIONS.indexOf(projection);
      fillSine(a, a.length / r, 0.05, Number(layer) + 0.1 * j);
      fillSine(b, r, 0.02, Number(layer) + 0.2 * j);
    }
    // Targets with index >= T/2 count, where target t is token t + 1: the context is everything before.
    const trees = golden.token_ids.map((ids): TokenTree => {
      const split = ids.length / 2 + 1;
      return { context: Int32Array.from(ids.slice(0, split)), branches: [Int32Array.from(ids.slice(split))], counts: 'branches' };
    });
    const data = exampleSteps(trees, { batch: 4, seed: 1, limit: 64, microTokens });
    const settings: TrainSettings = {
      optimizer: {
        learningRate: adamw.lr,
        beta1: 0.9,
        beta2: 0.999,
        eps: 1e-8,
        weightDecay: adamw.weight_decay,
        clipNorm: adamw.clip_norm,
      },
      schedule: { kind: 'constant', warmupSteps: 0 },
      steps: adamw.steps.length,
      evaluateEvery: undefined,
      patience: undefined,
      keepBest: false,
      snapshotEvery: 1000,
      seed: 1,
      dropout: 0,
    };
    const trainable = adapterTrainable(model, adapter);
    const found: Record<string, number>[] = [];
    const record = (_: number, figures: Readonly<Record<string, number>>): void => void found.push(figures);
    await train(
      { trainable, data, settings, teacherOf: undefined, validate: undefined, record, save: async () => undefined },
      startState(trainable),
      {},
    );
    for (const [step, { loss, grad_norm: norm }] of adamw.steps.entries()) {
      expect(Math.abs(found[step]!['loss']! - loss)).toBeLessThan(1e-4);
      expect(Math.abs(found[step]!['gradientNorm']! - norm) / norm).toBeLessThan(1e-3);
    }
  });
});

/** The golden file's stated initialisation: size·sin((0.7·row + 0.3·column + p)·(1 + p/10)). */
function fillSine(values: Float32Array, columns: number, size: number, p: number): void {
  for (let i = 0; i < values.length; i++) {
    const [row, column] = [Math.floor(i / columns), i % columns];
    values[i] = size * Math.sin((0.7 * row + 0.3 * column + p) * (1 + p / 10));
  }
}
