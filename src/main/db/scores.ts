// Score sets: importance computed once for a model and a recipe, and aimed at any ratio afterwards.
import type { Criterion } from '../../shared/recipe.ts';
import { newId } from './ids.ts';
import type { Database } from './open.ts';
import { execute, inTransaction, insertRow, selectAll, selectOne } from './query.ts';

export interface ScoreSet {
  readonly id: string;
  readonly modelHash: string;
  /** Hash of the score recipe, which includes its data. */
  readonly recipeHash: string;
  readonly runId: string | undefined;
  /** scores.safetensors. */
  readonly filePath: string;
  readonly criteria: readonly Criterion[];
  readonly calibrationLoss: number | undefined;
  readonly createdAt: number;
}

/** Adds a score set after its file was written, in place of an earlier one for the same model and recipe. */
export function addScoreSet(
  db: Database,
  scores: Omit<ScoreSet, 'id' | 'createdAt' | 'runId' | 'calibrationLoss'> & { runId?: string; calibrationLoss?: number },
): ScoreSet {
  const { modelHash, recipeHash } = scores;
  return inTransaction(db, () => {
    execute(db, 'DELETE FROM score_sets WHERE model_hash = ? AND recipe_hash = ?', [modelHash, recipeHash]);
    insertRow(db, 'score_sets', { ...scores, id: newId(), createdAt: Date.now() });
    return findScoreSet(db, modelHash, recipeHash)!;
  });
}

export function findScoreSet(db: Database, modelHash: string, recipeHash: string): ScoreSet | undefined {
  return selectOne<ScoreSet>(db, 'SELECT * FROM score_sets WHERE model_hash = ? AND recipe_hash = ?', [modelHash, recipeHash]);
}

/** Score sets of a model, the newest first. */
export function listScoreSets(db: Database, modelHash: string): ScoreSet[] {
  return selectAll<ScoreSet>(db, 'SELECT * FROM score_sets WHERE model_hash = ? ORDER BY id DESC', [modelHash]);
}

/** Forgets the score sets that a run made; their files are the caller's. */
export function deleteScoreSetsOfRun(db: Database, runId: string): void {
  execute(db, 'DELETE FROM score_sets WHERE run_id = ?', [runId]);
}
