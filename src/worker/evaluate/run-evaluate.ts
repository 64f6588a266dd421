// An evaluation run: every set of the recipe on one opened model, set by set, going on after the last one that was finished.
import { join } from 'node:path';
import { AppError } from '../../shared/errors.ts';
import type { WorkOptions } from '../../shared/progress.ts';
import type { EvaluateRecipe, EvaluationSet } from '../../shared/recipe.ts';
import type { EvaluateResult, SetSummary } from '../../shared/results.ts';
import { measureCost } from '../cost.ts';
import { scoreChoices } from './choices.ts';
import { EvaluationLog } from './evaluation-log.ts';
import { measureGeneration } from './generation.ts';
import { openSubject } from './open-subject.ts';
import { measurePerplexity } from './perplexity.ts';
import type { Subject } from './subject.ts';

/**
 * Evaluates the recipe's sets, whose files lie in `folder`, and leaves choices.jsonl, losses.jsonl and generations.jsonl there. Sets that an
 * interrupted run of the same folder had finished are not computed again. The cost is that of the sets, without opening the model;
 * its tokens are those that were computed, shared ones once. Throws what opening and measuring throw, and AppError `bad-recipe` when
 * two sets have one name.
 */
export async function runEvaluate(
  folder: string,
  { model, sets, machine }: EvaluateRecipe,
  work: WorkOptions = {},
): Promise<EvaluateResult> {
  checkNames(sets);
  using log = EvaluationLog.open(folder);
  await using subject = await openSubject(model, machine, work);
  const { kind, threads } = subject.device;
  for (const set of sets.slice(log.finished.length)) {
    const finish = measureCost();
    const { summary, tokens } = await measureSet(subject, set, folder, log, work);
    const { elapsedMs, peakMemoryBytes } = finish({ tokens, device: kind, threads });
    await log.finish({ summary, tokens, elapsedMs, peakMemoryBytes });
  }
  const { finished } = log;
  const tokens = finished.reduce((sum, set) => sum + set.tokens, 0);
  const elapsedMs = finished.reduce((sum, set) => sum + set.elapsedMs, 0);
  const peakMemoryBytes = Math.max(...finished.map((set) => set.peakMemoryBytes));
  return {
    kind: 'evaluate',
    sets: finished.map(({ summary }) => summary),
    cost: { elapsedMs, tokens, tokensPerSecond: (tokens * 1000) / elapsedMs, peakMemoryBytes, device: kind, threads },
  };
}

function measureSet(
  subject: Subject,
  set: EvaluationSet,
  folder: string,
  log: EvaluationLog,
  work: WorkOptions,
): Promise<{ summary: SetSummary; tokens: number }> {
  const path = join(folder, set.file);
  switch (set.kind) {
    case 'choices':
      return scoreChoices(subject, set, path, (outcome) => log.addChoice(outcome), work);
    case 'perplexity':
      return measurePerplexity(subject, set, path, (outcome) => log.addText(outcome), work);
    case 'generation':
      return measureGeneration(subject, set, path, (outcome) => log.addGeneration(outcome), work);
  }
}

function checkNames(sets: readonly EvaluationSet[]): void {
  const seen = new Set<string>();
  for (const { name } of sets) {
    if (seen.has(name))
      throw new AppError('bad-recipe', `Two evaluation sets are called ${name}; outcomes are told apart by it. Rename one.`);
    seen.add(name);
  }
}
