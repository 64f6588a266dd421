// PEFT adapters and merging: written and read back, refused for another base, and W + scale·B·A to the last bit of f32.
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../../src/shared/random.ts';
import { PROJECTIONS } from '../../../src/shared/recipe.ts';
import type { Projection } from '../../../src/shared/recipe.ts';
import { expectedTensors, projectionModule } from '../../../src/shared/tensor-names.ts';
import { mergeAdapter } from '../../../src/worker/export/merge.ts';
import { loadAdapter, saveAdapter } from '../../../src/worker/export/peft.ts';
import type { Adapter } from '../../../src/worker/llama/model.ts';
import { openCheckpoint } from '../../../src/worker/weights/checkpoint.ts';
import { openSafetensors } from '../../../src/worker/weights/safetensors.ts';
import { TINY, temporaryFolder, writeTiny } from '../weights/tiny-checkpoint.ts';

const UNEVEN = { ...TINY, layers: TINY.layers.with(1, { queryHeads: 2, kvHeads: 1, ffn: 7 }) };

function randomAdapter(targets: readonly Projection[], zeroB = false): Adapter {
  const stream = new RandomStream(3, 'adapter');
  const weights = new Map<string, { a: Float32Array; b: Float32Array }>();
  for (const { layer, part, shape } of expectedTensors(UNEVEN)) {
    const projection = targets.find((target) => part === `${projectionModule(target)}.weight`);
    if (projection === undefined) continue;
    const draw = (size: number, scale: number): Float32Array => Float32Array.from({ length: size }, () => scale * stream.normal());
    weights.set(`${layer}.${projection}`, { a: draw(4 * shape[1]!, 1), b: draw(4 * shape[0]!, zeroB ? 0 : 1) });
  }
  return { rank: 4, scale: 2, targets, weights };
}

const FACTS = { baseHash: 'a'.repeat(64), basePath: '/models/base', dropout: 0.05, rsLora: false };

describe('an adapter on disk', () => {
  it.each([
    { targets: [...PROJECTIONS], rsLora: false, alpha: 8 },
    { targets: ['q_proj', 'down_proj'] as const, rsLora: true, alpha: 4 },
  ])('comes back as it was: $targets, rsLoRA $rsLora', async ({ targets, rsLora, alpha }) => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'adapter');
    const adapter = randomAdapter(targets);
    await saveAdapter(path, adapter, { ...FACTS, rsLora });
    expect((await readdir(path)).toSorted()).toEqual(['README.md', 'adapter_config.json', 'adapter_model.safetensors']);
    expect(JSON.parse(await readFile(join(path, 'adapter_config.json'), 'utf8'))).toMatchObject({
      peft_type: 'LORA',
      r: 4,
      lora_alpha: alpha,
      use_rslora: rsLora,
      target_modules: targets,
      base_model_sha256: FACTS.baseHash,
    });
    expect(await loadAdapter(path, UNEVEN, FACTS.baseHash)).toEqual(adapter);
  });

  it('has the names and shapes that PEFT looks for', async () => {
    await using folder = await temporaryFolder();
    await saveAdapter(join(folder.path, 'adapter'), randomAdapter(['q_proj', 'gate_proj']), FACTS);
    await using file = await openSafetensors(join(folder.path, 'adapter/adapter_model.safetensors'));
    expect(file.tensors.size).toBe(12);
    expect(file.tensors.get('base_model.model.model.layers.1.self_attn.q_proj.lora_A.weight')?.shape).toEqual([4, 12]);
    expect(file.tensors.get('base_model.model.model.layers.1.mlp.gate_proj.lora_B.weight')?.shape).toEqual([7, 4]);
  });

  it('is refused for another base, with both hashes', async () => {
    await using folder = await temporaryFolder();
    await saveAdapter(join(folder.path, 'adapter'), randomAdapter(['q_proj']), FACTS);
    const other = 'b'.repeat(64);
    await expect(loadAdapter(join(folder.path, 'adapter'), UNEVEN, other)).rejects.toThrow(new RegExp(`${FACTS.baseHash}.*${other}`));
  });

  it.each<[string, Record<string, unknown>, RegExp]>([
    ['another method', { peft_type: 'IA3' }, /peft_type is "IA3"/],
    ['DoRA', { use_dora: true }, /use_dora is set/],
    ['ranks of their own', { rank_pattern: { q_proj: 2 } }, /rank_pattern is set/],
    ["a rank that is not the weights'", { r: 8 }, /lora_A\.weight has shape \[4, 12\]; this model and r ask for \[8, 12\]/],
    ['no alpha', { lora_alpha: undefined }, /lora_alpha is missing/],
    ['a base changed at the start', { init_lora_weights: 'pissa' }, /init_lora_weights is pissa/],
  ])('is refused with %s', async (_, changes, message) => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'adapter');
    await saveAdapter(path, randomAdapter(['q_proj']), FACTS);
    const settings = JSON.parse(await readFile(join(path, 'adapter_config.json'), 'utf8')) as object;
    await writeFile(join(path, 'adapter_config.json'), JSON.stringify({ ...settings, ...changes }));
    await expect(loadAdapter(path, UNEVEN, FACTS.baseHash)).rejects.toThrow(message);
  });

  it('without a hash is taken when its shapes fit, and refused when they do not', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'adapter');
    await saveAdapter(path, randomAdapter(['v_proj']), FACTS);
    const settings = { ...(JSON.parse(await readFile(join(path, 'adapter_config.json'), 'utf8')) as object), base_model_sha256: undefined };
    await writeFile(join(path, 'adapter_config.json'), JSON.stringify(settings));
    expect((await loadAdapter(path, UNEVEN, 'other')).weights.size).toBe(3);
    await expect(loadAdapter(path, TINY, 'other')).rejects.toThrow(
      /layers\.1\.self_attn\.v_proj\.lora_B\.weight has shape \[4, 4\].*ask for \[12, 4\]/,
    );
    await expect(loadAdapter(path, { ...UNEVEN, layers: UNEVEN.layers.slice(0, 2) }, 'other')).rejects.toThrow(
      /holds .*layers\.2\..*no place for/,
    );
  });
});

describe('merging', () => {
  it('adds scale·B·A to the weights that have an adapter and copies the others', async () => {
    await using folder = await temporaryFolder();
    await using base = await openCheckpoint(await writeTiny(join(folder.path, 'base'), UNEVEN));
    const adapter = randomAdapter(['k_proj', 'up_proj']);
    await mergeAdapter(base, adapter, join(folder.path, 'merged'));
    await using merged = await openCheckpoint(join(folder.path, 'merged'));
    expect(merged.config).toEqual(base.config);
    for (const { name, shape, layer, part } of expectedTensors(UNEVEN)) {
      const w = await base.readFloat32(name);
      const projection = adapter.targets.find((target) => part === `${projectionModule(target)}.weight`);
      const { a, b } = (projection && adapter.weights.get(`${layer}.${projection}`)) ?? { a: undefined, b: undefined };
      const sum =
        a === undefined
          ? w
          : w.map((value, i) => {
              const [row, column] = [Math.floor(i / shape[1]!), i % shape[1]!];
              let product = 0;
              for (let r = 0; r < 4; r++) product += b[row * 4 + r]! * a[r * shape[1]! + column]!;
              return value + 2 * product;
            });
      const difference = (await merged.readFloat32(name)).map((value, i) => Math.abs(value - sum[i]!));
      expect(Math.max(...difference), name).toBeLessThan(1e-6 * 16); // one rounding of values below 16
    }
  });

  it('with B = 0 changes nothing', async () => {
    await using folder = await temporaryFolder();
    await using base = await openCheckpoint(await writeTiny(join(folder.path, 'base'), UNEVEN, 'BF16'));
    await mergeAdapter(base, randomAdapter([...PROJECTIONS], true), join(folder.path, 'merged'));
    await using merged = await openCheckpoint(join(folder.path, 'merged'));
    expect(await merged.hash()).toBe(await base.hash());
  });

  it('without an adapter converts the dtype', async () => {
    await using folder = await temporaryFolder();
    await using base = await openCheckpoint(await writeTiny(join(folder.path, 'base'), UNEVEN));
    await mergeAdapter(base, undefined, join(folder.path, 'half'), { dtype: 'F16' });
    await using half = await openCheckpoint(join(folder.path, 'half'));
    expect([half.dtype, half.rawConfig['torch_dtype']]).toEqual(['F16', 'float16']);
    expect(await half.readFloat16('lm_head.weight')).toEqual(await base.readFloat16('lm_head.weight'));
  });
});
