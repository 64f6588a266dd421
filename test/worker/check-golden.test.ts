// The engine agrees with a float64 reference in every section, and a reference that lies is caught.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkGolden } from '../../src/worker/check-golden.ts';
import { NEEDS_STORIES, STORIES_FOLDER, hasStories } from '../support/stories.ts';
import { temporaryFolder } from './weights/tiny-checkpoint.ts';

const CPU = { device: 'cpu', threads: 2, weights: 'f32' } as const;
const GOLDEN = join(STORIES_FOLDER, 'golden.json');

describe.skipIf(!hasStories)(`the golden check ${NEEDS_STORIES}`, () => {
  it('finds every section within tolerance on the CPU', async () => {
    const report = await checkGolden(STORIES_FOLDER, GOLDEN, CPU);
    expect(report.sections.filter(({ ok }) => !ok)).toEqual([]);
    const names = report.sections.map(({ section }) => section).join('\n');
    for (const part of [
      'log-probabilities',
      'logits',
      'param_mix, KV groups',
      'LoRA gradient norms',
      'losses of 10 steps',
      'pruned model, mean loss',
    ])
      expect(names).toContain(part);
  });

  it('names the section that is wrong', async () => {
    await using folder = await temporaryFolder();
    const reference = JSON.parse(await readFile(GOLDEN, 'utf8')) as { lora: { loss: number } };
    reference.lora.loss += 2e-4;
    const path = join(folder.path, 'golden.json');
    await writeFile(path, JSON.stringify(reference));
    const report = await checkGolden(STORIES_FOLDER, path, CPU);
    expect(report.ok).toBe(false);
    expect(report.sections.filter(({ ok }) => !ok).map(({ section }) => section)).toEqual(['LoRA loss']);
  });

  it('refuses a file that is no golden file', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'golden.json');
    await writeFile(path, '{"token_ids": "none"}');
    await expect(checkGolden(STORIES_FOLDER, path, CPU)).rejects.toThrow(/golden\.json is not a golden file.*token_ids/s);
  });
});
