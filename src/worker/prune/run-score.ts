// A score run: calibration text and a model in, one file of importance scores out.
import { join } from 'node:path';
import { textExample } from '../../shared/examples.ts';
import type { WorkOptions } from '../../shared/progress.ts';
import type { Calibration, Criterion, ScoreRecipe } from '../../shared/recipe.ts';
import type { ScoreResult } from '../../shared/results.ts';
import type { Scores } from '../../shared/scores.ts';
import { measureCost } from '../cost.ts';
import { openDevice } from '../graph/choose-device.ts';
import type { Device } from '../graph/device.ts';
import { scoreModel } from '../llama/score-sweep.ts';
import { readExamples } from '../text/read-examples.ts';
import { loadTokenizer } from '../text/tokenizer.ts';
import { checkHash, openCheckpoint } from '../weights/checkpoint.ts';
import { openModel } from '../weights/open-model.ts';
import type { Machine } from '../../shared/recipe.ts';
import { drawCalibration } from './calibration.ts';
import { writeScores } from './scores-file.ts';

/** The scores file of a run folder. */
export const SCORES_FILE = 'scores.safetensors';

/** Scores a checkpoint on calibration text that lies in `folder`. Throws what opening, drawing and scoring throw. */
export async function scoreCheckpoint(
  folder: string,
  request: {
    readonly checkpoint: string;
    readonly calibration: Calibration;
    readonly criteria: readonly Criterion[];
    readonly hidden: boolean;
    readonly weights: Machine['weights'];
  },
  device: Device,
  work: WorkOptions,
): Promise<{ loss: number; scores: Scores[]; tokens: number }> {
  const tokenizer = await loadTokenizer(request.checkpoint);
  const texts = await Array.fromAsync(readExamples(join(folder, request.calibration.file), textExample), ({ text }) => text);
  const chunks = drawCalibration(texts, tokenizer, request.calibration);
  await using model = await openModel(request.checkpoint, { device, weights: request.weights });
  const { loss, scores } = await scoreModel(model, { chunks, criteria: request.criteria, hidden: request.hidden }, work);
  return { loss, scores, tokens: chunks.reduce((sum, { batch }) => sum + batch.ids.length, 0) };
}

/** Runs a score recipe: writes scores.safetensors into the folder, to be re-targeted without another pass. */
export async function runScore(folder: string, recipe: ScoreRecipe, work: WorkOptions = {}): Promise<ScoreResult> {
  const { model, criteria, calibration, machine } = recipe;
  const finish = measureCost();
  await using checkpoint = await openCheckpoint(model.checkpoint);
  const hash = await checkHash(checkpoint, model.hash, work);
  using lent = await openDevice(machine);
  const { device } = lent;
  const request = { checkpoint: model.checkpoint, calibration, criteria, hidden: recipe.hidden, weights: machine.weights };
  const { loss, scores, tokens } = await scoreCheckpoint(folder, request, device, work);
  await writeScores(join(folder, SCORES_FILE), scores, { modelHash: hash, layers: checkpoint.config.layers.length });
  return {
    kind: 'score',
    scores: SCORES_FILE,
    calibrationLoss: loss,
    cost: finish({ tokens, device: device.kind, threads: device.threads }),
  };
}
