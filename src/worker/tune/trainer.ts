// The training loop: batch, gradients, clip, update, figures, evaluation, snapshot.
import { setImmediate } from 'node:timers/promises';
import { AppError, throwIfCancelled } from '../../shared/errors.ts';
import type { WorkOptions } from '../../shared/progress.ts';
import type { TuneRecipe } from '../../shared/recipe.ts';
import type { Loss, Teacher } from '../llama/model.ts';
import type { PackedBatch } from '../text/pack.ts';
import { initAdamW, updateAdamW, type AdamWState } from './adamw.ts';
import { clipScale, gradientNorm } from './clip.ts';
import { scheduleFactor } from './schedule.ts';
import type { Trainable } from './trainable.ts';
import type { TrainingData } from './training-data.ts';

export type TrainSettings = Pick<
  TuneRecipe,
  'optimizer' | 'schedule' | 'steps' | 'evaluateEvery' | 'patience' | 'keepBest' | 'snapshotEvery' | 'seed'
> & {
  readonly dropout: number;
};

/** Everything that a step depends on besides the recipe and the parameters' values. */
export interface TrainState {
  /** Updates made. */
  step: number;
  readonly moments: AdamWState;
  /** Loss of the last step. */
  loss: number;
  /** The evaluation with the highest score, and the parameters' values then if they are to be kept. */
  best: { readonly step: number; readonly score: number; readonly values: readonly Float32Array[] } | undefined;
  evaluationsSinceBest: number;
}

/** Figures to record, and the one to choose by (higher is better). */
export interface Validation {
  readonly figures: Readonly<Record<string, number>>;
  readonly score: number;
}

export interface Training {
  readonly trainable: Trainable;
  readonly data: TrainingData;
  readonly settings: TrainSettings;
  readonly teacherOf: ((part: PackedBatch) => Promise<Teacher>) | undefined;
  readonly validate: (() => Promise<Validation>) | undefined;
  readonly record: (step: number, figures: Readonly<Record<string, number>>) => void;
  readonly save: (state: TrainState) => Promise<void>;
}

/** A step's micro-batches draw their dropout masks from separate counters; no step has this many. */
const MICRO_BATCHES = 65_536;

/** The state before the first step. */
export function startState(trainable: Trainable): TrainState {
  return { step: 0, moments: initAdamW(trainable.parameters), loss: NaN, best: undefined, evaluationsSinceBest: 0 };
}

/**
 * Trains from `state` to the recipe's last step, or until patience ends, changing the parameters and the state in place. Returns the
 * number of tokens fed. Asked to stop, it saves the state and throws AppError `cancelled`; a loss that is no number is `bad-recipe`.
 */
export async function train(training: Training, state: TrainState, work: WorkOptions): Promise<number> {
  const { trainable, data, settings, validate, record, save } = training;
  const { optimizer, schedule, steps } = settings;
  let tokens = 0;
  while (state.step < steps && !(settings.patience && state.evaluationsSinceBest >= settings.patience)) {
    const startedAt = performance.now();
    const parts = data.step(state.step);
    const made = await accumulate(training, parts, state.step, work.signal);
    if (!made) break;
    const { loss, gradients } = made;
    const norm = gradientNorm(gradients);
    if (!Number.isFinite(loss.loss) || !Number.isFinite(norm)) throw diverged(state.step, loss.loss, norm, optimizer.learningRate);
    const learningRate = optimizer.learningRate * scheduleFactor(schedule, state.step, steps);
    updateAdamW(trainable.parameters, gradients, state.moments, optimizer, {
      learningRate,
      gradientScale: clipScale(norm, optimizer.clipNorm),
    });
    await trainable.changed();
    state.step += 1;
    state.loss = loss.loss;

    const fed = parts.reduce((sum, { placed }) => sum + placed, 0);
    const tokensPerSecond = (fed * 1000) / (performance.now() - startedAt);
    tokens += fed;
    record(state.step, {
      loss: loss.loss,
      ...(training.teacherOf ? { crossEntropy: loss.crossEntropy, divergence: loss.divergence } : {}),
      learningRate,
      gradientNorm: norm,
      tokensPerSecond,
      memoryBytes: process.memoryUsage.rss(),
    });
    if (validate && isEvaluation(settings, state.step)) {
      const { figures, score } = await validate();
      record(state.step, figures);
      keepBest(state, score, settings.keepBest ? trainable : undefined);
    }
    if (state.step % settings.snapshotEvery === 0 && state.step < steps) await save(state);
    work.progress?.({ phase: 'training', done: state.step, total: steps, unit: 'steps', metrics: { loss: loss.loss, tokensPerSecond } });
  }
  if (work.signal?.aborted) {
    await save(state);
    throwIfCancelled(work.signal);
  }
  return tokens;
}

/** Loss and gradients of a whole step: the sums over its micro-batches, whose weights sum to 1. Undefined when asked to stop. */
async function accumulate(
  training: Training,
  parts: readonly PackedBatch[],
  step: number,
  signal: AbortSignal | undefined,
): Promise<{ loss: Loss; gradients: Float32Array[] } | undefined> {
  const { trainable, settings, teacherOf } = training;
  const loss = { loss: 0, crossEntropy: 0, divergence: 0 };
  let sums: Float32Array[] = [];
  for (const [micro, part] of parts.entries()) {
    await setImmediate(); // lets the process hear a request to stop
    if (signal?.aborted) return undefined;
    const dropout = { rate: settings.dropout, seed: settings.seed, step: step * MICRO_BATCHES + micro };
    const made = await trainable.gradients(part.batch, part.counted, { dropout, teacher: await teacherOf?.(part) });
    loss.loss += made.loss.loss;
    loss.crossEntropy += made.loss.crossEntropy;
    loss.divergence += made.loss.divergence;
    if (micro === 0) sums = made.gradients;
    else for (const [index, sum] of sums.entries()) addInto(sum, made.gradients[index]!);
  }
  return { loss, gradients: sums };
}

function addInto(sum: Float32Array, more: Float32Array): void {
  for (let i = 0; i < sum.length; i++) sum[i]! += more[i]!;
}

function isEvaluation({ evaluateEvery, steps }: TrainSettings, step: number): boolean {
  return step === steps || (evaluateEvery !== undefined && step % evaluateEvery === 0);
}

/** Notes an evaluation; equal scores leave the earlier one the best. */
function keepBest(state: TrainState, score: number, kept: Trainable | undefined): void {
  if (state.best && score <= state.best.score) {
    state.evaluationsSinceBest += 1;
    return;
  }
  state.best = { step: state.step, score, values: kept ? kept.parameters.map(({ values }) => values.slice()) : [] };
  state.evaluationsSinceBest = 0;
}

function diverged(step: number, loss: number, norm: number, learningRate: number): AppError {
  return new AppError(
    'bad-recipe',
    `Training diverged at step ${step + 1}: expected a finite loss and gradient, found ${loss} and norm ${norm}. ` +
      `Lower the learning rate (now ${learningRate}) or lengthen the warm-up.`,
    { step: step + 1, loss, norm },
  );
}
