// Prompts: the candidates of a task, stored ones among them, and the ranking that chooses a winner.
import { AppError } from '../../shared/errors.ts';
import type { WorkOptions } from '../../shared/progress.ts';
import { promptHash, promptSpec, type PromptSpec } from '../../shared/prompt/prompt-spec.ts';

import { rankCandidates, type RankedCandidate } from '../../shared/statistics/rank-candidates.ts';
import type { Task } from '../../shared/tasks/item.ts';
import type { App } from '../app.ts';
import type { Dataset } from '../db/datasets.ts';
import { listChoiceOutcomes, listEvaluations } from '../db/evaluations.ts';
import type { Model } from '../db/models.ts';
import { findPromptWinner, keepPromptVersion, keepPromptWinner, listPromptVersions, listPrompts } from '../db/prompts.ts';
import { planEvaluation, type MachineInput } from './plan-runs.ts';
import { carryOut } from './runs.ts';

/** The task's candidates from the library, and the newest version of every prompt stored for it; one of a name. */
export function listCandidates(app: App, task: Task): PromptSpec[] {
  const stored = listPrompts(app.db, task.name).flatMap((prompt) => listPromptVersions(app.db, prompt.id).slice(0, 1));
  const candidates = new Map(task.prompts.map((prompt) => [prompt.name, prompt]));
  for (const version of stored) candidates.set(version.name, promptSpec.parse(version.definition));
  return [...candidates.values()];
}

/** The candidate of this name. `winner` means the one that won the last ranking. Throws AppError `not-found`, naming those there are. */
export function findPrompt(app: App, task: Task, name: string): PromptSpec {
  if (name === 'winner') {
    const winner = findPromptWinner(app.db, task.name);
    if (winner) return promptSpec.parse(winner.version.definition);
    throw new AppError('not-found', `No prompt of ${task.name} has won yet. Run "tailor prompts rank" first.`);
  }
  const candidates = listCandidates(app, task);
  const found = candidates.find((prompt) => prompt.name === name || prompt.name === `${task.name}/${name}`);
  if (found) return found;
  throw new AppError('not-found', `${task.name} has no prompt “${name}”; it has ${candidates.map((prompt) => prompt.name).join(', ')}.`);
}

export interface Ranking {
  readonly ranked: readonly RankedCandidate[];
  readonly winner: PromptSpec;
  readonly runId: string;
}

/**
 * Measures candidates on a held-out slice (accuracy by the task's figure, mean margin, label bias) in one run and keeps the winner.
 * Throws AppError `bad-prompt` for a task without choices.
 */
export async function rankPrompts(
  app: App,
  request: {
    model: Model;
    dataset: Dataset;
    task: Task;
    split: string;
    items: number;
    candidates?: readonly PromptSpec[];
    machine?: MachineInput;
  },
  work: WorkOptions = {},
): Promise<Ranking> {
  const { model, dataset, task, split } = request;
  const candidates = (request.candidates ?? listCandidates(app, task)).filter((prompt) => prompt.choices !== undefined);
  if (candidates.length === 0)
    throw new AppError('bad-prompt', `${task.name} has no prompts with choices, so there is nothing to rank by accuracy.`);
  const sets = candidates.map((prompt) => ({
    kind: 'choices' as const,
    name: prompt.name,
    dataset,
    task,
    prompt,
    split,
    limit: request.items,
  }));
  const title = `rank prompts of ${task.name} on ${model.name}`;
  const run = await carryOut(app, planEvaluation(app, model, sets, { title, machine: request.machine }), work);
  const outcomes = new Map(
    listEvaluations(app.db, run.id).map((evaluation) => [evaluation.setName, listChoiceOutcomes(app.db, evaluation.id)]),
  );
  const ranked = rankCandidates(
    candidates.map(({ name }) => ({ name, outcomes: outcomes.get(name) ?? [] })),
    task.metric === 'acc_norm' ? 'acc_norm' : 'acc',
  );
  const winner = candidates.find((prompt) => prompt.name === ranked[0]!.name)!;
  const version = keepPromptVersion(app.db, { task: task.name, name: winner.name, hash: promptHash(winner), definition: { ...winner } });
  keepPromptWinner(app.db, version.id, { ranked, model: model.hash, dataset: dataset.hash, run: run.id });
  return { ranked, winner, runId: run.id };
}
