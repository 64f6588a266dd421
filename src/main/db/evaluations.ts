// Evaluations: a summary per set and run, the outcome of every example, and what changed between two of them.
import { AppError } from '../../shared/errors.ts';
import type { ChoiceOutcome, GenerationOutcome, SetSummary } from '../../shared/results.ts';
import { newId } from './ids.ts';
import type { Database } from './open.ts';
import { execute, inTransaction, insertRow, selectAll, selectOne } from './query.ts';

export interface Evaluation {
  readonly id: string;
  readonly runId: string;
  readonly setName: string;
  readonly kind: SetSummary['kind'];
  /** The model that was measured: its checkpoint's hash, with its adapter's when there is one. */
  readonly modelHash: string;
  readonly datasetHash: string;
  readonly promptHash: string | undefined;
  readonly summary: SetSummary;
  readonly createdAt: number;
}

/** What became of one example: right in both, in one, or in neither. */
export type Flip = 'right-right' | 'right-wrong' | 'wrong-right' | 'wrong-wrong';

/** One example in two evaluations, `before` and `after`. */
export interface PairedOutcome {
  readonly id: string;
  readonly flip: Flip;
  readonly before: ChoiceOutcome;
  readonly after: ChoiceOutcome;
}

/** acc picks by log-likelihood; accNorm by log-likelihood per code point. */
export type ChoiceMetric = 'acc' | 'accNorm';

/** Adds the evaluation of one set with its outcomes, all or nothing; what the same run said of the same set before is replaced. */
export function addEvaluation(
  db: Database,
  evaluation: { runId: string; modelHash: string; datasetHash: string; promptHash?: string; summary: SetSummary },
  outcomes: { choices?: Iterable<ChoiceOutcome>; generations?: Iterable<GenerationOutcome> } = {},
): Evaluation {
  const { kind, name: setName } = evaluation.summary;
  const evaluationId = newId();
  return inTransaction(db, () => {
    execute(db, 'DELETE FROM evaluations WHERE run_id = ? AND set_name = ?', [evaluation.runId, setName]);
    insertRow(db, 'evaluations', { ...evaluation, id: evaluationId, setName, kind, createdAt: Date.now() });
    let position = 0;
    for (const { id: exampleId, gold, picked, pickedNorm, logLikelihoods } of outcomes.choices ?? []) {
      insertRow(db, 'choice_outcomes', { evaluationId, exampleId, position: position++, gold, picked, pickedNorm, logLikelihoods });
    }
    for (const { id: exampleId, text, exactMatch, f1, rougeL } of outcomes.generations ?? []) {
      insertRow(db, 'generation_outcomes', { evaluationId, exampleId, position: position++, text, exactMatch, f1, rougeL });
    }
    return getEvaluation(db, evaluationId);
  });
}

/** Throws AppError `not-found`. */
export function getEvaluation(db: Database, id: string): Evaluation {
  const evaluation = selectOne<Evaluation>(db, 'SELECT * FROM evaluations WHERE id = ?', [id]);
  if (!evaluation) throw new AppError('not-found', `There is no evaluation ${id} in these records.`, { id });
  return evaluation;
}

/** Evaluations of a run, by set. */
export function listEvaluations(db: Database, runId: string): Evaluation[] {
  return selectAll<Evaluation>(db, 'SELECT * FROM evaluations WHERE run_id = ? ORDER BY id', [runId]);
}

/** Evaluations of a model, the newest first; those of one dataset when its hash is given. */
export function findEvaluations(db: Database, modelHash: string, datasetHash?: string): Evaluation[] {
  return selectAll<Evaluation>(
    db,
    'SELECT * FROM evaluations WHERE model_hash = :modelHash AND (:datasetHash IS NULL OR dataset_hash = :datasetHash) ORDER BY id DESC',
    { modelHash, datasetHash: datasetHash ?? null },
  );
}

/** Outcomes of a multiple-choice evaluation in the order of its examples. */
export function listChoiceOutcomes(db: Database, evaluationId: string): ChoiceOutcome[] {
  return selectAll<ChoiceOutcome>(
    db,
    `SELECT set_name AS "set", example_id AS id, log_likelihoods_json, gold, picked, picked_norm
     FROM choice_outcomes JOIN evaluations ON evaluations.id = evaluation_id WHERE evaluation_id = ? ORDER BY position`,
    [evaluationId],
  );
}

/** How many choices the first question of a multiple-choice evaluation has; 2 when it has no question. */
export function countChoices(db: Database, evaluationId: string): number {
  const first = selectOne<{ choices: number }>(
    db,
    'SELECT json_array_length(log_likelihoods_json) AS choices FROM choice_outcomes WHERE evaluation_id = ? ORDER BY position LIMIT 1',
    [evaluationId],
  );
  return first?.choices ?? 2;
}

/** The first example that an evaluation asked; undefined for texts. */
export function firstExampleId(db: Database, evaluationId: string): string | undefined {
  return selectOne<{ exampleId: string }>(
    db,
    `SELECT example_id FROM choice_outcomes WHERE evaluation_id = :id AND position = 0 UNION ALL
     SELECT example_id FROM generation_outcomes WHERE evaluation_id = :id AND position = 0`,
    { id: evaluationId },
  )?.exampleId;
}

/** Outcomes of a generation in the order of its examples. */
export function listGenerationOutcomes(db: Database, evaluationId: string): GenerationOutcome[] {
  return selectAll<GenerationOutcome>(
    db,
    `SELECT set_name AS "set", example_id AS id, text, exact_match, f1, rouge_l
     FROM generation_outcomes JOIN evaluations ON evaluations.id = evaluation_id WHERE evaluation_id = ? ORDER BY position`,
    [evaluationId],
  );
}

/**
 * Pairs two multiple-choice evaluations example by example, in the order of the first.
 * Throws AppError `bad-input` unless both measured the same examples under the same prompt: then no test of the difference would hold.
 */
export function pairOutcomes(db: Database, beforeId: string, afterId: string, metric: ChoiceMetric): PairedOutcome[] {
  requireSameExamples(getEvaluation(db, beforeId), getEvaluation(db, afterId));
  const picked = metric === 'acc' ? 'picked' : 'pickedNorm';
  const earlier = listChoiceOutcomes(db, beforeId);
  const later = new Map(listChoiceOutcomes(db, afterId).map((outcome) => [outcome.id, outcome]));
  if (earlier.length !== later.size || !earlier.every(({ id }) => later.has(id))) {
    throw new AppError(
      'bad-input',
      `These evaluations saw different examples of their dataset (${earlier.length} and ${later.size}). Evaluate both on the same ones.`,
      { beforeId, afterId },
    );
  }
  return earlier.map((before) => {
    const after = later.get(before.id)!;
    const word = (outcome: ChoiceOutcome): 'right' | 'wrong' => (outcome[picked] === outcome.gold ? 'right' : 'wrong');
    return { id: before.id, flip: `${word(before)}-${word(after)}` as const, before, after };
  });
}

/** How many examples fall into each cell of `pairOutcomes`. */
export function countFlips(pairs: readonly PairedOutcome[]): Record<Flip, number> {
  const counts: Record<Flip, number> = { 'right-right': 0, 'right-wrong': 0, 'wrong-right': 0, 'wrong-wrong': 0 };
  for (const { flip } of pairs) counts[flip]++;
  return counts;
}

function requireSameExamples(before: Evaluation, after: Evaluation): void {
  const different = before.datasetHash !== after.datasetHash ? 'datasets' : before.promptHash !== after.promptHash ? 'prompts' : undefined;
  if (different) {
    throw new AppError(
      'bad-input',
      `"${before.setName}" of run ${before.runId} and "${after.setName}" of run ${after.runId} used different ${different}, so their examples cannot be paired.`,
      { before: before.id, after: after.id },
    );
  }
}
