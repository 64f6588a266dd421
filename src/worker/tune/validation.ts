// What is measured on held-out examples while training goes on, and the score by which the best step is chosen.
import { join } from 'node:path';
import { AppError } from '../../shared/errors.ts';
import type { WorkOptions } from '../../shared/progress.ts';
import type { TuneRecipe } from '../../shared/recipe.ts';
import { scoreChoices } from '../evaluate/choices.ts';
import type { Subject } from '../evaluate/subject.ts';
import { countCounted, packRows, toBatches } from '../text/pack.ts';
import { pathLimit, readCompletions } from './read-training-data.ts';
import type { Validation } from './trainer.ts';

/**
 * Returns what measures accuracy on `validationChoices` and mean loss per token on `validationFile`, of which accuracy decides when both
 * are given; undefined when the recipe names neither. The adapter's present values are measured, without dropout.
 */
export async function createValidation(
  folder: string,
  recipe: TuneRecipe,
  subject: Subject,
  { signal }: WorkOptions,
): Promise<(() => Promise<Validation>) | undefined> {
  const { validationChoices, validationFile, tokenisation } = recipe;
  const loss = validationFile === undefined ? undefined : await prepareLoss(join(folder, validationFile), recipe, subject);
  if (validationChoices === undefined && !loss) return undefined;
  return async () => {
    const figures: Record<string, number> = {};
    if (loss) figures['validationLoss'] = await loss();
    if (validationChoices !== undefined) {
      const set = { kind: 'choices', name: 'validation', file: validationChoices, tokenisation } as const;
      const { summary } = await scoreChoices(subject, set, join(folder, validationChoices), () => undefined, { signal });
      figures['validationAccuracy'] = summary.acc;
    }
    return { figures, score: figures['validationAccuracy'] ?? -figures['validationLoss']! };
  };
}

/** Tokenises and packs once; the mean is over the tokens that would count in training. */
async function prepareLoss(path: string, recipe: TuneRecipe, { model, tokenizer, adapter }: Subject): Promise<() => Promise<number>> {
  const packed = packRows(await readCompletions(path, recipe, tokenizer), pathLimit(recipe, model.config));
  const count = countCounted(packed);
  if (count === 0)
    throw new AppError('bad-dataset', `${path} holds no token to measure the loss on: it needs at least one example with an answer.`);
  const batches = [...toBatches(packed, recipe.microTokens)];
  return async () => {
    let sum = 0;
    for (const { batch, counted } of batches) for (const logProb of await model.logProbs(batch, counted, { adapter })) sum -= logProb;
    return sum / count;
  };
}
