// What a run takes at the very least: one that cannot fit into memory is refused before it starts, with the figures.
import { totalmem } from 'node:os';
import { AppError } from '../../shared/errors.ts';
import { formatBytes } from '../../shared/figures.ts';
import type { App } from '../app.ts';
import { getModel } from '../db/models.ts';
import { readSettings } from './settings.ts';
import { checkpointOf } from './model-facts.ts';
import type { RunPlan } from './runs.ts';

/** Weights that are not trained can be held in two bytes each, and in no fewer. */
const HELD_BYTES = 2;
/** A weight that is trained is a float with a gradient and two moments. */
const TRAINED_BYTES = 16;

/** The bytes that a run's models take however small they are held; the first is what is worked on, others only read. */
export function leastMemory(app: App, { recipe, inputs }: Pick<RunPlan, 'recipe' | 'inputs'>): number {
  const trainsAll = recipe.kind === 'tune' && (recipe.method ?? 'lora') !== 'lora';
  return (inputs.models ?? []).reduce((sum, id, index) => {
    const { parameters } = checkpointOf(app, getModel(app.db, id));
    return sum + parameters * (trainsAll && index === 0 ? TRAINED_BYTES : HELD_BYTES);
  }, 0);
}

/** Throws AppError `out-of-memory` with the figures when what a run takes at the very least exceeds the person's limit, or the machine. */
export function checkMemory(app: App, plan: Pick<RunPlan, 'recipe' | 'inputs'>): void {
  const { memoryLimitBytes } = readSettings(app);
  const limit = memoryLimitBytes ?? totalmem();
  const needed = leastMemory(app, plan);
  if (needed <= limit) return;
  const names = (plan.inputs.models ?? []).map((id) => getModel(app.db, id).name).join(' and ');
  const isFull = plan.recipe.kind === 'tune' && plan.recipe.method === 'full';
  const found = memoryLimitBytes === undefined ? `this machine has ${formatBytes(limit)}` : `the memory limit is ${formatBytes(limit)}`;
  const ways = [
    ...(memoryLimitBytes === undefined ? [] : ['raise it in Settings']),
    ...(isFull ? ['tune an adapter (LoRA) instead of every weight'] : []),
    'take a smaller model',
  ];
  const what = isFull ? 'to have every weight trained' : 'for its weights alone';
  throw new AppError(
    'out-of-memory',
    `${names} takes ${formatBytes(needed)} ${what}, but ${found}. You can ${new Intl.ListFormat('en', { type: 'disjunction' }).format(ways)}.`,
    { needed, limit },
  );
}
