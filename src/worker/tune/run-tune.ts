// A tune run: reads a run folder's recipe and data, trains, and leaves an adapter or a checkpoint in the folder.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { canonicalJson } from '../../shared/canonical-json.ts';
import { AppError } from '../../shared/errors.ts';
import type { WorkOptions } from '../../shared/progress.ts';
import { placeRecipe, type TuneRecipe } from '../../shared/recipe.ts';
import type { TuneResult } from '../../shared/results.ts';
import { expectedTensors } from '../../shared/tensor-names.ts';
import { writeLlamaConfig } from '../../shared/write-config.ts';
import { measureCost } from '../cost.ts';
import { mergeAdapter } from '../export/merge.ts';
import { saveAdapter } from '../export/peft.ts';
import { openDevice } from '../graph/choose-device.ts';
import type { Adapter, LlamaModel } from '../llama/model.ts';
import { loadTokenizer, type Tokenizer } from '../text/tokenizer.ts';
import { openCheckpoint } from '../weights/checkpoint.ts';
import { fromFloat32 } from '../weights/dtype.ts';
import { openModel } from '../weights/open-model.ts';
import { writeCheckpoint } from '../weights/write-checkpoint.ts';
import { createTeacher } from './distil.ts';
import { createAdapter } from './lora.ts';
import { openMetricsLog } from './metrics-log.ts';
import { openBase, type Base } from './open-base.ts';
import { readTrainingData } from './read-training-data.ts';
import { loadSnapshot, saveSnapshot } from './snapshots.ts';
import { adapterTrainable, modelTrainable, type Trainable } from './trainable.ts';
import { startState, train, type TrainState } from './trainer.ts';
import { createValidation } from './validation.ts';

const METRICS_FILE = 'metrics.jsonl';
const SNAPSHOT_FOLDER = 'snapshots';
const ADAPTER_FOLDER = 'adapter';
const CHECKPOINT_FOLDER = 'checkpoint';

/**
 * Trains by the recipe, going on from the newest snapshot in the folder. Leaves `adapter/` (lora), `checkpoint/` (full, scratch, and lora
 * with `merge`), metrics.jsonl and snapshots/; the result names folders relative to the run's, and `hash` is the checkpoint's where there
 * is one. At an equal device and thread count a run that was stopped or killed and resumed gives the bytes of an uninterrupted one.
 * Throws AppError `cannot-resume`, `cancelled`, `bad-recipe`, and what reading models and data throws.
 */
export async function runTune(folder: string, recipe: TuneRecipe, work: WorkOptions = {}): Promise<TuneResult> {
  const finishCost = measureCost();
  await using opened = new AsyncDisposableStack();
  const { device } = opened.use(await openDevice(recipe.machine));
  const base = opened.use(await openBase(recipe, device, work));
  const tokenizer = await loadTokenizer(recipe.model.checkpoint);
  const data = await readTrainingData(folder, recipe, tokenizer, base.config);

  const adapter = recipe.method === 'lora' ? createAdapter(base.config, recipe.lora, recipe.seed) : undefined;
  const trainable = adapter ? adapterTrainable(base.model, adapter) : modelTrainable(base.model);
  const recipeHash = await hashRecipe(folder, recipe, base, tokenizer);
  const snapshots = join(folder, SNAPSHOT_FOLDER);
  const state = (await loadSnapshot(snapshots, trainable, recipeHash)) ?? startState(trainable);
  using metrics = openMetricsLog(join(folder, METRICS_FILE), state.step);

  const teacher = recipe.distill && opened.use(await openTeacher(recipe, base.model, tokenizer));
  const tokens = await train(
    {
      trainable,
      data,
      settings: { ...recipe, dropout: recipe.lora.dropout },
      teacherOf: teacher && (await createTeacher(teacher, data, recipe.distill!, work)),
      validate: await createValidation(folder, recipe, { model: base.model, tokenizer, adapter }, work),
      record: metrics.record,
      save: (reached) => saveSnapshot(snapshots, trainable.parameters, reached, recipeHash, recipe.keepSnapshots),
    },
    state,
    work,
  );
  const bestStep = await takeBest(trainable, state, recipe.keepBest);
  const saved = await save(folder, recipe, base, adapter, work);
  return {
    kind: 'tune',
    ...saved,
    steps: state.step,
    bestStep,
    finalLoss: state.loss,
    trainableParameters: trainable.parameters.reduce((sum, { values }) => sum + values.length, 0),
    cost: finishCost({ tokens, device: device.kind, threads: device.threads }),
  };
}

/** What the bytes of the result depend on: the recipe, the base, the tokenizer, and the files that are read, wherever they lie. */
async function hashRecipe(folder: string, recipe: TuneRecipe, base: Base, tokenizer: Tokenizer): Promise<string> {
  const { textFile, trainFile, validationChoices, validationFile } = recipe;
  const files: Record<string, string> = {};
  for (const name of [textFile ?? trainFile, validationChoices, validationFile]) {
    if (name !== undefined)
      files[name] = createHash('sha256')
        .update(await readFile(join(folder, name)))
        .digest('hex');
  }
  // A model is what its bytes are; only a teacher whose hash nobody gave is known by its place.
  const teacher = recipe.distill?.teacher.hash ?? recipe.distill?.teacher.checkpoint;
  const placeless = placeRecipe(recipe, () => '');
  return createHash('sha256')
    .update(canonicalJson({ recipe: placeless, base: base.hash, teacher, tokenizer: tokenizer.hash, files }))
    .digest('hex');
}

/** The teacher must read the same ids and speak about the same vocabulary. */
async function openTeacher({ distill, machine }: TuneRecipe, student: LlamaModel, tokenizer: Tokenizer): Promise<LlamaModel> {
  const { checkpoint, adapter } = distill!.teacher;
  if (adapter !== undefined)
    throw new AppError(
      'bad-recipe',
      `A teacher is a checkpoint, but the recipe names the adapter ${adapter} on top of it: merge the two first.`,
    );
  const teacher = await openModel(checkpoint, { device: student.device, weights: machine.weights });
  const same = (await loadTokenizer(checkpoint)).hash === tokenizer.hash;
  if (same && teacher.config.vocabSize === student.config.vocabSize) return teacher;
  await teacher[Symbol.asyncDispose]();
  throw new AppError(
    'bad-recipe',
    `${checkpoint}: the teacher must have the tokenizer and vocabulary of the model that is tuned (${student.config.vocabSize} tokens), ` +
      `found ${teacher.config.vocabSize} tokens${same ? '' : ' and another tokenizer'}. Take the model that this one was pruned from.`,
  );
}

/** Puts the best evaluation's values in place when asked for; returns the step that the parameters are of. */
async function takeBest(trainable: Trainable, { best, step }: TrainState, keepBest: boolean): Promise<number> {
  if (!keepBest || !best) return step;
  for (const [index, { values }] of trainable.parameters.entries()) values.set(best.values[index]!);
  await trainable.changed();
  return best.step;
}

async function save(
  folder: string,
  recipe: TuneRecipe,
  base: Base,
  adapter: Adapter | undefined,
  work: WorkOptions,
): Promise<Pick<TuneResult, 'adapter' | 'checkpoint' | 'hash'>> {
  const target = join(folder, CHECKPOINT_FOLDER);
  if (adapter) {
    const { dropout, rsLora } = recipe.lora;
    await saveAdapter(join(folder, ADAPTER_FOLDER), adapter, { baseHash: base.hash, basePath: recipe.model.checkpoint, dropout, rsLora });
    if (!recipe.merge) return { adapter: ADAPTER_FOLDER, checkpoint: undefined, hash: undefined };
    await mergeAdapter(base.checkpoint!, adapter, target, { dtype: recipe.saveDtype, ...work });
  } else {
    const dtype = recipe.saveDtype ?? base.checkpoint?.dtype ?? 'F32';
    const weights = base.model.store.host();
    const tensors = expectedTensors(base.config).map(({ name, shape }) => ({
      name,
      shape,
      dtype,
      data: () => fromFloat32(dtype, weights.get(name) as Float32Array<ArrayBuffer>),
    }));
    await writeCheckpoint(target, {
      config: writeLlamaConfig(base.rawConfig, base.config, { dtype }),
      tensors,
      copyFrom: recipe.model.checkpoint,
    });
  }
  await using written = await openCheckpoint(target);
  return { adapter: adapter && ADAPTER_FOLDER, checkpoint: CHECKPOINT_FOLDER, hash: await written.hash(work) };
}
