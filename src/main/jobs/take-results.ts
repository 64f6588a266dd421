// Reads what a finished run left in its folder into the records: models, score sets, curves, evaluations with their examples.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { AppError } from '../../shared/errors.ts';
import { parseLlamaConfig } from '../../shared/parse-config.ts';
import type {
  ChoiceOutcome,
  EvaluateResult,
  GenerationOutcome,
  PruneResult,
  RunResult,
  ScoreResult,
  TuneResult,
} from '../../shared/results.ts';
import { countParameters } from '../../shared/tensor-names.ts';
import { addEvaluation } from '../db/evaluations.ts';
import { addMetrics, type Metric } from '../db/metrics.ts';
import { addModel, getModel, type Model } from '../db/models.ts';
import type { Database } from '../db/open.ts';
import { listRunInputs, type Run } from '../db/runs.ts';
import { addScoreSet } from '../db/scores.ts';
import { readOrigin, type RunOrigin } from './run-folder.ts';

/** Takes in the results of a run whose result.json stands. Meant for one transaction with the run's move to `done`. */
export function takeResults(db: Database, run: Run, result: RunResult): void {
  const origin = readOrigin(run.folderPath);
  const modelId = listRunInputs(db, run.id).models[0];
  const subject = modelId === undefined ? undefined : getModel(db, modelId);
  takeMetrics(db, run);
  switch (result.kind) {
    case 'score':
      takeScores(db, run, result, subject);
      break;
    case 'prune':
      takePruned(db, run, result, subject, origin);
      break;
    case 'tune':
      takeTuned(db, run, result, subject, origin);
      break;
    case 'evaluate':
      takeEvaluations(db, run, result, subject, origin);
  }
}

/** What is measured when a model is: its checkpoint's hash, with its adapter's behind a plus. */
export function hashOfSubject(db: Database, model: Model): string {
  return model.form === 'adapter' ? `${getModel(db, model.parentId!).hash}+${model.hash}` : model.hash;
}

function takeMetrics(db: Database, run: Run): void {
  const path = join(run.folderPath, 'metrics.jsonl');
  if (existsSync(path)) addMetrics(db, run.id, readLines<Metric>(path));
}

function takeScores(db: Database, run: Run, result: ScoreResult, subject: Model | undefined): void {
  if (run.recipe.kind !== 'score') throw mismatch(run, result);
  addScoreSet(db, {
    modelHash: subject?.hash ?? run.recipe.model.hash ?? '',
    recipeHash: run.recipeHash,
    runId: run.id,
    filePath: resolve(run.folderPath, result.scores),
    criteria: run.recipe.criteria,
    calibrationLoss: result.calibrationLoss,
  });
}

function takePruned(db: Database, run: Run, result: PruneResult, subject: Model | undefined, origin: RunOrigin): void {
  const folderPath = resolve(run.folderPath, result.checkpoint);
  addModel(db, {
    name: origin.modelName ?? run.title,
    kind: 'pruned',
    form: 'checkpoint',
    parentId: subject?.id,
    runId: run.id,
    folderPath,
    hash: result.hash,
    parameters: result.parameters,
    sizeBytes: result.sizeBytes,
    config: readConfig(folderPath, 'config.json'),
  });
}

function takeTuned(db: Database, run: Run, result: TuneResult, subject: Model | undefined, origin: RunOrigin): void {
  const name = origin.modelName ?? run.title;
  const lineage = { parentId: subject?.id, runId: run.id };
  if (result.adapter !== undefined) {
    const folderPath = resolve(run.folderPath, result.adapter);
    const config = readConfig(folderPath, 'adapter_config.json');
    const size = { parameters: result.trainableParameters, sizeBytes: folderBytes(folderPath) };
    const hash = createHash('sha256')
      .update(readFileSync(join(folderPath, 'adapter_model.safetensors')))
      .digest('hex');
    addModel(db, { ...lineage, ...size, hash, name, kind: 'tuned', form: 'adapter', folderPath, config });
  }
  if (result.checkpoint !== undefined) {
    const folderPath = resolve(run.folderPath, result.checkpoint);
    const config = readConfig(folderPath, 'config.json');
    const size = { parameters: countParameters(parseLlamaConfig(config, `${folderPath}/config.json`)), sizeBytes: folderBytes(folderPath) };
    const kind = result.adapter === undefined ? 'tuned' : 'merged';
    const hash = result.hash!; // a run that writes a checkpoint says its hash
    addModel(db, {
      ...lineage,
      ...size,
      hash,
      name: kind === 'merged' ? `${name}-merged` : name,
      kind,
      form: 'checkpoint',
      folderPath,
      config,
    });
  }
}

function takeEvaluations(db: Database, run: Run, result: EvaluateResult, subject: Model | undefined, origin: RunOrigin): void {
  const choices = Map.groupBy(readOutcomes<ChoiceOutcome>(run, 'choices.jsonl'), (outcome) => outcome.set);
  const generations = Map.groupBy(readOutcomes<GenerationOutcome>(run, 'generations.jsonl'), (outcome) => outcome.set);
  const modelHash = subject ? hashOfSubject(db, subject) : run.recipe.model.hash;
  for (const summary of result.sets) {
    const from = origin.sets[summary.name] ?? { datasetHash: '' };
    addEvaluation(
      db,
      { runId: run.id, modelHash: modelHash ?? '', ...from, summary },
      { choices: choices.get(summary.name) ?? [], generations: generations.get(summary.name) ?? [] },
    );
  }
}

function readOutcomes<T>(run: Run, name: string): T[] {
  const path = join(run.folderPath, name);
  return existsSync(path) ? readLines<T>(path) : [];
}

function readLines<T>(path: string): T[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as T);
}

function readConfig(folder: string, file: string): Record<string, unknown> {
  return JSON.parse(readFileSync(join(folder, file), 'utf8')) as Record<string, unknown>;
}

function folderBytes(folder: string): number {
  return readdirSync(folder).reduce((total, name) => total + statSync(join(folder, name)).size, 0);
}

function mismatch(run: Run, result: RunResult): AppError {
  return new AppError(
    'bad-file',
    `${run.folderPath}/result.json is of a ${result.kind} run, but the recipe is of a ${run.kind} run. Run it anew.`,
  );
}
