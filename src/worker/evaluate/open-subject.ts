// Opens what a recipe names for evaluation: its checkpoint, tokenizer and adapter, on the device it asks for.
import type { WorkOptions } from '../../shared/progress.ts';
import type { Machine, ModelRef } from '../../shared/recipe.ts';
import { loadAdapter } from '../export/peft.ts';
import { openDevice } from '../graph/choose-device.ts';
import type { Device } from '../graph/device.ts';
import { loadTokenizer } from '../text/tokenizer.ts';
import { checkHash, openCheckpoint } from '../weights/checkpoint.ts';
import { openModelFrom } from '../weights/open-model.ts';
import type { Subject } from './subject.ts';

/** A subject and the device that it lives on; disposing frees both. */
export interface OpenSubject extends Subject, AsyncDisposable {
  readonly device: Device;
}

/**
 * Opens model, tokenizer and adapter. A hash in the reference is verified first. Throws AppError `bad-model` when the checkpoint is not the
 * one that the hash names, and whatever the checkpoint, the tokenizer, the adapter or the device throw.
 */
export async function openSubject(ref: ModelRef, machine: Machine, work: WorkOptions = {}): Promise<OpenSubject> {
  await using checkpoint = await openCheckpoint(ref.checkpoint);
  const tokenizer = await loadTokenizer(ref.checkpoint);
  const hash = ref.hash !== undefined || ref.adapter !== undefined ? await checkHash(checkpoint, ref.hash, work) : '';
  const adapter = ref.adapter === undefined ? undefined : await loadAdapter(ref.adapter, checkpoint.config, hash);
  await using opened = new AsyncDisposableStack();
  const { device } = opened.use(await openDevice(machine));
  const model = opened.use(await openModelFrom(checkpoint, { device, weights: machine.weights }));
  const resources = opened.move();
  return { model, tokenizer, adapter, device, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}
