// Models and their lineage: which run made each from which parent, and where its files lie.
import { AppError } from '../../shared/errors.ts';
import { assignMarks, type CutSlot } from '../../shared/variant-marks.ts';
import type { ModelRef } from '../../shared/recipe.ts';
import { newId } from './ids.ts';
import type { Database } from './open.ts';
import { execute, insertRow, selectAll, selectOne, updateRow } from './query.ts';

export type ModelKind = 'base' | 'pruned' | 'tuned' | 'merged';

export interface Model {
  readonly id: string;
  readonly name: string;
  readonly kind: ModelKind;
  /** A whole checkpoint folder, or a PEFT adapter folder on top of the parent. */
  readonly form: 'checkpoint' | 'adapter';
  readonly parentId: string | undefined;
  readonly runId: string | undefined;
  readonly folderPath: string;
  readonly hash: string;
  readonly parameters: number;
  readonly sizeBytes: number;
  /** The folder's config.json or adapter_config.json. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly createdAt: number;
  /** A cut's place among the variant colours and shapes, which it keeps whatever becomes of its siblings. */
  readonly markSlot: CutSlot | undefined;
}

/**
 * Adds a model after its files were written. An adapter must name its parent. A name that another model has gets a number behind it, so
 * that a name means one model. Returns the model.
 */
export function addModel(
  db: Database,
  model: Omit<Model, 'id' | 'createdAt' | 'markSlot' | 'parentId' | 'runId'> & { parentId?: string; runId?: string },
): Model {
  const id = newId();
  const markSlot =
    model.kind === 'pruned' ? assignMarks([...listModels(db), { parentId: undefined, ...model, id }]).get(id)!.slot : undefined;
  insertRow(db, 'models', { ...model, name: freeName(db, model.name), id, createdAt: Date.now(), markSlot });
  return getModel(db, id);
}

/** Throws AppError `not-found`. */
export function getModel(db: Database, id: string): Model {
  const model = selectOne<Model>(db, 'SELECT * FROM models WHERE id = ?', [id]);
  if (!model) throw new AppError('not-found', `There is no model ${id} in these records. It may have been deleted.`, { id });
  return model;
}

/** All models, the oldest first. */
export function listModels(db: Database): Model[] {
  return selectAll<Model>(db, 'SELECT * FROM models ORDER BY id');
}

/** The newest model with these bytes. */
export function findModelByHash(db: Database, hash: string): Model | undefined {
  return selectOne<Model>(db, 'SELECT * FROM models WHERE hash = ? ORDER BY id DESC LIMIT 1', [hash]);
}

/** The newest model of this name. */
export function findModelByName(db: Database, name: string): Model | undefined {
  return selectOne<Model>(db, 'SELECT * FROM models WHERE name = ? ORDER BY id DESC LIMIT 1', [name]);
}

/** Models made by a run. */
export function listModelsOfRun(db: Database, runId: string): Model[] {
  return selectAll<Model>(db, 'SELECT * FROM models WHERE run_id = ? ORDER BY id', [runId]);
}

/** The model and its ancestors: base first, the model itself last. */
export function listLineage(db: Database, id: string): Model[] {
  return selectAll<Model>(
    db,
    `WITH RECURSIVE line (id, depth) AS (
       SELECT ?, 0 UNION ALL SELECT models.parent_id, depth + 1 FROM models JOIN line USING (id) WHERE models.parent_id IS NOT NULL)
     SELECT models.* FROM line JOIN models USING (id) ORDER BY depth DESC`,
    [id],
  );
}

/** How a recipe names this model: its checkpoint, or its parent's with the adapter on top. Throws `bad-model` for an adapter on an adapter. */
export function toModelRef(db: Database, id: string): ModelRef {
  const model = getModel(db, id);
  if (model.form === 'checkpoint') return { checkpoint: model.folderPath, hash: model.hash };
  const parent = getModel(db, model.parentId!);
  if (parent.form === 'adapter') {
    throw new AppError('bad-model', `${model.name} is an adapter on ${parent.name}, itself an adapter. Merge ${parent.name} first.`, {
      id,
    });
  }
  return { checkpoint: parent.folderPath, hash: parent.hash, adapter: model.folderPath };
}

function freeName(db: Database, name: string): string {
  for (let number = 1; ; number++) {
    const free = number === 1 ? name : `${name}-${number}`;
    if (!findModelByName(db, free)) return free;
  }
}

/** Gives a model another name. Throws AppError `not-found`, `bad-input` when another model has it. */
export function renameModel(db: Database, id: string, name: string): Model {
  const other = findModelByName(db, name);
  if (other && other.id !== id)
    throw new AppError('bad-input', `Another model is named “${name}” already. Choose a name of its own.`, { name });
  updateRow(db, 'models', getModel(db, id).id, { name });
  return getModel(db, id);
}

/** Forgets a model; its folder is the caller's. Throws AppError `bad-input` while other models or runs stand on it. */
export function deleteModel(db: Database, id: string): void {
  const model = getModel(db, id);
  const users = selectAll<{ what: string }>(
    db,
    `SELECT '“' || name || '”' AS what FROM models WHERE parent_id = :id
     UNION ALL SELECT DISTINCT '“' || title || '”' FROM runs WHERE id IN (SELECT run_id FROM run_inputs WHERE model_id = :id)`,
    { id },
  );
  if (users.length > 0) {
    throw new AppError('bad-input', `“${model.name}” is needed by ${users.map((user) => user.what).join(', ')}. Delete these first.`, {
      id,
    });
  }
  execute(db, 'DELETE FROM models WHERE id = ?', [id]);
}
