// The memory limit that a person set: a run whose weights alone cannot fit is refused before it starts.
import { AppError } from '../../shared/errors.ts';
import { formatBytes } from '../../shared/figures.ts';
import type { App } from '../app.ts';
import { getModel } from '../db/models.ts';
import { readSettings } from './calls/settings.ts';
import { checkpointOf } from './model-facts.ts';

/** Weights that are not trained can be held in two bytes each, and in no fewer. */
const LEAST_BYTES = 2;

/** Throws AppError `out-of-memory` with the figures when a model's weights, held as small as they can be, exceed the limit. */
export function checkMemoryLimit(app: App, modelIds: readonly string[]): void {
  const { memoryLimitBytes: limit } = readSettings(app);
  if (limit === undefined) return;
  for (const id of modelIds) {
    const model = getModel(app.db, id);
    const needed = checkpointOf(app, model).parameters * LEAST_BYTES;
    if (needed > limit)
      throw new AppError(
        'out-of-memory',
        `${model.name} takes ${formatBytes(needed)} for its weights alone, but the memory limit is ${formatBytes(limit)}. Raise it in Settings, or take a smaller model.`,
        { needed, limit },
      );
  }
}
