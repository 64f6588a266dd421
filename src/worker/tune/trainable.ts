// What the trainer trains: an adapter on a frozen model or a whole model, behind one small face.
import { expectedTensors } from '../../shared/tensor-names.ts';
import type { Batch, Counted } from '../llama/batch.ts';
import type { Adapter, Dropout, LlamaModel, Loss, Teacher } from '../llama/model.ts';
import type { Parameter } from './adamw.ts';
import { adapterParameters } from './lora.ts';

/** `gradients` come in the order of `parameters`, whose values the trainer changes in place and then says so by `changed`. */
export interface Trainable {
  readonly parameters: readonly Parameter[];
  gradients(
    batch: Batch,
    counted: Counted,
    options: { dropout: Dropout; teacher: Teacher | undefined },
  ): Promise<{ loss: Loss; gradients: Float32Array[] }>;
  changed(): Promise<void>;
}

/** The adapter's A and B; the model stays as it is. */
export function adapterTrainable(model: LlamaModel, adapter: Adapter): Trainable {
  return {
    parameters: adapterParameters(adapter),
    gradients: async (batch, counted, { dropout, teacher }) => {
      const used = dropout.rate > 0 ? dropout : undefined;
      const { loss, gradients } = await model.adapterGradients(batch, counted, adapter, { dropout: used, teacher });
      return { loss, gradients: [...adapter.weights.keys()].flatMap((key) => [gradients.get(key)!.a, gradients.get(key)!.b]) };
    },
    changed: async () => undefined,
  };
}

/** Every weight of the model, opened as trainable. Only matrices decay, as is usual; norms and biases do not. */
export function modelTrainable(model: LlamaModel): Trainable {
  const weights = model.store.host();
  const parameters = expectedTensors(model.config).map(({ name, shape }) => ({
    name,
    values: weights.get(name)!,
    decays: shape.length === 2,
  }));
  return {
    parameters,
    gradients: async (batch, counted, { teacher }) => {
      const { loss, gradients } = await model.weightGradients(batch, counted, { teacher });
      return { loss, gradients: parameters.map(({ name }) => gradients.get(name)!) };
    },
    changed: () => model.store.refresh(),
  };
}
