// Prune: what can be cut, scores and their units, and the runs that score and cut.
import { z } from 'zod';
import { chooseSettings, criterion, reduction } from '../../../shared/recipe.ts';
import { listCalibrations, listCutModels, listMeasuredCuts, openCutSubject, readUnits, startCut, startScoring } from '../prune.ts';
import { call } from './call.ts';

const id = z.string().min(1).max(100);
const modelId = id;

export const prune = {
  /** Models that can be cut, the newest first. */
  models: call.handler(({ context }) => listCutModels(context.app)),

  /** A model's architecture, its scores, and the scorings and cuts of it. */
  open: call.input(z.object({ modelId })).handler(({ context, input }) => openCutSubject(context.app, input.modelId)),

  /** What studies measured of a model at other sizes. */
  measured: call.input(z.object({ modelId })).handler(({ context, input }) => listMeasuredCuts(context.app, input.modelId)),

  /** What importance can be measured on. */
  calibrations: call.handler(({ context }) => listCalibrations(context.app)),

  /** Queues a scoring; returns its run's id. */
  score: call
    .input(
      z.object({
        modelId,
        calibrationId: id,
        criteria: z.array(criterion).min(1),
        hidden: z.boolean().default(false),
        samples: z.number().int().min(1).max(10_000),
        length: z.number().int().min(2).max(32_768),
        seed: z.number().int().default(42),
      }),
    )
    .handler(async ({ context, input }) => (await startScoring(context.app, input)).id),

  /** One number for each unit, by one criterion of a score set, packed as `unpackUnits` reads it. */
  units: call
    .input(z.object({ modelId, scoreSetId: id, criterion, reduction }))
    .handler(({ context, input }) => readUnits(context.app, input)),

  /** Queues a cut by stored scores, or by chance when no score set is named; returns its run's id. */
  cut: call
    .input(
      z.intersection(
        z.object({
          modelId,
          name: z.string().trim().min(1).max(200),
          choose: chooseSettings,
          steps: z.number().int().min(1).max(100).default(1),
          seed: z.number().int().default(42),
        }),
        z.union([
          z.object({ scoreSetId: id, criterion }),
          z.object({ scoreSetId: z.undefined().optional(), criterion: z.literal('random') }),
        ]),
      ),
    )
    .handler(async ({ context, input }) => (await startCut(context.app, input)).id),
};
