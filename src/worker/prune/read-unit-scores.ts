// What a page shows of stored scores: one number for each unit that may be cut, packed to travel.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseLlamaConfig } from '../../shared/parse-config.ts';
import { packUnits, type PackedUnits } from '../../shared/prune/pack-units.ts';
import { unitScores } from '../../shared/prune/unit-scores.ts';
import type { Criterion, Reduction } from '../../shared/recipe.ts';
import { readScores } from './scores-file.ts';

/** Reads one criterion of a scores file of the model in `folder`. Throws as `readScores` and `unitScores`. */
export async function readUnitScores(request: {
  readonly folder: string;
  readonly scores: string;
  readonly modelHash: string;
  readonly criterion: Criterion;
  readonly reduction: Reduction;
}): Promise<PackedUnits> {
  const path = join(request.folder, 'config.json');
  const config = parseLlamaConfig(JSON.parse(await readFile(path, 'utf8')), path);
  return packUnits(unitScores(config, await readScores(request.scores, request.criterion, request.modelHash), request.reduction));
}
