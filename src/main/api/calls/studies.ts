// Studies: listed, planned, started, stopped and read, with the examples behind each figure.
import { z } from 'zod';
import type { StudySettings } from '../../../shared/study/settings.ts';
import type { App } from '../../app.ts';
import { getStudy, listStudies, type Study } from '../../db/studies.ts';
import { formatStudyHtml } from '../../study/report-html.ts';
import { formatStudyCsv, formatStudyMarkdown } from '../../study/report-text.ts';
import { AppError } from '../../../shared/errors.ts';
import { pageExamples } from '../examples.ts';
import { demoForPage, estimateDemo, listStudyOptions, nameOfRecord, settingsOfForm, studyForm } from '../study-form.ts';
import { forgetStudy, resumeStudy, startStudy, stateOfStudy, stopStudy } from '../study-jobs.ts';
import { describeStudySettings, fileNameOf } from '../study-settings.ts';
import {
  listCellEvaluations,
  listRecoveryCurves,
  listRowModels,
  listRowSlots,
  listTextEvaluations,
  tabulateStudy,
} from '../study-table.ts';
import { pageTexts } from '../text-losses.ts';
import { call } from './call.ts';
import { readSettings } from '../settings.ts';

const one = call.input(z.object({ id: z.string() }));

/** A study as a list shows it. */
function describe(app: App, study: Study) {
  const settings = study.settings as StudySettings;
  return {
    id: study.id,
    name: study.name,
    createdAt: study.createdAt,
    ...stateOfStudy(app, study),
    model: nameOfRecord(app, 'model', settings.model),
    tasks: settings.tasks.length,
    ratios: [...settings.ratios].sort((a, b) => a - b),
    shots: settings.shots,
    draws: settings.draws,
    rank: settings.tune.lora?.rank,
    criterion: settings.prune.criterion,
  };
}

/** How the person's settings say that the machine is used; the demo's small model is quicker on the processor. */
function machineOf(app: App, automatic: 'auto' | 'cpu'): StudySettings['machine'] {
  const { device, threads } = readSettings(app);
  return { device: device === 'auto' ? automatic : device, ...(threads === undefined ? {} : { threads }), weights: 'auto' };
}

export const studies = {
  /** All studies, the newest first, with what the demo would cost while there are none. */
  list: call.handler(({ context: { app } }) => ({
    studies: listStudies(app.db).map((study) => describe(app, study)),
    demo: estimateDemo(app),
  })),

  /** One study with its table as far as it is filled, the models of its rows and the evaluations of its cells. */
  get: one.handler(({ context: { app }, input }) => {
    const study = getStudy(app.db, input.id);
    return {
      ...describe(app, study),
      table: tabulateStudy(app, study),
      models: listRowModels(app, study),
      slots: listRowSlots(app, study),
      cells: listCellEvaluations(app, study),
      texts: listTextEvaluations(app, study),
      recovery: listRecoveryCurves(app, study),
    };
  }),

  /** What a new study can be made of. */
  options: call.handler(({ context: { app } }) => listStudyOptions(app)),

  /** Starts a study of the chosen model, tasks and sizes in the background; the same choices again go on with the same study. */
  start: call
    .input(studyForm)
    .handler(({ context: { app }, input }) => describe(app, startStudy(app, settingsOfForm(app, input, machineOf(app, 'auto'))))),

  /** Starts the study that comes with Tailor. */
  demo: call.handler(({ context: { app } }) => describe(app, startStudy(app, demoForPage(app, { machine: machineOf(app, 'cpu') })))),

  /** Asks a study to stop at its next safe point; answers when it has. */
  stop: one.handler(async ({ context: { app }, input }) => await stopStudy(app, input.id)),

  /** Goes on with a stopped or failed study; what was measured is not measured again. */
  resume: one.handler(({ context: { app }, input }) => describe(app, resumeStudy(app, input.id))),

  /** Forgets a study; its runs and models stay. */
  delete: one.handler(({ context: { app }, input }) => forgetStudy(app, input.id)),

  /** The table as a file's text. */
  export: call
    .input(z.object({ id: z.string(), form: z.enum(['csv', 'markdown', 'html']) }))
    .handler(({ context: { app }, input: { id, form } }) => {
      const study = getStudy(app.db, id);
      const table = tabulateStudy(app, study);
      if (!table) throw new AppError('bad-input', `${study.name} has no figures yet. Its base has to be measured first.`);
      const name = fileNameOf(study);
      switch (form) {
        case 'csv':
          return { name: `${name}.csv`, type: 'text/csv', text: formatStudyCsv(table) };
        case 'markdown':
          return { name: `${name}.md`, type: 'text/markdown', text: formatStudyMarkdown(table) };
        case 'html': {
          const facts = describeStudySettings(study.settings as StudySettings);
          return {
            name: `${name}.html`,
            type: 'text/html',
            text: formatStudyHtml(table, { title: study.name, madeAt: app.host.now(), facts }),
          };
        }
      }
    }),

  /** A page of the examples behind a cell: of one evaluation, or of several one after the other. */
  examples: call
    .input(
      z.object({
        evaluationIds: z.array(z.string()).min(1).max(100),
        show: z.enum(['all', 'right', 'wrong']).default('all'),
        offset: z.number().int().nonnegative().default(0),
        limit: z.number().int().positive().max(100).default(20),
      }),
    )
    .handler(({ context: { app }, input: { evaluationIds, ...page } }) => pageExamples(app, evaluationIds, page)),

  /** A page of the texts behind a perplexity, the worst first, beside the base's. */
  losses: call
    .input(
      z.object({
        evaluationId: z.string(),
        baseId: z.string().optional(),
        offset: z.number().int().nonnegative().default(0),
        limit: z.number().int().positive().max(100).default(20),
      }),
    )
    .handler(({ context: { app }, input: { evaluationId, ...page } }) => pageTexts(app, evaluationId, page)),
};
