// Models as one chooses them for a comparison: what each is and what it was measured on.
import type { App } from '../app.ts';
import { findEvaluations } from '../db/evaluations.ts';
import { getModel, listModels, listModelsOfRun, type Model } from '../db/models.ts';
import { getStudy, listStudyRuns } from '../db/studies.ts';
import { hashOfSubject } from '../jobs/take-results.ts';
import { titleOf, type VariantIds } from './compare-sets.ts';

export interface ComparableModel {
  readonly id: string;
  readonly name: string;
  readonly kind: Model['kind'];
  /** Parameters of the whole model; an adapter counts with what it stands on. */
  readonly parameters: number;
  readonly parentName: string | undefined;
  /** Names of the sets that it was measured on, each once; candidates of prompt rankings are not among them. */
  readonly sets: readonly string[];
}

/** Every model, the oldest first. */
export function listComparable(app: App): ComparableModel[] {
  return listModels(app.db).map((model) => {
    const parent = model.parentId === undefined ? undefined : getModel(app.db, model.parentId);
    const names = findEvaluations(app.db, hashOfSubject(app.db, model)).map(({ setName }) => setName);
    return {
      id: model.id,
      name: model.name,
      kind: model.kind,
      parameters: model.form === 'adapter' && parent ? parent.parameters : model.parameters,
      parentName: parent?.name,
      sets: [...new Set(names.filter((name) => !name.includes('/')).map(titleOf))].sort(),
    };
  });
}

/**
 * The variants as the rows of a study: a tuned row has an adapter for each task, so an adapter of the study brings those of its row and
 * draw along. Throws AppError `not-found` for a study that is no more.
 */
export function rowsOfStudy(app: App, studyId: string, variants: readonly VariantIds[]): string[][] {
  const tunings = listStudyRuns(app.db, getStudy(app.db, studyId).id).flatMap(({ role, runId }) => {
    const [, ratio, draw] = /^tune\/([^/]+)\/.+\/draw-(\d+)$/.exec(role) ?? [];
    const adapter = listModelsOfRun(app.db, runId).find(({ form }) => form === 'adapter');
    return ratio !== undefined && adapter ? [{ row: `${ratio} ${draw}`, id: adapter.id }] : [];
  });
  return variants.map((ids) => {
    const row = ids.length === 1 ? tunings.find(({ id }) => id === ids[0])?.row : undefined;
    return row === undefined ? [...ids] : [...new Set([ids[0]!, ...tunings.filter((one) => one.row === row).map(({ id }) => id)])];
  });
}
