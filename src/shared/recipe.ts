// A recipe is the whole truth about a run: spec.json in its folder. Same recipe, same bytes.
import { z } from 'zod';

export const CRITERIA = ['random', 'l1', 'l2', 'param_first', 'param_second', 'param_mix', 'vectorize'] as const;
export const criterion = z.enum(CRITERIA);
export type Criterion = z.infer<typeof criterion>;

export const PROJECTIONS = ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'] as const;
export const projection = z.enum(PROJECTIONS);
export type Projection = z.infer<typeof projection>;

/**
 * A checkpoint folder, its content hash when known (verified before the run), and a PEFT adapter folder on top. In spec.json these
 * folders are named from the run's own folder on where both lie in one data folder, so that the whole can be moved; else in full.
 */
export const modelRef = z.object({ checkpoint: z.string(), hash: z.string().optional(), adapter: z.string().optional() });
export type ModelRef = z.infer<typeof modelRef>;

/** How the machine is used. Bytes of results are promised equal only at an equal device and thread count. */
export const machine = z.object({
  device: z.enum(['auto', 'cpu', 'webgpu']).default('auto'),
  threads: z.number().int().positive().optional(),
  weights: z.enum(['auto', 'f32', 'f16']).default('auto'),
});
export type Machine = z.infer<typeof machine>;

export const tokenisation = z.object({
  bos: z.boolean().default(true),
  /** joint: harness v0.4 and later; separate: harness 4d21ab6, as LLM-Pruner used it (evaluation.md 5.5). */
  pair: z.enum(['joint', 'separate']).default('joint'),
});
export type Tokenisation = z.infer<typeof tokenisation>;

/** Calibration: windows of `length` tokens drawn from the run's text examples (pruning.md 2.6). */
export const calibration = z.object({
  file: z.string().default('examples.jsonl'),
  samples: z.number().int().positive().default(10),
  length: z.number().int().min(2).default(64),
  seed: z.number().int().default(42),
});
export type Calibration = z.infer<typeof calibration>;

export const REDUCTIONS = ['sum', 'mean', 'max', 'prod'] as const;
export const reduction = z.enum(REDUCTIONS);
export type Reduction = z.infer<typeof reduction>;

/** Layers [first, last], both included; KV groups and FFN channels outside are kept. */
export const layerRange = z.object({ first: z.number().int().nonnegative(), last: z.number().int().nonnegative() });

/** What to cut down to. `ratio` is LLM-Pruner's nominal ratio of the groups in range; `parameters` a true fraction of all parameters removed. */
export const target = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ratio'), ratio: z.number().min(0).max(0.99) }),
  z.object({ kind: z.literal('parameters'), fraction: z.number().min(0).max(0.99) }),
  z.object({ kind: z.literal('bytes'), bytes: z.number().positive() }),
]);
export type Target = z.infer<typeof target>;

/** What one layer keeps, set by hand: exactly so many KV groups or FFN channels, whatever the ranking and the target say. */
export const setWidth = z.object({
  layer: z.number().int().nonnegative(),
  kvGroups: z.number().int().positive().optional(),
  ffn: z.number().int().positive().optional(),
});
export type SetWidth = z.infer<typeof setWidth>;

/** Everything `choose` needs besides scores and the architecture. */
export const chooseSettings = z.object({
  target,
  /** block: KV groups and FFN channels; layer: whole layers; hidden: hidden channels across the model. */
  unit: z.enum(['block', 'attention', 'ffn', 'layer', 'hidden']).default('block'),
  layers: layerRange.optional(),
  protectedLayers: z.array(z.number().int().nonnegative()).default([]),
  /** The target is met by the other layers, as far as they go. Absent where no width is set, so that such recipes keep their hash. */
  widths: z.array(setWidth).max(1000).optional(),
  reduction: reduction.default('sum'),
  /** local: each layer loses the same share; global: one ranking over all; global-normalised: scores divided by their kind's mean first. */
  ranking: z.enum(['local', 'global', 'global-normalised']).default('local'),
  /** FFN widths are rounded to a multiple of this (1 = as they come). */
  ffnMultiple: z.number().int().positive().default(1),
  /** The same widths in every layer, so that plain transformers can load the result. */
  uniform: z.boolean().default(false),
});
export type ChooseSettings = z.infer<typeof chooseSettings>;

export const scoreRecipe = z.object({
  kind: z.literal('score'),
  model: modelRef,
  criteria: z.array(criterion).min(1),
  /** Also score hidden channels across the model. */
  hidden: z.boolean().default(false),
  calibration: calibration.prefault({}),
  seed: z.number().int().default(42),
  machine: machine.prefault({}),
});

export const pruneRecipe = z.object({
  kind: z.literal('prune'),
  model: modelRef,
  criterion,
  /** A scores.safetensors made by a score run of the same model, named as the model's folder is; absent: scored here, once per step. */
  scores: z.string().optional(),
  calibration: calibration.prefault({}),
  choose: chooseSettings,
  /** Iterative steps (pruning.md 2.4): at step i of S the target is i/S of the whole; more than one rescores in between. */
  steps: z.number().int().positive().default(1),
  seed: z.number().int().default(42),
  machine: machine.prefault({}),
});

export const loraSettings = z.object({
  rank: z.number().int().positive().default(8),
  alpha: z.number().positive().default(16),
  dropout: z.number().min(0).max(0.95).default(0.05),
  rsLora: z.boolean().default(false),
  targets: z
    .array(projection)
    .min(1)
    .default([...PROJECTIONS]),
});
export type LoraSettings = z.infer<typeof loraSettings>;

export const tuneRecipe = z.object({
  kind: z.literal('tune'),
  model: modelRef,
  /** lora: adapters on a frozen base; full: every weight; scratch: every weight from a seeded initialisation. */
  method: z.enum(['lora', 'full', 'scratch']).default('lora'),
  lora: loraSettings.prefault({}),
  /** Completion examples, or text examples when `textFile` is given instead. */
  trainFile: z.string().default('examples.jsonl'),
  /** Plain text to learn from as one long stream cut into rows (scratch and full). */
  textFile: z.string().optional(),
  /** Choice examples to measure accuracy on while training; completion examples to measure loss on. */
  validationChoices: z.string().optional(),
  validationFile: z.string().optional(),
  loss: z.enum(['answer', 'everything']).default('answer'),
  /** Appends EOS to each answer (LLM-Pruner's recovery data does; single-answer classification need not). */
  appendEos: z.boolean().default(false),
  tokenisation: tokenisation.prefault({}),
  optimizer: z
    .object({
      learningRate: z.number().positive().default(1e-4),
      beta1: z.number().default(0.9),
      beta2: z.number().default(0.999),
      eps: z.number().default(1e-8),
      weightDecay: z.number().nonnegative().default(0),
      clipNorm: z.number().positive().nullable().default(1),
    })
    .prefault({}),
  schedule: z
    .object({ kind: z.enum(['linear', 'cosine', 'constant']).default('linear'), warmupSteps: z.number().int().nonnegative().default(0) })
    .prefault({}),
  steps: z.number().int().positive(),
  /** Examples (completion) or rows (text) in one optimiser step, split into micro-batches of at most `microTokens` tokens. */
  batch: z.number().int().positive().default(25),
  rowTokens: z.number().int().positive().default(256),
  microTokens: z.number().int().positive().default(2048),
  /** KL to the unpruned model's predictions at the counted positions: loss = (1 - weight)·CE + weight·temperature²·KL(teacher ‖ student). */
  distill: z
    .object({ teacher: modelRef, weight: z.number().min(0).max(1).default(0.5), temperature: z.number().positive().default(1) })
    .optional(),
  evaluateEvery: z.number().int().positive().optional(),
  /** Keep the weights of the evaluation with the best validation figure instead of the last. */
  keepBest: z.boolean().default(false),
  /** Stop after this many evaluations without a better one. */
  patience: z.number().int().positive().optional(),
  snapshotEvery: z.number().int().positive().default(50),
  keepSnapshots: z.number().int().nonnegative().default(1),
  /** Also write base + adapter as one checkpoint. */
  merge: z.boolean().default(false),
  saveDtype: z.enum(['F32', 'F16', 'BF16']).optional(),
  seed: z.number().int().default(42),
  machine: machine.prefault({}),
});

export const evaluationSet = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('choices'), name: z.string(), file: z.string(), tokenisation: tokenisation.prefault({}) }),
  z.object({
    kind: z.literal('perplexity'),
    name: z.string(),
    file: z.string(),
    /** blocks: LLM-Pruner's (join, one BOS, blocks of `length`, tail dropped); rolling: word, byte and bit forms by document. */
    form: z.enum(['blocks', 'rolling']).default('blocks'),
    length: z.number().int().min(2).default(128),
    /** What joins the texts before they are cut into blocks (pruning.md 2.9). */
    separator: z.string().default('\n\n'),
    tokenisation: tokenisation.prefault({}),
  }),
  z.object({
    kind: z.literal('generation'),
    name: z.string(),
    file: z.string(),
    maxTokens: z.number().int().positive().default(64),
    temperature: z.number().nonnegative().default(0),
    topK: z.number().int().nonnegative().default(0),
    topP: z.number().positive().max(1).default(1),
    stop: z.array(z.string()).default([]),
    seed: z.number().int().default(42),
    tokenisation: tokenisation.prefault({}),
  }),
]);
export type EvaluationSet = z.infer<typeof evaluationSet>;

export const evaluateRecipe = z.object({
  kind: z.literal('evaluate'),
  model: modelRef,
  sets: z.array(evaluationSet).min(1),
  machine: machine.prefault({}),
});

export const recipe = z.discriminatedUnion('kind', [scoreRecipe, pruneRecipe, tuneRecipe, evaluateRecipe]);
export type Recipe = z.infer<typeof recipe>;
export type RecipeInput = z.input<typeof recipe>;
export type ScoreRecipe = z.infer<typeof scoreRecipe>;
export type PruneRecipe = z.infer<typeof pruneRecipe>;
export type TuneRecipe = z.infer<typeof tuneRecipe>;
export type EvaluateRecipe = z.infer<typeof evaluateRecipe>;

/** The recipe with every path that it names (checkpoints, adapters, scores) put through `place`; files of its own folder stay. */
export function placeRecipe<T extends Recipe>(recipe: T, place: (path: string) => string): T {
  const placeModel = ({ checkpoint, adapter, ...rest }: ModelRef): ModelRef => ({
    checkpoint: place(checkpoint),
    ...rest,
    ...(adapter === undefined ? {} : { adapter: place(adapter) }),
  });
  const placed: Recipe = { ...recipe, model: placeModel(recipe.model) };
  if (placed.kind === 'prune' && placed.scores !== undefined) placed.scores = place(placed.scores);
  if (placed.kind === 'tune' && placed.distill) placed.distill = { ...placed.distill, teacher: placeModel(placed.distill.teacher) };
  return placed as T;
}
