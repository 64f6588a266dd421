// A prune run with the real worker's code: widths set by hand are in the checkpoint that it writes, whatever ranks and in however many steps.
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { pruneRecipe } from '../../../src/shared/recipe.ts';
import { runPrune } from '../../../src/worker/prune/run-prune.ts';
import { openCheckpoint } from '../../../src/worker/weights/checkpoint.ts';
import { temporaryFolder } from '../weights/tiny-checkpoint.ts';

const DEMO = join(import.meta.dirname, '../../../resources/demo/model');

it.each([
  { ranking: 'local', steps: 1 },
  { ranking: 'global', steps: 1 },
  { ranking: 'global-normalised', steps: 3 },
] as const)(
  'cuts to exactly the widths set by hand, and meets the target with the rest: $ranking, $steps steps',
  async ({ ranking, steps }) => {
    await using folder = await temporaryFolder();
    await using base = await openCheckpoint(DEMO);
    const target = { kind: 'parameters', fraction: 0.25 } as const;
    const [first, second] = base.config.layers;
    const widths = [
      { layer: 0, kvGroups: first!.kvHeads, ffn: first!.ffn - 7 },
      { layer: 1, kvGroups: 1, ffn: Math.ceil(second!.ffn / 3) },
    ];
    const recipe = pruneRecipe.parse({
      kind: 'prune',
      model: { checkpoint: DEMO },
      criterion: 'random',
      choose: { target, ranking, widths },
      steps,
    });
    const result = await runPrune(folder.path, recipe);
    await using cut = await openCheckpoint(join(folder.path, result.checkpoint));
    expect(cut.config.layers[0]).toMatchObject({ kvHeads: first!.kvHeads, ffn: first!.ffn - 7 });
    expect(cut.config.layers[1]).toMatchObject({ kvHeads: 1, ffn: widths[1]!.ffn });
    expect(result.parameters).toBeLessThanOrEqual(result.baseParameters * 0.75);
    expect(result.parameters).toBeGreaterThan(result.baseParameters * 0.74);
    expect(cut.rawConfig).toMatchObject({ pruning: { choose: { widths } } });
  },
);
