// Runs: listed, looked into while they go on, started, stopped, resumed and deleted.
import { z } from 'zod';
import { evaluationRequest, tuningRequest } from '../../../shared/tuning-request.ts';
import { AppError } from '../../../shared/errors.ts';
import { getRun, listRuns, listRunTimes, reorderQueue } from '../../db/runs.ts';
import { deleteCheckpoint, describeRun, explainNoResume, readCurves, readLog, removeRun } from '../run-details.ts';
import { submitRun } from '../runs.ts';
import { estimateTuning } from '../tuning-estimate.ts';
import { listTuningChoices, planEvaluationRequest, planTuningRequest, requestOfRun } from '../tunings.ts';
import { call, type CallContext } from './call.ts';

const one = z.object({ id: z.string() });

function tellQueue({ app }: CallContext): void {
  app.events.tell({ kind: 'changed', table: 'runs', id: 'queue' });
}

export const runs = {
  /** All runs, the newest first, without their recipes. */
  list: call.handler(({ context }) => {
    const times = listRunTimes(context.app.db);
    return listRuns(context.app.db).map(({ id, kind, title, state, error, createdAt, queueOrder, progress }) => ({
      id,
      kind,
      title,
      state,
      error,
      createdAt,
      queueOrder,
      progress,
      startedAt: times.get(id)?.startedAt,
      endedAt: times.get(id)?.endedAt,
    }));
  }),

  /** Everything about one run but its curves and log. */
  get: call.input(one).handler(({ context, input }) => describeRun(context.app, input.id)),

  /** Its figures by step so far, at most 2,000 points a curve. */
  curves: call.input(one).handler(({ context, input }) => readCurves(context.app, input.id)),

  /** Its log, the oldest line first. */
  log: call.input(one).handler(({ context, input }) => readLog(context.app, input.id)),

  /** What a tuning or an evaluation can be made of. */
  choices: call.handler(({ context }) => listTuningChoices(context.app)),

  /** Time, memory and disk of a tuning before it starts. */
  estimate: call.input(tuningRequest).handler(({ context, input }) => estimateTuning(context.app, input)),

  /** Queues a tuning; `isNew` is false when the very same one was there already. */
  tune: call.input(tuningRequest).handler(async ({ context, input }) => {
    const known = new Set(listRuns(context.app.db).map((run) => run.id));
    const run = await submitRun(context.app, planTuningRequest(context.app, input));
    return { id: run.id, isNew: !known.has(run.id) };
  }),

  /** Queues an evaluation. */
  evaluate: call.input(evaluationRequest).handler(async ({ context, input }) => {
    const known = new Set(listRuns(context.app.db).map((run) => run.id));
    const run = await submitRun(context.app, planEvaluationRequest(context.app, input));
    return { id: run.id, isNew: !known.has(run.id) };
  }),

  /** What was asked for a tuning, for the form. */
  asked: call.input(one).handler(({ context, input }) => requestOfRun(context.app, input.id)),

  /** Whether the queue was told to take no further run. */
  queue: call.handler(({ context }) => ({ isHeld: context.app.queue.isHeld })),

  /** Takes no further run; the running one goes on. */
  hold: call.handler(({ context }) => {
    context.app.queue.hold();
    tellQueue(context);
  }),

  /** Takes runs again. */
  work: call.handler(({ context }) => {
    context.app.queue.work();
    tellQueue(context);
  }),

  /** Puts waiting runs into this order. */
  reorder: call.input(z.object({ ids: z.array(z.string()).max(10_000) })).handler(({ context, input }) => {
    reorderQueue(context.app.db, input.ids);
    tellQueue(context);
  }),

  /** Stops the running run at its next safe point: `interrupted` saves it to be resumed, `cancelled` is for good. */
  stop: call.input(z.object({ id: z.string(), kind: z.enum(['interrupted', 'cancelled']) })).handler(async ({ context, input }) => {
    if (!(await context.app.queue.stop(input.id, input.kind)))
      throw new AppError('bad-input', `This run is ${getRun(context.app.db, input.id).state}, so there is nothing to stop.`);
  }),

  /** Goes on with an interrupted run. Throws AppError `cannot-resume` with the reason for one that cannot. */
  resume: call.input(one).handler(({ context, input }) => {
    const why = explainNoResume(getRun(context.app.db, input.id));
    if (why !== undefined) throw new AppError('cannot-resume', why);
    context.app.queue.resume(input.id);
    context.app.queue.work();
    tellQueue(context);
  }),

  /** Deletes a run and its folder. */
  remove: call.input(one).handler(async ({ context, input }) => await removeRun(context.app, input.id)),

  /** Deletes one checkpoint of a run that is not at work. */
  removeCheckpoint: call
    .input(z.object({ id: z.string(), step: z.number().int().nonnegative() }))
    .handler(({ context, input }) => deleteCheckpoint(context.app, input.id, input.step)),
};
