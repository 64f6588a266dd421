// Models: taken in, shown with their lineage, renamed, exported and deleted.
import { join } from 'node:path';
import { z } from 'zod';
import { AppError } from '../../../shared/errors.ts';
import { getModel, listModels, renameModel } from '../../db/models.ts';
import { deleteModelWithFiles, describeDeletion } from '../delete-model.ts';
import { EXPORT_TARGETS, exportModel, makeCard, offerExports, pathForExport } from '../export-model.ts';
import { scanHubCache } from '../hub-cache.ts';
import { describeModel, readLineage } from '../model-facts.ts';
import { demoModelFolder, importModel } from '../models.ts';
import { removeDrops } from '../uploads.ts';
import { cancelWork, carryWork, listWorks } from '../works.ts';
import { call } from './call.ts';

const byId = z.object({ id: z.string() });
const name = z.string().trim().min(1, 'A model needs a name.').max(200, 'A name has at most 200 characters.');
/** An id that the page chose, under which progress is told. */
const workId = z.string().min(1).max(64);

export const models = {
  /** All models, the oldest first. */
  list: call.handler(({ context }) => listModels(context.app.db)),

  /** All models with their parents, and what waiting runs will make. */
  lineage: call.handler(({ context }) => readLineage(context.app)),

  /** Everything about one model. */
  describe: call.input(byId).handler(({ context, input }) => describeModel(context.app, input.id)),

  /** Takes a checkpoint folder in: it is read and hashed where it lies. A model of these weights in this folder is returned as it is. */
  add: call.input(z.object({ file: z.string(), name: name.optional(), workId })).handler(async ({ context, input }) => {
    const path = context.files.pathOf(input.file);
    const title = input.name ?? path.split(/[\\/]/).at(-1)!;
    return await carryWork(context.app, { id: input.workId, kind: 'add', title, table: 'models' }, async (work) => {
      try {
        return await importModel(context.app, path, { ...work, name: input.name });
      } catch (thrown) {
        removeDrops(context.app, [path]); // what a browser sent is of no use when it is no model
        throw thrown;
      }
    });
  }),

  /** Takes in the demo's model, which comes with Tailor. */
  addDemo: call.input(z.object({ workId })).handler(async ({ context, input }) => {
    return await carryWork(context.app, { id: input.workId, kind: 'add', title: 'the demo model', table: 'models' }, (work) =>
      importModel(context.app, demoModelFolder(context.app), work),
    );
  }),

  /** Additions and exports under way. */
  works: call.handler(({ context }) => listWorks(context.app, ['add', 'export'])),

  /** Ends an addition or export at its next safe point. */
  cancelWork: call.input(z.object({ workId })).handler(({ context, input }) => cancelWork(context.app, input.workId)),

  /** Models of the Hugging Face cache, as files that can be added. */
  hubCache: call.handler(async ({ context }) => {
    const { folder, models: found, reason } = await scanHubCache();
    return { folder, reason, models: found.map(({ folder: at, ...model }) => ({ ...model, file: context.files.add(at).id })) };
  }),

  rename: call.input(byId.extend({ name })).handler(({ context, input }) => {
    const model = renameModel(context.app.db, input.id, input.name);
    context.app.events.tell({ kind: 'changed', table: 'models', id: input.id });
    return model;
  }),

  /** What deleting a model would take along, and the bytes that come free. */
  deletion: call.input(byId).handler(({ context, input }) => describeDeletion(context.app, input.id)),

  /** Deletes a model with what stands on it; a base's own folder is never touched. */
  delete: call.input(byId).handler(({ context, input }) => deleteModelWithFiles(context.app, input.id)),

  /** The forms in which a model may leave. */
  exports: call.input(byId).handler(({ context, input }) => offerExports(context.app, input.id)),

  /** Writes a model in one form, into `exports` of the data folder or into a folder that was picked; returns where it lies. */
  export: call
    .input(byId.extend({ target: z.enum(EXPORT_TARGETS), folder: z.string().optional(), workId }))
    .handler(async ({ context, input }) => {
      const { app } = context;
      const folder = input.folder === undefined ? join(app.host.dataFolder, 'exports') : context.files.pathOf(input.folder);
      const title = `export ${getModel(app.db, input.id).name}`;
      const path = pathForExport(app, input.id, input.target, folder);
      await carryWork(app, { id: input.workId, kind: 'export', title, table: 'models' }, (work) =>
        exportModel(app, input.id, input.target, path, work),
      );
      return { path, file: context.files.add(path).id };
    }),

  /** Shows an export in the system's file manager. */
  reveal: call.input(z.object({ file: z.string() })).handler(({ context, input }) => {
    const { desk } = context;
    if (!desk.reveal) throw new AppError('bad-input', 'A browser cannot open folders. The path is shown beside.');
    desk.reveal(context.files.pathOf(input.file));
  }),

  /** How a model was made, as JSON. */
  card: call
    .input(byId)
    .handler(({ context, input }) => JSON.stringify(makeCard(context.app, getModel(context.app.db, input.id)), null, 2)),
};
