// Prompts: tasks and their candidates, versions saved and deleted, real examples and tokens for the preview, and ranking.
import { z } from 'zod';
import { AppError } from '../../../shared/errors.ts';
import { promptSpec } from '../../../shared/prompt/prompt-spec.ts';
import { countSplits, getDataset, type Dataset } from '../../db/datasets.ts';
import { getModel } from '../../db/models.ts';
import { findPromptWinner } from '../../db/prompts.ts';
import type { App } from '../../app.ts';
import { showExample, surveyPrompt, tokenizeExample } from '../prompt-preview.ts';
import { describeCandidates, findPrompt, forgetPrompt, listTasks, resolveTask, savePrompt } from '../prompts.ts';
import { drawFixedShots, listShots } from '../prompt-shots.ts';
import { findRanking, startRanking } from '../rank-prompts.ts';
import { call } from './call.ts';

const id = z.string().min(1).max(100);
const task = z.string().min(1).max(200);
/** As much text as a template may make. */
const text = z.string().max(250_000);
/** Examples of a ranking; the full test sets have at most ten thousand. */
const items = z.number().int().min(1).max(20_000);

/** Rows that a survey looks at: enough to meet what is not rare, and read in some milliseconds. */
const SURVEYED = 50;

/** What the page shows of a dataset that a task can be asked on. */
function describeDataset(app: App, { id, name }: Dataset): { id: string; name: string; splits: Readonly<Record<string, number>> } {
  return { id, name, splits: countSplits(app.db, id) };
}

export const prompts = {
  /** The seven benchmarks and each dataset's own task, with the datasets that each can be asked on. */
  tasks: call.handler(({ context }) =>
    listTasks(context.app).map(({ task: { name, title, metric }, isBenchmark, datasets }) => ({
      name,
      title,
      metric,
      isBenchmark,
      datasets: datasets.map((dataset) => describeDataset(context.app, dataset)),
    })),
  ),

  /** The candidates of a task with their versions, and the one that won the last ranking. */
  candidates: call.input(z.object({ task })).handler(({ context: { app }, input }) => {
    const winner = findPromptWinner(app.db, input.task);
    return {
      candidates: describeCandidates(app, resolveTask(app, input.task)),
      winner: winner && { name: winner.version.name, number: winner.version.number, chosenAt: winner.chosenAt },
    };
  }),

  /** Saves a wording as the newest version of its name; the same wording is not kept twice. */
  save: call.input(z.object({ task, spec: promptSpec })).handler(({ context: { app }, input }) => {
    const { promptId, number } = savePrompt(app, resolveTask(app, input.task), input.spec);
    return { promptId, number };
  }),

  /** Deletes a stored prompt with its versions; one that ships with the program shows its own wording again. */
  delete: call.input(z.object({ promptId: id })).handler(({ context, input }) => forgetPrompt(context.app, input.promptId)),

  /** A row of a dataset as templates see it, with the worked examples that are drawn for it. */
  example: call
    .input(
      z.object({
        task,
        dataset: id,
        split: z.string().max(100),
        index: z.number().int().nonnegative(),
        draw: z
          .object({ k: z.number().int().positive().max(1000), sampling: z.enum(['4d21ab6', 'v0.4']), seed: z.number().int().optional() })
          .optional(),
      }),
    )
    .handler(({ context: { app }, input }) => showExample(app, getDataset(app.db, input.dataset), resolveTask(app, input.task), input)),

  /** Rows of a split to choose worked examples from. */
  shots: call
    .input(
      z.object({
        task,
        dataset: id,
        split: z.string().max(100),
        offset: z.number().int().nonnegative(),
        limit: z.number().int().min(1).max(100),
      }),
    )
    .handler(({ context: { app }, input }) => listShots(app, getDataset(app.db, input.dataset), resolveTask(app, input.task), input)),

  /** Worked examples drawn by a seed, the same that a tuning on as many would draw. */
  drawShots: call
    .input(
      z.object({
        task,
        dataset: id,
        split: z.string().max(100),
        k: z.number().int().min(1).max(100),
        seed: z.number().int().nonnegative(),
      }),
    )
    .handler(({ context: { app }, input }) => drawFixedShots(app, getDataset(app.db, input.dataset), resolveTask(app, input.task), input)),

  /** The tokens of a rendered example for a model, and which of them count in the loss. */
  tokens: call
    .input(z.object({ model: id, context: text, continuation: text }))
    .handler(async ({ context: { app }, input }) => await tokenizeExample(app, getModel(app.db, input.model), input)),

  /** Counts what is probably not meant over the first rows of a split. */
  survey: call.input(z.object({ task, dataset: id, split: z.string().max(100), spec: promptSpec, model: id.optional() })).handler(
    async ({ context: { app }, input }) =>
      await surveyPrompt(app, input.spec, {
        dataset: getDataset(app.db, input.dataset),
        task: resolveTask(app, input.task),
        split: input.split,
        count: SURVEYED,
        model: input.model === undefined ? undefined : getModel(app.db, input.model),
      }),
  ),

  /** Starts to rank candidates in the background; progress comes under the run's id. */
  rank: call
    .input(z.object({ task, model: id, dataset: id, split: z.string().max(100), items, candidates: z.array(z.string()).min(2).max(50) }))
    .handler(async ({ context: { app }, input }) => {
      const asked = resolveTask(app, input.task);
      const dataset = getDataset(app.db, input.dataset);
      const rows = countSplits(app.db, dataset.id)[input.split] ?? 0;
      if (rows === 0) throw new AppError('bad-dataset', `${dataset.name} has no rows in its split ${input.split}. Choose another split.`);
      const run = await startRanking(app, {
        model: getModel(app.db, input.model),
        dataset,
        task: asked,
        split: input.split,
        items: Math.min(input.items, rows),
        candidates: input.candidates.map((name) => findPrompt(app, asked, name)),
      });
      return { runId: run.id, state: run.state };
    }),

  /** The newest ranking of a task: how it stands, its figures, and where the candidates disagree. */
  ranking: call.input(z.object({ task })).handler(({ context: { app }, input }) => findRanking(app, resolveTask(app, input.task))),

  /** Stops a ranking that is being carried out; false when it is not running. */
  stopRanking: call
    .input(z.object({ runId: id }))
    .handler(async ({ context, input }) => await context.app.queue.stop(input.runId, 'cancelled')),
};
