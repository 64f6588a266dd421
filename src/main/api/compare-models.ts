// Models as one chooses them for a comparison: what each is and what it was measured on.
import type { App } from '../app.ts';
import { findEvaluations } from '../db/evaluations.ts';
import { getModel, listModels, type Model } from '../db/models.ts';
import { hashOfSubject } from '../jobs/take-results.ts';

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
      sets: [...new Set(names.filter((name) => !name.includes('/')))].sort(),
    };
  });
}
