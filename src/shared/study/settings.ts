// What a study is asked to do: the base model, the tasks, the cuts, and how each variant is tuned and measured.
import { z } from 'zod';
import { calibration, chooseSettings, criterion, machine, tokenisation, tuneRecipe } from '../recipe.ts';

const tuneRecipePart = tuneRecipe
  .omit({ kind: true, model: true, trainFile: true, textFile: true, validationChoices: true, validationFile: true, distill: true })
  .partial()
  .strict();

/** What a tuning may be told; model, data and teacher are the study's own. Checked, but kept as given: defaults are the recipe's business. */
const tuneSettings = z.unknown().transform((value, context): z.input<typeof tuneRecipePart> => {
  const parsed = tuneRecipePart.safeParse(value);
  for (const issue of parsed.error?.issues ?? []) context.issues.push({ ...issue, code: 'custom', input: value });
  return value as z.input<typeof tuneRecipePart>;
});

const splitName = z.string().min(1);

export const studyTask = z.object({
  /** A dataset's name or id, or the path of its file or folder. */
  dataset: z.string().min(1),
  /** A benchmark's name; absent: what the dataset's columns say. */
  task: z.string().optional(),
  /** A prompt's name; `rank`: the winner of a ranking on the validation split; absent: the task's standard one. */
  prompt: z.string().optional(),
  train: splitName.default('train'),
  /** Where candidates are ranked and tuned models are watched; never where they are measured. */
  validation: splitName.default('validation'),
  /** Where every row is measured; absent: test, else validation. */
  test: splitName.optional(),
  /** The first so many test items; absent: all. */
  items: z.number().int().positive().optional(),
});

export const studySettings = z.object({
  name: z.string().min(1).default('study'),
  /** A checkpoint folder, or a model's name or id. */
  model: z.string().min(1),
  tasks: z.array(studyTask).min(1),
  /** Plain texts to measure perplexity on, in LLM-Pruner's form. */
  perplexity: z
    .array(
      z.object({
        name: z.string().min(1),
        dataset: z.string().min(1),
        split: splitName.optional(),
        length: z.number().int().min(2).default(128),
      }),
    )
    .default([]),
  /** True shares of all parameters to remove, one pair of rows each. */
  ratios: z.array(z.number().gt(0).lt(1)).default([0.2, 0.5]),
  shots: z.number().int().positive().default(50),
  /** How many different draws of shots each tuning is repeated with; 0: nothing is tuned. */
  draws: z.number().int().nonnegative().default(1),
  balanced: z.boolean().default(false),
  /** Candidates are ranked on so many validation items. */
  rankItems: z.number().int().positive().default(100),
  /** Text to measure importance on; absent: the questions of the first task's training split. */
  calibration: calibration
    .omit({ file: true })
    .extend({ dataset: z.string().optional(), split: splitName.default('train') })
    .prefault({}),
  prune: z
    .object({
      criterion: criterion.default('param_first'),
      choose: chooseSettings.omit({ target: true }).prefault({}),
      steps: z.number().int().positive().default(1),
    })
    .prefault({}),
  tune: tuneSettings.default({}),
  /** Changes to `tune` by ratio, such as {"0.5": {"steps": 100}}; "0" is the base. */
  tuneByRatio: z.record(z.string(), tuneSettings).default({}),
  /** Follow the base's predictions while tuning a pruned model. */
  distill: z.object({ weight: z.number().min(0).max(1).default(0.5), temperature: z.number().positive().default(1) }).optional(),
  tokenisation: tokenisation.prefault({}),
  seed: z.number().int().default(42),
  machine: machine.prefault({}),
});

export type StudySettings = z.infer<typeof studySettings>;
export type StudySettingsInput = z.input<typeof studySettings>;

/** What names a model or data: a name, an id or a path. */
type Named = Partial<Pick<StudySettings, 'model' | 'tasks' | 'perplexity' | 'calibration'>>;

/** The settings with every name of a model or dataset, which may be a path, put through `place`; what is not there stays away. */
export function placeStudy<T extends Named>(settings: T, place: (name: string) => string): T {
  const data = <One extends { dataset?: string | undefined }>(one: One): One =>
    one.dataset === undefined ? one : { ...one, dataset: place(one.dataset) };
  const { model, tasks, perplexity, calibration } = settings;
  return {
    ...settings,
    ...(model === undefined ? {} : { model: place(model) }),
    ...(tasks && { tasks: tasks.map(data) }),
    ...(perplexity && { perplexity: perplexity.map(data) }),
    ...(calibration && { calibration: data(calibration) }),
  };
}
