// What a target asks for, in parameters: the budget it leaves, and its share at each step of iterative pruning.
import { AppError } from '../errors.ts';
import { formatPercent } from '../figures.ts';
import type { LlamaConfig } from '../llama-config.ts';
import type { Target } from '../recipe.ts';
import { countParameters } from '../tensor-names.ts';

/** What a target comes to: LLM-Pruner's nominal ratio, which counts groups, or the most parameters that may stay. */
export type Goal = { readonly kind: 'ratio'; readonly ratio: number } | { readonly kind: 'budget'; readonly parameters: number };

/** The goal that `target` sets for a model; `dtypeBytes` are one stored weight's. */
export function goalOf(config: LlamaConfig, target: Target, dtypeBytes: number): Goal {
  if (target.kind === 'ratio') return target;
  const parameters = countParameters(config);
  if (target.kind === 'bytes') return { kind: 'budget', parameters: Math.min(parameters, Math.floor(target.bytes / dtypeBytes)) };
  return { kind: 'budget', parameters: parameters - Math.ceil(parameters * target.fraction) };
}

/**
 * The target at step `step` of `steps` (1-based): the same share of the whole way each time, as LLM-Pruner's linear schedule has it
 * (pruning.md 2.4). Always a target for the unpruned model, whose size in bytes is `sizeBytes`.
 */
export function targetAtStep(target: Target, step: number, steps: number, sizeBytes: number): Target {
  const share = step / steps;
  switch (target.kind) {
    case 'ratio':
      return { kind: 'ratio', ratio: share * target.ratio };
    case 'parameters':
      return { kind: 'parameters', fraction: share * target.fraction };
    case 'bytes':
      return { kind: 'bytes', bytes: target.bytes + (1 - share) * Math.max(0, sizeBytes - target.bytes) };
  }
}

/** Throws AppError `bad-input` when even `least` parameters, all that cannot be cut, exceed the budget. */
export function requireReachable(config: LlamaConfig, budget: number, least: number): void {
  if (least <= budget) return;
  const parameters = countParameters(config);
  const [asked, largest] = [1 - budget / parameters, 1 - least / parameters];
  throw new AppError(
    'bad-input',
    `The target asks to remove ${formatPercent(asked)} of ${parameters} parameters, but with these settings at most ${formatPercent(largest)} ` +
      `(leaving ${least}) can go. Choose a smaller cut, more layers, another unit, or narrower widths where they are set by hand.`,
    { asked, largest, leastParameters: least },
  );
}
