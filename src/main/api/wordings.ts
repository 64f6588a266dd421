// By which wording a model was tuned and by which it is asked: told by one hash, so that a difference is seen.
import { promptSpec, wordingHash, type PromptSpec } from '../../shared/prompt/prompt-spec.ts';
import type { App } from '../app.ts';
import { listLineage } from '../db/models.ts';
import { getPromptVersion } from '../db/prompts.ts';
import { getRun, listRunInputs, type Run } from '../db/runs.ts';
import { readOrigin } from '../jobs/run-folder.ts';

/** A prompt as a run reads it. `hash` is of its wording, whatever worked examples it shows. */
export interface Wording {
  readonly id: string;
  readonly task: string;
  readonly name: string;
  readonly number: number;
  readonly hash: string;
  /** Of the whole version, worked examples and all. */
  readonly versionHash: string;
}

/** A set that is asked by another wording than its model learnt the task by. */
export interface Mismatch {
  readonly set: string;
  readonly learnt: Wording;
  readonly asked: Wording;
}

/** A stored version as a wording. Throws AppError `not-found`. */
export function readWording(app: App, versionId: string): Wording {
  const { id, task, name, number, hash, definition } = getPromptVersion(app.db, versionId);
  return { id, task, name, number, hash: wordingHash(promptSpec.parse(definition) as PromptSpec), versionHash: hash };
}

/** The wordings that a model was tuned by, its own tuning's and those of the models that it came from; of a task the newest. */
export function listLearnt(app: App, modelId: string): Wording[] {
  const learnt = new Map<string, Wording>();
  for (const { runId } of listLineage(app.db, modelId)) {
    if (runId === undefined || getRun(app.db, runId).kind !== 'tune') continue;
    for (const version of listRunInputs(app.db, runId).promptVersions) {
      const wording = readWording(app, version);
      learnt.set(wording.task, wording);
    }
  }
  return [...learnt.values()];
}

/** By which wording each set of an evaluation is asked. */
export function readAsked(app: App, run: Run): Readonly<Record<string, Wording>> {
  if (run.kind !== 'evaluate') return {};
  const versions = listRunInputs(app.db, run.id).promptVersions.map((version) => readWording(app, version));
  const { sets } = readOrigin(run.folderPath);
  return Object.fromEntries(
    Object.entries(sets).flatMap(([set, { promptHash }]): [string, Wording][] => {
      const found = versions.find(({ versionHash }) => versionHash === promptHash);
      return found ? [[set, found]] : [];
    }),
  );
}

/** The sets of an evaluation that are asked by another wording than the model learnt. */
export function findMismatches(app: App, run: Run, asked: Readonly<Record<string, Wording>>): Mismatch[] {
  const modelId = run.kind === 'evaluate' ? listRunInputs(app.db, run.id).models[0] : undefined;
  if (modelId === undefined) return [];
  const learnt = listLearnt(app, modelId);
  return Object.entries(asked).flatMap(([set, wording]) => {
    const own = learnt.find(({ task }) => task === wording.task);
    return own && own.hash !== wording.hash ? [{ set, learnt: own, asked: wording }] : [];
  });
}
