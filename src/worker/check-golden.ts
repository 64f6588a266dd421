// Compares the engine with a golden file: a float64 reference of log-probabilities, scores, LoRA, AdamW and a pruned model.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { AppError, throwIfCancelled } from '../shared/errors.ts';
import type { WorkOptions } from '../shared/progress.ts';
import type { Criterion, Machine } from '../shared/recipe.ts';
import { unitScores } from '../shared/prune/unit-scores.ts';
import { parseCut, parseMask, parseWave, projectionOf, readGolden, type Golden } from './golden-file.ts';
import { openDevice } from './graph/choose-device.ts';
import type { Device } from './graph/device.ts';
import type { Batch, Counted } from './llama/batch.ts';
import { layerWidths, projectionSize } from './llama/block.ts';
import type { Adapter, LlamaModel } from './llama/model.ts';
import { scoreModel } from './llama/score-sweep.ts';
import { chunkWindows } from './prune/calibration.ts';
import { slice } from './prune/slice.ts';
import { initAdamW, updateAdamW } from './tune/adamw.ts';
import { clipScale, gradientNorm } from './tune/clip.ts';
import { adapterParameters } from './tune/lora.ts';
import { openCheckpoint } from './weights/checkpoint.ts';
import { openModel } from './weights/open-model.ts';

/** The largest error of one section, in the measure of its tolerance. */
export interface GoldenSection {
  readonly section: string;
  readonly error: number;
  readonly tolerance: number;
  readonly measure: string;
  readonly ok: boolean;
}
export interface GoldenReport {
  readonly model: string;
  readonly device: string;
  readonly sections: readonly GoldenSection[];
  readonly ok: boolean;
}

// The tolerances: f32 against float64.
const LOG_PROBABILITY = 2e-4;
const SCORE = 1e-3;
const GRADIENT = 1e-3;
const LOSS = 1e-4;

const largest = (found: ArrayLike<number>, expected: readonly number[]): number =>
  expected.reduce((max, value, i) => worse(max, Math.abs(value - (found[i] ?? NaN))), 0);
/** The larger of two errors; a NaN stays, so that it can never pass. */
const worse = (a: number, b: number): number => (Number.isNaN(a) || Number.isNaN(b) ? NaN : Math.max(a, b));

/**
 * Runs every section that the golden file has and returns the errors. Throws AppError `bad-file` when the file is not of the known form
 * (see the golden.json beside a test model), and whatever opening the model throws.
 */
export async function checkGolden(
  folder: string,
  goldenPath: string,
  machine: Pick<Machine, 'device' | 'threads' | 'weights'>,
  work: WorkOptions = {},
): Promise<GoldenReport> {
  const reference = await readGolden(goldenPath);
  using lent = await openDevice(machine);
  const { device, why } = lent;
  await using model = await openModel(folder, { device, weights: machine.weights });
  const run = new Comparison(reference, model, basename(goldenPath));
  const steps = [() => run.logProbabilities(), () => run.scores(), () => run.lora(), () => run.adamW(), () => run.pruned(folder, device)];
  for (const [i, step] of steps.entries()) {
    throwIfCancelled(work.signal);
    await step();
    work.progress?.({ phase: 'checking', done: i + 1, total: steps.length, unit: 'sections' });
  }
  if (run.sections.length === 0) throw new AppError('bad-file', `${goldenPath} holds no section that can be compared.`);
  return { model: folder, device: `${device.kind}: ${why}`, sections: run.sections, ok: run.sections.every(({ ok }) => ok) };
}

class Comparison {
  readonly sections: GoldenSection[] = [];
  readonly #golden: Golden;
  readonly #model: LlamaModel;
  readonly #where: string;
  readonly #batch: Batch;
  /** Every next-token prediction, row after row. */
  readonly #counted: Counted;

  constructor(reference: Golden, model: LlamaModel, where: string) {
    this.#golden = reference;
    this.#model = model;
    this.#where = where;
    const rows = reference.token_ids.map((row) => Int32Array.from(row));
    const [B, T] = [rows.length, rows[0]!.length];
    const { vocabSize, maxPositions } = model.config;
    if (T > maxPositions || rows.some((row) => row.some((id) => id >= vocabSize)))
      throw new AppError(
        'bad-file',
        `${where}: its rows of ${T} tokens do not fit a model of ${vocabSize} tokens and ${maxPositions} positions.`,
      );
    const ids = Int32Array.from(rows.flatMap((row) => [...row]));
    const plain = new Int32Array(B * T);
    this.#batch = { rows: B, tokens: T, ids, positions: ids.map((_, n) => n % T), sequence: plain, branch: plain };
    this.#counted = this.#count((t) => t < T - 1);
  }

  /** Counts the predictions made at the chosen places of each row, equally. */
  #count(chosen: (t: number) => boolean): Counted {
    const { tokens: T, ids } = this.#batch;
    const at = Int32Array.from(ids.keys()).filter((n) => n % T < T - 1 && chosen(n % T));
    return { at, targets: at.map((n) => ids[n + 1]!), weights: new Float32Array(at.length).fill(1 / at.length) };
  }

  #report(section: string, error: number, tolerance: number, measure: string): void {
    this.sections.push({ section, error, tolerance, measure, ok: error <= tolerance });
  }

  async logProbabilities(): Promise<void> {
    const { token_logprobs: expected, mean_loss: meanLoss, logits_first_row_position_5: row } = this.#golden;
    const found = await this.#model.logProbs(this.#batch, this.#counted);
    if (expected) this.#report('log-probabilities', largest(found, expected.flat()), LOG_PROBABILITY, 'absolute');
    if (meanLoss !== undefined)
      this.#report('mean loss', Math.abs(meanLoss + found.reduce((a, b) => a + b, 0) / found.length), LOSS, 'absolute');
    if (row) this.#report('logits', largest(await this.#model.logits(this.#batch, Int32Array.of(5)), row), LOG_PROBABILITY, 'absolute');
  }

  async scores(): Promise<void> {
    const expected = this.#golden.importance_sum_reduction;
    if (!expected) return;
    const windows = this.#golden.token_ids.map((row) => Int32Array.from(row));
    const criteria = (Object.keys(expected) as Criterion[]).filter((criterion) => criterion !== 'random');
    const { scores } = await scoreModel(this.#model, { chunks: chunkWindows(windows), criteria });
    for (const one of scores) {
      const { layers } = unitScores(this.#model.config, one, 'sum');
      const { kv_group: kv, ffn } = expected[one.criterion]!;
      for (const [kind, reference, units] of [
        ['KV groups', kv, layers.map(({ kvGroups }) => kvGroups)],
        ['FFN channels', ffn, layers.map((layer) => layer.ffn)],
      ] as const) {
        const errors = reference.map((values, layer) => largest(units[layer] ?? [], values) / Math.max(...values));
        this.#report(`importance ${one.criterion}, ${kind}`, errors.reduce(worse, 0), SCORE, 'relative to the layer’s largest');
      }
    }
  }

  #adapter(): Adapter {
    const lora = this.#golden.lora!;
    const weights = new Map<string, { a: Float32Array; b: Float32Array }>();
    const [makeA, makeB] = [parseWave(lora.A_init, this.#where), parseWave(lora.B_init, this.#where)];
    const targets = lora.j.map((module) => projectionOf(module, this.#where));
    for (const layer of this.#model.config.layers.keys()) {
      targets.forEach((projection, j) => {
        const size = projectionSize(layerWidths(this.#model.config, layer), projection);
        weights.set(`${layer}.${projection}`, { a: makeA(lora.r, size.in, layer, j), b: makeB(size.out, lora.r, layer, j) });
      });
    }
    return { rank: lora.r, scale: lora.alpha / lora.r, targets, weights };
  }

  #maskedCount(): Counted {
    const from = parseMask(this.#golden.lora!.loss_mask, this.#batch.tokens, this.#where);
    return this.#count((t) => t >= from);
  }

  async lora(): Promise<void> {
    const lora = this.#golden.lora;
    if (!lora) return;
    const { loss, gradients } = await this.#model.adapterGradients(this.#batch, this.#maskedCount(), this.#adapter());
    this.#report('LoRA loss', Math.abs(loss.loss - lora.loss), LOSS, 'absolute');
    let error = 0;
    for (const [key, [normA, normB]] of Object.entries(lora.grad_norms)) {
      const [layer, module] = [key.slice(0, key.indexOf('.')), key.slice(key.indexOf('.') + 1)];
      const found = gradients.get(`${layer}.${projectionOf(module, this.#where)}`);
      error = worse(error, Math.abs(gradientNorm([found?.a ?? new Float32Array()]) - normA) / normA);
      error = worse(error, Math.abs(gradientNorm([found?.b ?? new Float32Array()]) - normB) / normB);
    }
    this.#report('LoRA gradient norms', error, GRADIENT, 'relative');
    const last = this.#model.config.layers.length - 1;
    const vector = (name: string, found: readonly number[], expected: readonly number[] | undefined): void => {
      if (!expected) return;
      const difference = Math.hypot(...expected.map((value, i) => value - (found[i] ?? NaN)));
      this.#report(name, difference / Math.hypot(...expected), GRADIENT, 'relative to its norm');
    };
    const a = gradients.get('0.q_proj')?.a ?? new Float32Array();
    vector('LoRA gradient, a row of A', [...a.subarray(0, this.#model.config.hiddenSize)], lora.grad_A_layer0_q_row0);
    const b = gradients.get(`${last}.down_proj`)?.b ?? new Float32Array();
    vector(
      'LoRA gradient, a column of B',
      [...b].filter((_, i) => i % lora.r === 0),
      lora.grad_B_last_down_col0,
    );
  }

  async adamW(): Promise<void> {
    const adamw = this.#golden.lora?.adamw;
    if (!adamw) return;
    const adapter = this.#adapter();
    const parameters = adapterParameters(adapter);
    const state = initAdamW(parameters);
    const settings = { beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: adamw.weight_decay };
    const counted = this.#maskedCount();
    let [lossError, normError] = [0, 0];
    for (const expected of adamw.steps) {
      const { loss, gradients } = await this.#model.adapterGradients(this.#batch, counted, adapter);
      const flat = [...adapter.weights.keys()].flatMap((key) => [gradients.get(key)!.a, gradients.get(key)!.b]);
      const norm = gradientNorm(flat);
      lossError = worse(lossError, Math.abs(loss.loss - expected.loss));
      normError = worse(normError, Math.abs(norm - expected.grad_norm) / expected.grad_norm);
      updateAdamW(parameters, flat, state, settings, { learningRate: adamw.lr, gradientScale: clipScale(norm, adamw.clip_norm) });
    }
    this.#report(`AdamW, losses of ${adamw.steps.length} steps`, lossError, LOSS, 'absolute');
    this.#report(`AdamW, gradient norms of ${adamw.steps.length} steps`, normError, GRADIENT, 'relative');
  }

  async pruned(folder: string, device: Device): Promise<void> {
    const pruned = this.#golden.pruned;
    if (!pruned) return;
    const scratch = await mkdtemp(join(tmpdir(), 'tailor-check-'));
    try {
      await using base = await openCheckpoint(folder);
      await slice(base, parseCut(pruned.recipe, base.config, this.#where), join(scratch, 'model'), { pruning: { recipe: pruned.recipe } });
      await using model = await openModel(join(scratch, 'model'), {
        device,
        weights: this.#model.store.matrices === 'float16' ? 'f16' : 'f32',
      });
      const found = await model.logProbs(this.#batch, this.#counted);
      this.#report(
        'pruned model, mean loss',
        Math.abs(pruned.mean_loss + found.reduce((a, b) => a + b, 0) / found.length),
        LOSS,
        'absolute',
      );
      if (pruned.row0_token_logprobs)
        this.#report('pruned model, log-probabilities', largest(found, pruned.row0_token_logprobs), LOG_PROBABILITY, 'absolute');
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  }
}
