// Datasets: taken in, looked at, their columns' roles put right, deleted.
import { join } from 'node:path';
import { z } from 'zod';
import type { RoleMapping } from '../../../shared/dataset-roles.ts';
import { BENCHMARKS } from '../../../shared/tasks/prompt-library.ts';
import type { App } from '../../app.ts';
import { deleteDatasetInSteps, getDataset, listDatasets, listRejectedRows, renameDataset } from '../../db/datasets.ts';
import { viewBalance, viewLengths } from '../dataset-figures.ts';
import { correctMapping, inferMapping } from '../dataset-mapping.ts';
import { forgetViews } from '../dataset-sample.ts';
import { viewDataset, viewRow, viewRows } from '../dataset-views.ts';
import { cancelImport, clearImports, listImports, retryImport, startImports } from '../imports.ts';
import { call } from './call.ts';

const MAX_PAGE_ROWS = 200;
const MAX_FILES = 2000;
const id = z.string().min(1).max(64);
const workId = z.string().regex(/^[\w-]{1,80}$/);
const column = z.string().min(1).max(10_000);
const name = z.string().min(1).max(200);

const roleMapping = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('benchmark'), name: z.enum(BENCHMARKS) }),
  z.object({
    kind: z.literal('classification'),
    name,
    text: column,
    label: column,
    /** Empty: told from the rows. */
    labels: z.array(z.object({ value: z.string(), word: z.string().min(1).max(200) })).max(100),
  }),
  z.object({
    kind: z.literal('choice'),
    name,
    question: column,
    choices: z.union([column, z.array(column).min(2).max(26)]),
    gold: column,
    goldForm: z.enum(['from-0', 'from-1', 'letter', 'text']),
  }),
  z.object({ kind: z.literal('completion'), name, prompt: column, answer: column }),
  z.object({ kind: z.literal('instruction'), name, instruction: column, input: column.optional(), answer: column }),
  z.object({ kind: z.literal('text'), name, text: column }),
  z.object({ kind: z.literal('chat'), name, messages: column }),
]);

function tell(app: App, datasetId: string): void {
  app.events.tell({ kind: 'changed', table: 'datasets', id: datasetId });
}

export const datasets = {
  /** All datasets, the oldest first. */
  list: call.handler(({ context }) => listDatasets(context.app.db)),

  /** One, with what its columns hold, and the runs and studies that use it. */
  get: call.input(z.object({ id })).handler(({ context, input }) => viewDataset(context.app, input.id)),

  /** Takes in files, or a folder, in the background; progress comes under `work`. `name` stands for a file's own where that says nothing. */
  import: call
    .input(
      z.object({
        work: workId,
        files: z
          .array(z.object({ id, name: name.optional() }))
          .min(1)
          .max(MAX_FILES),
      }),
    )
    .handler(({ context, input }) =>
      startImports(
        context.app,
        input.work,
        input.files.map((file) => ({ path: context.files.pathOf(file.id), ...(file.name === undefined ? {} : { name: file.name }) })),
      ),
    ),

  /** Takes in the datasets that come with the program. */
  importDemo: call
    .input(z.object({ work: workId }))
    .handler(({ context, input }) =>
      startImports(context.app, input.work, [{ path: join(context.app.host.resourcesFolder, 'demo', 'datasets') }]),
    ),

  /** Imports that go on or have ended, until they are cleared away. */
  imports: call.handler(({ context }) => listImports(context.app)),
  cancelImport: call.input(z.object({ work: workId })).handler(({ context, input }) => cancelImport(context.app, input.work)),
  retryImport: call.input(z.object({ work: workId })).handler(({ context, input }) => retryImport(context.app, input.work)),
  clearImports: call.input(z.object({ work: workId.optional() })).handler(({ context, input }) => clearImports(context.app, input.work)),

  /** Rows from the `offset`-th on, of one split or of all; long values are cut. */
  rows: call
    .input(
      z.object({
        id,
        split: z.string().max(200).optional(),
        offset: z.number().int().nonnegative(),
        limit: z.number().int().positive().max(MAX_PAGE_ROWS),
      }),
    )
    .handler(({ context, input }) => viewRows(context.app, input.id, input)),

  /** One row with its whole values. */
  row: call
    .input(z.object({ id, position: z.number().int().nonnegative() }))
    .handler(({ context, input }) => viewRow(context.app, input.id, input.position)),

  /** Rows that were left out, and why; the first thousand. */
  rejected: call.input(z.object({ id })).handler(({ context, input }) => listRejectedRows(context.app.db, input.id)),

  /** Corrects which column plays which role; `isFormGiven` when the form of a choice's answers was chosen, too. */
  setMapping: call
    .input(z.object({ id, mapping: roleMapping, isFormGiven: z.boolean().default(false) }))
    .handler(async ({ context, input }) => {
      const dataset = await correctMapping(context.app, input.id, input.mapping as RoleMapping, input.isFormGiven);
      tell(context.app, input.id);
      return dataset;
    }),

  /** Goes back to the roles that the columns themselves tell. */
  inferMapping: call.input(z.object({ id })).handler(async ({ context, input }) => {
    const dataset = await inferMapping(context.app, input.id);
    tell(context.app, input.id);
    return dataset;
  }),

  /** How often each right answer occurs; progress comes under `work`. */
  balance: call.input(z.object({ id, work: workId })).handler(({ context, input, signal }) =>
    viewBalance(context.app, input.id, {
      signal,
      progress: (frame) => context.app.events.tell({ kind: 'progress', id: input.work, frame }),
    }),
  ),

  /** How many tokens rows have for a model, of an even sample; progress comes under `work`. */
  lengths: call.input(z.object({ id, modelId: id, work: workId })).handler(({ context, input, signal }) =>
    viewLengths(context.app, input.id, input.modelId, {
      signal,
      progress: (frame) => context.app.events.tell({ kind: 'progress', id: input.work, frame }),
    }),
  ),

  rename: call.input(z.object({ id, name: name.trim().min(1) })).handler(({ context, input }) => {
    const dataset = renameDataset(context.app.db, input.id, input.name);
    tell(context.app, input.id);
    return dataset;
  }),

  /** Forgets a dataset and its rows; refused while a run reads it. */
  delete: call.input(z.object({ id })).handler(async ({ context, input }) => {
    getDataset(context.app.db, input.id);
    const steps = deleteDatasetInSteps(context.app.db, input.id);
    let step = steps.next();
    tell(context.app, input.id); // it is hidden from its first step on
    while (!step.done) {
      await new Promise((resolve) => setImmediate(resolve));
      step = steps.next();
    }
    forgetViews(context.app, input.id);
  }),
};
