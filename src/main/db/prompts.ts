// Prompts, their versions that never change, and the winner of each task.
import { AppError } from '../../shared/errors.ts';
import { newId } from './ids.ts';
import type { Database } from './open.ts';
import { execute, inTransaction, insertRow, selectAll, selectOne } from './query.ts';

export interface Prompt {
  readonly id: string;
  readonly task: string;
  readonly name: string;
  readonly createdAt: number;
}

/** One wording of a prompt. `definition` is the whole of it, as its renderer understands it; `hash` is the definition's. */
export interface PromptVersion {
  readonly id: string;
  readonly promptId: string;
  readonly task: string;
  readonly name: string;
  /** 1, 2, … within the prompt. */
  readonly number: number;
  readonly hash: string;
  readonly definition: Readonly<Record<string, unknown>>;
  readonly createdAt: number;
}

/** The version that won its task's ranking, with the figures that decided. */
export interface PromptWinner {
  readonly version: PromptVersion;
  readonly figures: Readonly<Record<string, unknown>>;
  readonly chosenAt: number;
}

const VERSIONS = 'SELECT prompt_versions.*, task, name FROM prompt_versions JOIN prompts ON prompts.id = prompt_id';

/** Keeps a wording under a task and a name: the version that has this hash already, or a new one. Makes the prompt when it is new. */
export function keepPromptVersion(
  db: Database,
  prompt: { task: string; name: string; hash: string; definition: Readonly<Record<string, unknown>> },
): PromptVersion {
  const { task, name, hash, definition } = prompt;
  return inTransaction(db, () => {
    let promptId = selectOne<Prompt>(db, 'SELECT * FROM prompts WHERE task = ? AND name = ?', [task, name])?.id;
    if (promptId === undefined) insertRow(db, 'prompts', { id: (promptId = newId()), task, name, createdAt: Date.now() });
    const known = selectOne<PromptVersion>(db, `${VERSIONS} WHERE prompt_id = ? AND hash = ?`, [promptId, hash]);
    if (known) return known;
    const id = newId();
    const { number } = selectOne<{ number: number }>(
      db,
      'SELECT coalesce(max(number), 0) + 1 AS number FROM prompt_versions WHERE prompt_id = ?',
      [promptId],
    )!;
    insertRow(db, 'prompt_versions', { id, promptId, number, hash, definition, createdAt: Date.now() });
    return getPromptVersion(db, id);
  });
}

/** Throws AppError `not-found`. */
export function getPromptVersion(db: Database, id: string): PromptVersion {
  const version = selectOne<PromptVersion>(db, `${VERSIONS} WHERE prompt_versions.id = ?`, [id]);
  if (!version) throw new AppError('not-found', `There is no prompt version ${id} in these records.`, { id });
  return version;
}

/** Prompts of a task, or all of them, by task and name. */
export function listPrompts(db: Database, task?: string): Prompt[] {
  return selectAll<Prompt>(db, 'SELECT * FROM prompts WHERE :task IS NULL OR task = :task ORDER BY task, name', { task: task ?? null });
}

/** The versions of a prompt, the newest first. */
export function listPromptVersions(db: Database, promptId: string): PromptVersion[] {
  return selectAll<PromptVersion>(db, `${VERSIONS} WHERE prompt_id = ? ORDER BY number DESC`, [promptId]);
}

/** Makes a version the winner of its own task, in place of the one before. */
export function keepPromptWinner(db: Database, promptVersionId: string, figures: Readonly<Record<string, unknown>>): void {
  const { task } = getPromptVersion(db, promptVersionId);
  insertRow(db, 'prompt_winners', { task, promptVersionId, figures, chosenAt: Date.now() }, 'OR REPLACE');
}

export function findPromptWinner(db: Database, task: string): PromptWinner | undefined {
  const row = selectOne<{ promptVersionId: string; figures: Record<string, unknown>; chosenAt: number }>(
    db,
    'SELECT * FROM prompt_winners WHERE task = ?',
    [task],
  );
  return row && { version: getPromptVersion(db, row.promptVersionId), figures: row.figures, chosenAt: row.chosenAt };
}

/** Whether a run reads a version of the prompt or one is its task's winner. */
export function isPromptUsed(db: Database, id: string): boolean {
  const used = selectOne(
    db,
    `SELECT 1 FROM prompt_versions WHERE prompt_id = ? AND (id IN (SELECT prompt_version_id FROM run_inputs) OR id IN (SELECT prompt_version_id FROM prompt_winners))`,
    [id],
  );
  return used !== undefined;
}

/** Forgets a prompt with its versions. Throws AppError `bad-input` while a run reads one or one is its task's winner. */
export function deletePrompt(db: Database, id: string): void {
  if (isPromptUsed(db, id))
    throw new AppError('bad-input', 'This prompt is read by a run or is the winner of its task, so it cannot be deleted.', { id });
  execute(db, 'DELETE FROM prompts WHERE id = ?', [id]);
}
