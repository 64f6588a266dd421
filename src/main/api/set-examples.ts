// The rendered examples of an evaluation's set, as they lie in the folder of the run that measured it.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ChoiceExample } from '../../shared/examples.ts';
import type { App } from '../app.ts';
import { getRun } from '../db/runs.ts';

/** A set of an evaluation, by the run that measured it and its name. */
interface MeasuredSet {
  readonly runId: string;
  readonly setName: string;
}

/** Where the examples of a set lie; undefined when its run measured no such set. */
export function pathOfSet(app: App, { runId, setName }: MeasuredSet): string | undefined {
  const run = getRun(app.db, runId);
  const set = run.recipe.kind === 'evaluate' ? run.recipe.sets.find(({ name }) => name === setName) : undefined;
  return set && join(run.folderPath, set.file);
}

/** The examples of a set by id, in their order; none when the folder is gone, since the outcomes are in the records all the same. */
export function readSetExamples(app: App, set: MeasuredSet): Map<string, ChoiceExample> {
  const path = pathOfSet(app, set);
  if (path === undefined || !existsSync(path)) return new Map();
  const lines = readFileSync(path, 'utf8').split('\n');
  const examples = lines.filter((line) => line !== '').map((line) => JSON.parse(line) as ChoiceExample);
  return new Map(examples.map((example) => [example.id, example]));
}
