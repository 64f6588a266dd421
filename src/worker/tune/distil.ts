// The unpruned model's final hidden states at the counted places, which its head turns into the predictions to follow.
import { setImmediate } from 'node:timers/promises';
import { throwIfCancelled } from '../../shared/errors.ts';
import type { WorkOptions } from '../../shared/progress.ts';
import type { LlamaModel, Teacher } from '../llama/model.ts';
import type { PackedBatch } from '../text/pack.ts';
import type { TrainingData } from './training-data.ts';

/** Above this the states are computed anew at every step instead of being kept. */
const KEPT_BYTES = 2 ** 29;

/**
 * Returns what gives a micro-batch its teacher. The states of the whole set are computed once when they fit into memory, in an order
 * that does not depend on the step, so that a resumed run reads the same bytes.
 */
export async function createTeacher(
  model: LlamaModel,
  data: TrainingData,
  settings: { readonly weight: number; readonly temperature: number },
  work: WorkOptions,
): Promise<(part: PackedBatch) => Promise<Teacher>> {
  const { weight, temperature } = settings;
  const width = model.config.hiddenSize;
  const compute = (part: PackedBatch): Promise<Float32Array> => model.finalHidden(part.batch, part.counted.at);
  if (data.counted * width * Float32Array.BYTES_PER_ELEMENT > KEPT_BYTES) {
    return async (part) => ({ model, hidden: await compute(part), weight, temperature });
  }
  const kept = new Float32Array(data.counted * width);
  const slots = new Map<number, number>();
  for (const part of data.everything()) {
    await setImmediate();
    throwIfCancelled(work.signal);
    kept.set(await compute(part), slots.size * width);
    for (let n = 0; n < part.item.length; n++) slots.set(tokenKey(part, n), slots.size);
    work.progress?.({ phase: 'the teacher', done: slots.size, total: data.counted, unit: 'tokens' });
  }
  return async (part) => {
    const hidden = new Float32Array(part.item.length * width);
    for (let n = 0; n < part.item.length; n++) {
      const slot = slots.get(tokenKey(part, n))!;
      hidden.set(kept.subarray(slot * width, (slot + 1) * width), n * width);
    }
    return { model, hidden, weight, temperature };
  };
}

/** One number for a counted token of an item with at most one branch; items have fewer than 2^24 tokens. */
function tokenKey({ item, branch, token }: PackedBatch, n: number): number {
  return (2 * item[n]! + branch[n]! + 1) * 2 ** 24 + token[n]!;
}
