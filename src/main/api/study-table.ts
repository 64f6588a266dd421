// A study's table from the records alone: what its done runs measured, which models stand behind a row, which evaluations behind a cell.
import { parseLlamaConfig } from '../../shared/parse-config.ts';
import type { SetSummary } from '../../shared/results.ts';
import type { ChoiceMetric } from '../../shared/statistics/proportions.ts';
import { countMacs } from '../../shared/prune/macs.ts';
import { MACS_TOKENS } from '../../shared/prune/plan.ts';
import type { StudySettings } from '../../shared/study/settings.ts';
import { aggregateStudy, type Measurement, type ModelFacts, type StudyTable, type StudyTask } from '../../shared/study/table.ts';
import type { App } from '../app.ts';
import { getDataset } from '../db/datasets.ts';
import { countChoices, listEvaluations } from '../db/evaluations.ts';
import { listMetrics } from '../db/metrics.ts';
import { getModel, listModels, listModelsOfRun, type Model } from '../db/models.ts';
import { getRun, listRunInputs, listRunMoves, type Run } from '../db/runs.ts';
import { listStudyRuns, type Study } from '../db/studies.ts';
import { assignMarks, distinguishMarks, type MarkSlot } from '../../shared/variant-marks.ts';
import { taskOf } from './datasets.ts';

/** Which row, task and draw an evaluation of a study belongs to; a row that is not tuned is measured on all tasks at once. */
interface Place {
  readonly nominalRatio: number;
  readonly tuned: boolean;
  readonly draw: number;
}

/** An evaluation of a study and what it is of. */
interface Measured extends Place {
  readonly role: string;
  readonly run: Run;
  readonly model: Model;
}

/** A model of a row: of all tasks, or the adapter of one task and draw. */
export interface RowModel extends Place {
  readonly id: string;
  readonly name: string;
  readonly task: string | undefined;
}

/** The evaluation behind a cell: one, or one for each draw. */
export interface CellEvaluation extends Place {
  readonly task: string;
  readonly evaluationId: string;
  readonly items: number;
  /** How many of the items are right, by each figure. */
  readonly right: Readonly<Record<ChoiceMetric, number>>;
}

/** An evaluation behind a perplexity: of a model, or of each adapter of a tuned row. */
export interface TextEvaluation extends Place {
  readonly text: string;
  readonly evaluationId: string;
  /** The task that was tuned on. */
  readonly task: string | undefined;
}

/** A curve of validation accuracy over the steps of one tuning. */
export interface RecoveryCurve extends Omit<Place, 'tuned'> {
  readonly task: string;
  readonly points: readonly { readonly step: number; readonly value: number }[];
}

/** The table as far as the study's done runs fill it; undefined until the base is measured. Nothing is run. */
export function tabulateStudy(app: App, study: Study): StudyTable | undefined {
  const settings = study.settings as StudySettings;
  const runs = runsByRole(app, study);
  const measured = listMeasured(app, runs);
  const base = measured.find((one) => one.nominalRatio === 0 && !one.tuned);
  if (!base) return undefined;
  const models = new Map<number, ModelFacts>([[0, factsOf(base.model)]]);
  for (const [ratio, model] of listCuts(app, runs)) models.set(ratio, factsOf(model));
  const measurements = measured.flatMap(({ role, run, nominalRatio, tuned, draw }): Measurement[] => {
    if (run.result?.kind !== 'evaluate' || !models.has(nominalRatio)) return [];
    const { sets, cost } = run.result;
    return [{ nominalRatio, tuned, draw, sets, cost, adapterParameters: tuned ? adapterParametersOf(runs, role) : 0 }];
  });
  const tasks = columnsOf(app, base.run, settings);
  return aggregateStudy({ tasks, shots: settings.shots, draws: settings.draws, models, measurements, seconds: secondsOf(app, runs) });
}

/** The models behind the rows, in the order of the study's roles. */
export function listRowModels(app: App, study: Study): RowModel[] {
  return listMeasured(app, runsByRole(app, study)).map(({ model, run, nominalRatio, tuned, draw }) => ({
    nominalRatio,
    tuned,
    draw,
    id: model.id,
    name: model.name,
    task: tuned && run.recipe.kind === 'evaluate' ? run.recipe.sets.find(({ kind }) => kind === 'choices')?.name : undefined,
  }));
}

/** The slot of each ratio's mark, by the ratio: that of its cut among the whole family, so that it looks the same on every page. */
export function listRowSlots(app: App, study: Study): Readonly<Record<string, MarkSlot>> {
  const family = assignMarks(listModels(app.db));
  const cuts = listCuts(app, runsByRole(app, study)).sort(([one], [other]) => one - other);
  const marks = distinguishMarks([
    { origin: 'base', mark: { slot: 0, hollow: false } },
    ...cuts.map(([, { id }]) => ({ origin: id, mark: family.get(id)! })),
  ]);
  return Object.fromEntries([0, ...cuts.map(([ratio]) => ratio)].map((ratio, index) => [ratio, marks[index]!.slot]));
}

/** The evaluations behind the cells. */
export function listCellEvaluations(app: App, study: Study): CellEvaluation[] {
  return listMeasured(app, runsByRole(app, study)).flatMap(({ nominalRatio, tuned, draw, run }) =>
    listEvaluations(app.db, run.id).flatMap(({ id, setName, summary }) =>
      summary.kind === 'choices' ? [{ nominalRatio, tuned, draw, task: setName, evaluationId: id, ...countRight(summary) }] : [],
    ),
  );
}

function countRight({ items, acc, accNorm }: Extract<SetSummary, { kind: 'choices' }>): Pick<CellEvaluation, 'items' | 'right'> {
  return { items, right: { acc: Math.round(acc * items), acc_norm: Math.round(accNorm * items) } };
}

/** The evaluations behind the perplexities. */
export function listTextEvaluations(app: App, study: Study): TextEvaluation[] {
  return listMeasured(app, runsByRole(app, study)).flatMap(({ nominalRatio, tuned, draw, run }) => {
    const evaluations = listEvaluations(app.db, run.id);
    const task = tuned ? evaluations.find(({ kind }) => kind === 'choices')?.setName : undefined;
    return evaluations.flatMap(({ id, kind, setName }) =>
      kind === 'perplexity' ? [{ nominalRatio, tuned, draw, text: setName, evaluationId: id, task }] : [],
    );
  });
}

/** Validation accuracy over the steps of each tuning that was watched. */
export function listRecoveryCurves(app: App, study: Study): RecoveryCurve[] {
  return [...runsByRole(app, study)].flatMap(([role, run]) => {
    const found = /^tune\/([^/]+)\/(.+)\/draw-(\d+)$/.exec(role);
    const points = found ? listMetrics(app.db, run.id, 'validationAccuracy').map(({ step, value }) => ({ step, value })) : [];
    return points.length > 1 ? [{ nominalRatio: Number(found![1]), task: found![2]!, draw: Number(found![3]), points }] : [];
  });
}

function runsByRole(app: App, study: Study): Map<string, Run> {
  return new Map(listStudyRuns(app.db, study.id).map(({ role, runId }) => [role, getRun(app.db, runId)]));
}

/** The cuts that are made, each with its nominal ratio. */
function listCuts(app: App, runs: ReadonlyMap<string, Run>): [ratio: number, model: Model][] {
  return [...runs].flatMap(([role, run]): [number, Model][] => {
    const ratio = /^prune\/(.+)$/.exec(role)?.[1];
    const model = ratio === undefined ? undefined : listModelsOfRun(app.db, run.id).find(({ form }) => form === 'checkpoint');
    return model ? [[Number(ratio), model]] : [];
  });
}

function listMeasured(app: App, runs: ReadonlyMap<string, Run>): Measured[] {
  return [...runs].flatMap(([role, run]) => {
    const place = placeOf(role);
    const modelId = place && listRunInputs(app.db, run.id).models[0];
    return place && modelId !== undefined ? [{ ...place, role, run, model: getModel(app.db, modelId) }] : [];
  });
}

/** "evaluate/base", "evaluate/0.2", "evaluate/0.2/boolq/draw-0/tuned"; undefined for runs that measure nothing. */
function placeOf(role: string): Place | undefined {
  if (role === 'evaluate/base') return { nominalRatio: 0, tuned: false, draw: 0 };
  const tuned = /^evaluate\/([^/]+)\/.+\/draw-(\d+)\/tuned$/.exec(role);
  if (tuned) return { nominalRatio: Number(tuned[1]), tuned: true, draw: Number(tuned[2]) };
  const cut = /^evaluate\/([\d.e-]+)$/.exec(role);
  return cut ? { nominalRatio: Number(cut[1]), tuned: false, draw: 0 } : undefined;
}

/** What the adapter adds that the evaluation of this role measured. */
function adapterParametersOf(runs: ReadonlyMap<string, Run>, role: string): number {
  const tuning = runs.get(role.replace(/^evaluate\//, 'tune/').replace(/\/tuned$/, ''));
  return tuning?.result?.kind === 'tune' ? tuning.result.trainableParameters : 0;
}

/** The tasks as the base was measured on them; they stand in the order of the settings. */
function columnsOf(app: App, base: Run, settings: StudySettings): StudyTask[] {
  const datasets = listRunInputs(app.db, base.id).datasets.map((id) => getDataset(app.db, id));
  const evaluations = new Map(listEvaluations(app.db, base.id).map((evaluation) => [evaluation.setName, evaluation]));
  const sets = base.recipe.kind === 'evaluate' ? base.recipe.sets.filter(({ kind }) => kind === 'choices') : [];
  return sets.map(({ name }, index) => {
    const evaluation = evaluations.get(name);
    const dataset = datasets.find(({ hash }) => hash === evaluation?.datasetHash);
    const metric = dataset && taskOf(dataset, settings.tasks[index]?.task).metric;
    const choices = evaluation ? countChoices(app.db, evaluation.id) : 2;
    return { name, headline: metric === 'acc_norm' ? 'acc_norm' : 'acc', chance: 1 / choices };
  });
}

function factsOf(model: Model): ModelFacts {
  return { parameters: model.parameters, bytes: model.sizeBytes, macs: countMacs(parseLlamaConfig(model.config, model.name), MACS_TOKENS) };
}

/** Time that the study's runs took in all, however often it was stopped in between. */
function secondsOf(app: App, runs: ReadonlyMap<string, Run>): number {
  let elapsedMs = 0;
  for (const id of new Set([...runs.values()].map((run) => run.id))) {
    const moves = listRunMoves(app.db, id);
    moves.forEach((move, index) => {
      const next = moves[index + 1];
      if (move.state === 'running' && next) elapsedMs += next.at - move.at;
    });
  }
  return elapsedMs / 1000;
}
