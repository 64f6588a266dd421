// Compare: variants side by side, what flipped, how they came to be, and one prompt to all of them.
import { eventIterator } from '@orpc/server';
import { z } from 'zod';
import type { App } from '../../app.ts';
import type { Run } from '../../db/runs.ts';
import { listComparable, rowsOfStudy } from '../compare-models.ts';
import { listMeasurable, measureAll, measureGaps } from '../compare-measure.ts';
import { compareRecipes } from '../compare-recipes.ts';
import { openExample } from '../compare-example.ts';
import { listFlips } from '../compare-flips.ts';
import { scoreVariants } from '../compare-scores.ts';
import { describeVariants } from '../compare-variants.ts';
import { askModels, type PlaygroundEvent } from '../playground.ts';
import { call } from './call.ts';
import { readSettings } from '../settings.ts';

/** A variant is one model, or an adapter for each task. */
const variant = z.array(z.string().min(1).max(64)).min(1).max(64);
const variants = z.array(variant).min(1).max(4);
const index = z.number().int().min(0).max(3);
const pair = z.object({ variants, before: index, after: index });

const flipQuery = pair.extend({
  set: z.string().max(64).optional(),
  flip: z.enum(['right-right', 'right-wrong', 'wrong-right', 'wrong-wrong']),
  minMargin: z.number().min(0).default(0),
  sort: z.enum(['before', 'after', 'order']).default('before'),
  offset: z.number().int().nonnegative().default(0),
  limit: z.number().int().positive().max(2000).default(100),
});

const question = z.object({
  models: z.array(z.string().min(1).max(64)).min(1).max(4),
  prompt: z.string().max(200_000),
  maxTokens: z.number().int().positive().max(4096),
  temperature: z.number().min(0).max(10),
  topP: z.number().gt(0).max(1),
  seed: z
    .number()
    .int()
    .min(0)
    .max(2 ** 32 - 1),
  stop: z.array(z.string().min(1).max(200)).max(16),
});

export const compare = {
  /** Every model with the sets it was measured on. */
  models: call.handler(({ context }) => listComparable(context.app)),

  /** The variants by name and look, in the order given. */
  variants: call.input(z.object({ variants })).handler(({ context, input }) => describeVariants(context.app, input.variants)),

  /** The variants as a study's rows, with an adapter for each task where a row has them. */
  rowsOfStudy: call
    .input(z.object({ study: z.string().max(64), variants }))
    .handler(({ context, input }) => rowsOfStudy(context.app, input.study, input.variants)),

  /** What each variant scored on every set, one pair of them compared, and what is missing. */
  scores: call.input(pair).handler(({ context, input }) => scoreVariants(context.app, input.variants, input)),

  /** Examples in one cell of the flip matrix. */
  flips: call.input(flipQuery).handler(({ context, input }) => listFlips(context.app, input.variants, { ...input, set: input.set })),

  /** One example in full. */
  example: call
    .input(z.object({ variants, set: z.string().max(64), id: z.string().max(4096) }))
    .handler(({ context, input }) => openExample(context.app, input.variants, input.set, input.id)),

  /** Every setting of how the variants came to be, and which differ. */
  recipes: call.input(z.object({ variants })).handler(({ context, input }) => compareRecipes(context.app, input.variants)),

  /** Datasets that variants can be measured on. */
  measurable: call.handler(({ context }) => listMeasurable(context.app)),

  /** Queues what is missing for the variants to be compared on every set that one of them was measured on. */
  measureGaps: call
    .input(z.object({ variants }))
    .handler(async ({ context, input }) => (await measureGaps(context.app, input.variants)).map(briefly)),

  /** Queues a measurement of every variant on the datasets. */
  measure: call
    .input(z.object({ variants, datasets: z.array(z.string()).min(1).max(100), items: z.number().int().positive().optional() }))
    .handler(async ({ context: { app }, input }) =>
      (await measureAll(app, input.variants, input.datasets, { items: input.items, machine: machineOf(app) })).map(briefly),
    ),

  /** One prompt to each model in turn, piece by piece. Ends when all have answered or the page stops listening. */
  generate: call
    .input(question)
    .output(eventIterator(z.custom<PlaygroundEvent>()))
    .handler(async function* ({ context, input, signal }) {
      yield* askModels(context.app, input, { machine: machineOf(context.app), signal });
    }),
};

function briefly({ id, title, state }: Run): { id: string; title: string; state: string } {
  return { id, title, state };
}

function machineOf(app: App): { device: 'auto' | 'cpu' | 'webgpu'; threads: number | undefined } {
  const { device, threads } = readSettings(app);
  return { device, threads };
}
