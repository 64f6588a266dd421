// Tells a want of memory from other ends of a run, and says what to change.
import { existsSync, readFileSync } from 'node:fs';
import { AppError } from '../../shared/errors.ts';
import type { Recipe } from '../../shared/recipe.ts';

/** What Node, V8, ONNX Runtime and WebGPU say when an allocation fails. */
const SAID =
  /bad_alloc|out of memory|heap limit|cannot allocate|fail(ed|ure) to allocate|(buffer )?allocation failed|not enough memory|OOM error/i;

/** Where Linux counts processes that it ended for want of memory. */
const COUNTERS = ['/sys/fs/cgroup/memory.events', '/proc/vmstat'];

/** Processes that the system has ended for want of memory so far; 0 where it does not count them. */
export function countMemoryKills(): number {
  for (const path of COUNTERS) {
    const found = existsSync(path) ? /^oom_kill (\d+)$/m.exec(readFileSync(path, 'utf8')) : null;
    if (found) return Number(found[1]);
  }
  return 0;
}

/**
 * The AppError `out-of-memory` for what a run ended with, or undefined when it was something else. `killsBefore` is `countMemoryKills()`
 * of when the run began: a worker that just went while the system ended a process for want of memory was that process.
 */
export function asShortage(thrown: unknown, recipe: Recipe, killsBefore: number): AppError | undefined {
  const isLost = thrown instanceof AppError && thrown.code === 'worker-lost';
  const isKnown = thrown instanceof AppError && !isLost && thrown.code !== 'out-of-memory';
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  if (isKnown || (!SAID.test(message) && !(isLost && countMemoryKills() > killsBefore))) return undefined;
  return new AppError('out-of-memory', `The memory ran out. ${adviceOf(recipe)}`, undefined, { cause: thrown });
}

function adviceOf(recipe: Recipe): string {
  switch (recipe.kind) {
    case 'tune':
      return recipe.method === 'full'
        ? 'An adapter (LoRA) takes about a quarter; fewer tokens at once take less too. Duplicate the run with that change.'
        : `Duplicate the run with fewer tokens at once than ${recipe.microTokens}: that takes less and learns the same.`;
    case 'score':
    case 'prune':
      return 'Take fewer or shorter calibration texts, or close other programs and resume it.';
    case 'evaluate':
      return 'Close other programs and resume it, or measure a smaller model.';
  }
}
