// Writes base and adapter as one checkpoint: W + scale·B·A, tensor by tensor.
import { throwIfCancelled } from '../../shared/errors.ts';
import type { WorkOptions } from '../../shared/progress.ts';
import { PROJECTIONS } from '../../shared/recipe.ts';
import { expectedTensors, projectionModule } from '../../shared/tensor-names.ts';
import { writeLlamaConfig } from '../../shared/write-config.ts';
import type { Adapter } from '../llama/model.ts';
import type { Checkpoint } from '../weights/checkpoint.ts';
import { fromFloat32, isWeightDtype, toFloat32 } from '../weights/dtype.ts';
import type { WeightDtype } from '../weights/dtype.ts';
import type { WritableTensor } from '../weights/safetensors.ts';
import { writeCheckpoint } from '../weights/write-checkpoint.ts';

export interface MergeOptions extends WorkOptions {
  /** The dtype of every written weight; each keeps its own when left out. */
  readonly dtype?: WeightDtype;
}

/**
 * Writes the checkpoint of `checkpoint` with `adapter` added into its weights, computed in f32 and rounded once; pass no adapter to convert the
 * dtype only. Throws AppError `cancelled` or `disk-full`, with nothing left at `outFolder`.
 */
export async function mergeAdapter(
  checkpoint: Checkpoint,
  adapter: Adapter | undefined,
  outFolder: string,
  { dtype, signal, progress }: MergeOptions = {},
): Promise<void> {
  const tensors = listMergedTensors(checkpoint, adapter, { dtype, signal, progress, phase: 'writing the merged model' });
  const config = writeLlamaConfig(checkpoint.rawConfig, checkpoint.config, { dtype: dtype ?? checkpoint.dtype });
  await writeCheckpoint(outFolder, { config, tensors, copyFrom: checkpoint.folder });
}

/** A weight that is computed when its turn comes. */
export interface WeightTensor extends WritableTensor {
  readonly dtype: WeightDtype;
}

/**
 * The weights of `checkpoint` with `adapter` added in, in the order in which they are used. Each is computed when its data is asked for, and
 * tells how far that is; `cancelled` is thrown there.
 */
export function listMergedTensors(
  checkpoint: Checkpoint,
  adapter: Adapter | undefined,
  { dtype, phase, signal, progress }: MergeOptions & { readonly phase: string },
): WeightTensor[] {
  const plan = expectedTensors(checkpoint.config);
  return plan.map(({ name, shape, layer, part }, done) => {
    const projection = PROJECTIONS.find((candidate) => part === `${projectionModule(candidate)}.weight`);
    const delta = projection && adapter?.weights.get(`${layer}.${projection}`);
    const stored = checkpoint.tensors.get(name)!.dtype;
    const target = dtype ?? (isWeightDtype(stored) ? stored : 'F32');
    return {
      name,
      dtype: target,
      shape,
      async data(): Promise<Uint8Array> {
        throwIfCancelled(signal);
        const tensor = await checkpoint.read(name);
        progress?.({ phase, done: done + 1, total: plan.length, unit: 'tensors' });
        if (delta === undefined && tensor.dtype === target) return tensor.data;
        const w = toFloat32(tensor.dtype, tensor.data);
        if (adapter !== undefined && delta !== undefined) addLowRank(w, delta.a, delta.b, adapter.rank, adapter.scale);
        return fromFloat32(target, w);
      },
    };
  });
}

/** w += scale·b·a in place; w [out, in], a [R, in], b [out, R]. */
function addLowRank(w: Float32Array, a: Float32Array, b: Float32Array, rank: number, scale: number): void {
  const width = a.length / rank;
  const row = new Float64Array(width);
  for (let o = 0; o * width < w.length; o++) {
    row.fill(0);
    for (let r = 0; r < rank; r++) {
      const factor = scale * b[o * rank + r]!;
      for (let i = 0; i < width; i++) row[i]! += factor * a[r * width + i]!;
    }
    for (let i = 0; i < width; i++) w[o * width + i]! += row[i]!;
  }
}
