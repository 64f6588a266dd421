// Slicing: the smaller checkpoint holds exactly the kept rows and columns, and its config says so.
import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { LlamaConfig } from '../../../src/shared/llama-config.ts';
import type { Kept } from '../../../src/shared/scores.ts';
import { slice } from '../../../src/worker/prune/slice.ts';
import { openCheckpoint } from '../../../src/worker/weights/checkpoint.ts';
import type { Checkpoint } from '../../../src/worker/weights/checkpoint.ts';
import { TINY, temporaryFolder, writeTiny } from '../weights/tiny-checkpoint.ts';

const STORIES = join(import.meta.dirname, '../../../../shared/data/models/stories260K');
const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** The elements of a stored tensor at rows × columns, read one by one. */
async function at(model: Checkpoint, name: string, rows: readonly number[], columns?: readonly number[]): Promise<number[]> {
  const values = await model.readFloat32(name);
  const width = model.tensors.get(name)!.shape[1] ?? 1;
  return rows.flatMap((row) => (columns ?? range(width)).map((column) => values[row * width + column]!));
}
const all = async (model: Checkpoint, name: string): Promise<number[]> => [...(await model.readFloat32(name))];

describe('a slice', () => {
  const hidden = [0, 2, 3, 7, 11];
  const kept: Kept = {
    layers: [{ kvGroups: [0, 2], ffn: [1, 2, 3, 9] }, null, { kvGroups: range(3), ffn: [0] }],
    hidden,
  };
  const keys = [0, 1, 2, 3, 8, 9, 10, 11]; // KV groups 0 and 2, 4 wide
  const queries = [...range(8), ...range(8).map((i) => 16 + i)]; // two query heads a group, contiguous

  it.each(['F32', 'F16', 'BF16'] as const)('holds what was kept, picked by index: %s', async (dtype) => {
    await using folder = await temporaryFolder();
    await using base = await openCheckpoint(await writeTiny(join(folder.path, 'base'), TINY, dtype));
    await slice(base, kept, join(folder.path, 'small'), { pruning: { ratio: 0.4, base_hash: 'abc' } });
    await using small = await openCheckpoint(join(folder.path, 'small'));
    expect(small.dtype).toBe(dtype);
    expect(small.config).toEqual({
      ...TINY,
      hiddenSize: 5,
      layers: [
        { queryHeads: 4, kvHeads: 2, ffn: 4 },
        { queryHeads: 6, kvHeads: 3, ffn: 1 },
      ],
    });
    const first = 'model.layers.0.';
    const ffn = [1, 2, 3, 9];
    const expected: [string, number[], (number[] | undefined)?][] = [
      ['model.embed_tokens.weight', range(20), hidden],
      ['lm_head.weight', range(20), hidden],
      ['model.norm.weight', hidden],
      [`${first}input_layernorm.weight`, hidden],
      [`${first}self_attn.q_proj.weight`, queries, hidden],
      [`${first}self_attn.q_proj.bias`, queries],
      [`${first}self_attn.k_proj.weight`, keys, hidden],
      [`${first}self_attn.v_proj.bias`, keys],
      [`${first}self_attn.o_proj.weight`, hidden, queries],
      [`${first}self_attn.o_proj.bias`, hidden],
      [`${first}mlp.gate_proj.weight`, ffn, hidden],
      [`${first}mlp.up_proj.bias`, ffn],
      [`${first}mlp.down_proj.weight`, hidden, ffn],
      [`${first}mlp.down_proj.bias`, hidden],
    ];
    for (const [name, rows, columns] of expected) expect(await all(small, name), name).toEqual(await at(base, name, rows, columns));
    // Layer 2 has moved up to where layer 1 was.
    expect(await all(small, 'model.layers.1.mlp.gate_proj.weight')).toEqual(
      await at(base, 'model.layers.2.mlp.gate_proj.weight', [0], hidden),
    );
    expect(small.rawConfig['pruning']).toMatchObject({
      ratio: 0.4,
      base_hash: 'abc',
      kept: { layers: [{ kv_groups: '0,2', ffn: '1-3,9' }, null, { kv_groups: '0-2', ffn: '0' }], hidden: '0,2-3,7,11' },
    });
  });

  it('that keeps everything is the model itself', async () => {
    await using folder = await temporaryFolder();
    await using base = await openCheckpoint(await writeTiny(join(folder.path, 'base'), { ...TINY, qkNorm: true, modelType: 'qwen3' }));
    await slice(
      base,
      { layers: TINY.layers.map(() => ({ kvGroups: range(3), ffn: range(10) })), hidden: undefined },
      join(folder.path, 'same'),
      { pruning: {} },
    );
    await using same = await openCheckpoint(join(folder.path, 'same'));
    expect(await same.hash()).toBe(await base.hash());
  });

  it('may leave a layer without attention or without FFN', async () => {
    await using folder = await temporaryFolder();
    await using base = await openCheckpoint(await writeTiny(join(folder.path, 'base')));
    const layers = [{ kvGroups: [], ffn: [4] }, { kvGroups: [1], ffn: [] }, null];
    await slice(base, { layers, hidden: undefined }, join(folder.path, 'small'), { pruning: {} });
    await using small = await openCheckpoint(join(folder.path, 'small'));
    expect(small.config.layers).toEqual<LlamaConfig['layers']>([
      { queryHeads: 0, kvHeads: 0, ffn: 1 },
      { queryHeads: 2, kvHeads: 1, ffn: 0 },
    ]);
  });

  it.each<[string, Kept, RegExp]>([
    ['too few layers', { layers: [null], hidden: undefined }, /speak of 1 layers but the model has 3/],
    ['nothing', { layers: [null, null, null], hidden: undefined }, /No layer is kept/],
    [
      'a group that is not there',
      { layers: [{ kvGroups: [3], ffn: [] }, null, null], hidden: undefined },
      /layer 0, KV groups must ascend within 0\.\.2/,
    ],
    ['a channel twice', { layers: [{ kvGroups: [], ffn: [1, 1] }, null, null], hidden: undefined }, /layer 0, FFN channels/],
    ['hidden channels out of order', { layers: [{ kvGroups: [0], ffn: [1] }, null, null], hidden: [3, 2] }, /hidden channels/],
  ])('refuses to keep %s', async (_, wrong, message) => {
    await using folder = await temporaryFolder();
    await using base = await openCheckpoint(await writeTiny(join(folder.path, 'base')));
    await expect(slice(base, wrong, join(folder.path, 'small'), { pruning: {} })).rejects.toThrow(message);
    expect(await readdir(folder.path)).toEqual(['base']);
  });

  it('leaves nothing when it is stopped halfway', async () => {
    await using folder = await temporaryFolder();
    await using base = await openCheckpoint(await writeTiny(join(folder.path, 'base')));
    const stop = new AbortController();
    const progress = ({ done }: { done: number }): void => {
      if (done === 5) stop.abort();
    };
    await expect(slice(base, kept, join(folder.path, 'small'), { pruning: {}, signal: stop.signal, progress })).rejects.toMatchObject({
      code: 'cancelled',
    });
    expect(await readdir(folder.path)).toEqual(['base']);
  });
});

describe.skipIf(!existsSync(STORIES))('stories260K (needs ../shared/data)', () => {
  it('loses a KV group and a third of the FFN of its inner layers, and keeps its tokenizer', async () => {
    await using folder = await temporaryFolder();
    await using base = await openCheckpoint(STORIES);
    const whole = { kvGroups: range(4), ffn: range(172) };
    const cut = { kvGroups: [0, 2, 3], ffn: range(172).filter((i) => i % 3 !== 0) };
    await slice(base, { layers: [whole, cut, cut, cut, whole], hidden: undefined }, join(folder.path, 'small'), { pruning: {} });
    await using small = await openCheckpoint(join(folder.path, 'small'));
    expect(small.config.layers.map(({ queryHeads, kvHeads, ffn }) => [queryHeads, kvHeads, ffn])).toEqual([
      [8, 4, 172],
      [6, 3, 114],
      [6, 3, 114],
      [6, 3, 114],
      [8, 4, 172],
    ]);
    expect(small.parameters).toBe(260_032 - 3 * (2 * 16 * 64 + 2 * 8 * 64 + 3 * 58 * 64));
    expect(await readFile(join(folder.path, 'small', 'tokenizer.json'))).toEqual(await readFile(join(STORIES, 'tokenizer.json')));
  });
});
