// Prompts: the tasks that can be asked, and the candidates of each, stored ones among them.
import { AppError } from '../../shared/errors.ts';
import { promptHash, promptSpec, type PromptSpec } from '../../shared/prompt/prompt-spec.ts';
import { compilePrompt } from '../../shared/prompt/render-example.ts';
import { BENCHMARK_TASKS } from '../../shared/tasks/benchmarks.ts';
import type { Task } from '../../shared/tasks/item.ts';
import type { App } from '../app.ts';
import { listDatasets, type Dataset } from '../db/datasets.ts';
import {
  deletePrompt,
  findPromptWinner,
  isPromptUsed,
  keepPromptVersion,
  listPrompts,
  listPromptVersions,
  type PromptVersion,
} from '../db/prompts.ts';
import { taskOf } from './datasets.ts';

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

/** A task and the datasets that can be asked with it. */
export interface AskedTask {
  readonly task: Task;
  readonly isBenchmark: boolean;
  readonly datasets: readonly Dataset[];
}

/** The seven benchmarks and each dataset's own task. A dataset's task that bears a benchmark's name is told under the dataset's columns only there. */
export function listTasks(app: App): AskedTask[] {
  const datasets = listDatasets(app.db).toReversed();
  const benchmarks = Object.values(BENCHMARK_TASKS).map((task) => ({
    task,
    isBenchmark: true,
    datasets: datasets.filter(({ mapping }) => mapping?.kind === 'benchmark' && mapping.name === task.name),
  }));
  const free = new Map<string, Dataset[]>();
  for (const dataset of datasets) {
    const { mapping } = dataset;
    if (!mapping || mapping.kind === 'benchmark' || mapping.kind === 'text' || mapping.kind === 'chat') continue;
    if (mapping.name in BENCHMARK_TASKS) continue;
    free.set(mapping.name, [...(free.get(mapping.name) ?? []), dataset]);
  }
  return [...benchmarks, ...[...free.values()].map((own) => ({ task: taskOf(own[0]!), isBenchmark: false, datasets: own }))];
}

/** The task of this name. Throws AppError `not-found`. */
export function resolveTask(app: App, name: string): Task {
  const found = listTasks(app).find(({ task }) => task.name === name);
  if (found) return found.task;
  throw new AppError('not-found', `There is no task “${name}”. Import a dataset whose columns say how it is asked.`, { name });
}

/** A candidate with where it comes from. */
export interface Candidate {
  readonly name: string;
  readonly spec: PromptSpec;
  /** library: as it ships; edited: a stored wording in a library prompt's place; own: written here. */
  readonly source: 'library' | 'edited' | 'own';
  readonly versions: readonly { readonly id: string; readonly number: number; readonly savedAt: number; readonly spec: PromptSpec }[];
  /** The wording that ships with the program. */
  readonly shipped: PromptSpec | undefined;
  readonly promptId: string | undefined;
  /** Why it cannot be deleted; undefined when it can be. */
  readonly keptBecause: string | undefined;
}

/** The task's candidates with all their versions, the newest first. */
export function describeCandidates(app: App, task: Task): Candidate[] {
  const library = new Map(task.prompts.map((prompt) => [prompt.name, prompt]));
  const stored = new Map(listPrompts(app.db, task.name).map((prompt) => [prompt.name, prompt.id]));
  return listCandidates(app, task).map((spec): Candidate => {
    const promptId = stored.get(spec.name);
    const shipped = library.get(spec.name);
    const versions = promptId === undefined ? [] : listPromptVersions(app.db, promptId);
    return {
      name: spec.name,
      spec,
      shipped,
      source: shipped === undefined ? 'own' : promptHash(shipped) === promptHash(spec) ? 'library' : 'edited',
      versions: versions.map(({ id, number, createdAt, definition }) => ({
        id,
        number,
        savedAt: createdAt,
        spec: promptSpec.parse(definition),
      })),
      promptId,
      keptBecause:
        promptId === undefined
          ? 'It ships with Tailor.'
          : isPromptUsed(app.db, promptId)
            ? 'A run has read it or it is the winner of its task.'
            : undefined,
    };
  });
}

/** Saves a wording as the newest version of its name. Throws AppError `bad-prompt` where a template cannot be read. */
export function savePrompt(app: App, task: Task, spec: PromptSpec): PromptVersion {
  compilePrompt(spec);
  const version = keepPromptVersion(app.db, { task: task.name, name: spec.name, hash: promptHash(spec), definition: { ...spec } });
  app.events.tell({ kind: 'changed', table: 'prompts', id: version.promptId });
  return version;
}

/** Deletes a stored prompt with its versions. Throws AppError `bad-input` while a run reads it or it is its task's winner. */
export function forgetPrompt(app: App, promptId: string): void {
  deletePrompt(app.db, promptId);
  app.events.tell({ kind: 'changed', table: 'prompts', id: promptId });
}
