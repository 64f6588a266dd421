// A prune run: scores and a target in, a smaller checkpoint out, in one cut or in several with fresh scores between.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { throwIfCancelled } from '../../shared/errors.ts';
import type { WorkOptions } from '../../shared/progress.ts';
import { choose, type ScoreSource } from '../../shared/prune/choose.ts';
import { keepAll } from '../../shared/prune/groups.ts';
import { makePlan } from '../../shared/prune/plan.ts';
import { widthsAtStep } from '../../shared/prune/set-widths.ts';
import { targetAtStep } from '../../shared/prune/target.ts';
import type { PruneRecipe } from '../../shared/recipe.ts';
import type { PruneResult } from '../../shared/results.ts';
import type { Kept } from '../../shared/scores.ts';
import { measureCost } from '../cost.ts';
import { openDevice } from '../graph/choose-device.ts';
import { checkHash, openCheckpoint } from '../weights/checkpoint.ts';
import { DTYPE_BYTES } from '../weights/dtype.ts';
import { scoreCheckpoint } from './run-score.ts';
import { readScores } from './scores-file.ts';
import { slice } from './slice.ts';

/** The smaller model's folder within a run folder. */
export const PRUNED_FOLDER = 'model';

/**
 * Runs a prune recipe. With one step and a scores file nothing is computed; otherwise the model is scored here, anew on the model that
 * each step left, with calibration windows drawn by (seed + step) as the reference redraws them (pruning.md 2.4).
 * Throws what choosing, scoring and writing throw; then no model folder is left.
 */
export async function runPrune(folder: string, recipe: PruneRecipe, work: WorkOptions = {}): Promise<PruneResult> {
  const finish = measureCost();
  await using base = await openCheckpoint(recipe.model.checkpoint);
  const hash = await checkHash(base, recipe.model.hash, work);
  using lent = await openDevice(recipe.machine);
  const { device } = lent;
  const between = join(folder, 'between');
  try {
    const dtypeBytes = DTYPE_BYTES[base.dtype];
    let tokens = 0;
    let left: Kept = keepAll(base.config);
    for (let step = 1; step <= recipe.steps; step++) {
      throwIfCancelled(work.signal);
      const target = targetAtStep(recipe.choose.target, step, recipe.steps, base.sizeBytes);
      const scored = await source(step);
      tokens += scored.tokens;
      const widths = recipe.choose.widths && widthsAtStep(base.config, recipe.choose.widths, step, recipe.steps);
      left = choose(base.config, scored.source, { ...recipe.choose, target, widths }, { dtypeBytes, left });
      if (step < recipe.steps) await slice(base, left, between, { ...work, pruning: { step } });
    }
    const out = join(folder, PRUNED_FOLDER);
    const { model, criterion, calibration, choose: settings, steps, seed } = recipe;
    await slice(base, left, out, {
      ...work,
      pruning: { base: hash, basePath: model.checkpoint, criterion, calibration, choose: settings, steps, seed },
    });
    await using pruned = await openCheckpoint(out);
    const plan = makePlan(base.config, left, { dtypeBytes, settings: recipe.choose });
    return {
      kind: 'prune',
      checkpoint: PRUNED_FOLDER,
      hash: await pruned.hash(work),
      parameters: plan.parameters,
      baseParameters: plan.parametersBefore,
      macs: plan.macs,
      sizeBytes: pruned.sizeBytes,
      cost: finish({ tokens, device: device.kind, threads: device.threads }),
    };
    async function source(step: number): Promise<{ source: ScoreSource; tokens: number }> {
      if (recipe.criterion === 'random') return { source: { randomSeed: recipe.seed }, tokens: 0 };
      if (recipe.scores !== undefined && step === 1) return { source: await readScores(recipe.scores, recipe.criterion, hash), tokens: 0 };
      const request = {
        checkpoint: step === 1 ? recipe.model.checkpoint : between,
        calibration: { ...recipe.calibration, seed: recipe.calibration.seed + step - 1 },
        criteria: [recipe.criterion],
        hidden: recipe.choose.unit === 'hidden',
        weights: recipe.machine.weights,
      };
      const { scores, tokens } = await scoreCheckpoint(folder, request, device, work);
      return { source: scores[0]!, tokens };
    }
  } finally {
    await rm(between, { recursive: true, force: true });
  }
}
