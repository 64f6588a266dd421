// Checkpoint folders, whole and broken: single file and shards, tied and untied, and the sentence for each fault.
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeLlamaConfig } from '../../../src/shared/write-config.ts';
import { openCheckpoint } from '../../../src/worker/weights/checkpoint.ts';
import type { WritableTensor } from '../../../src/worker/weights/safetensors.ts';
import { writeCheckpoint } from '../../../src/worker/weights/write-checkpoint.ts';
import { TINY, randomTensors, temporaryFolder, writeTiny } from './tiny-checkpoint.ts';

const STORIES = join(import.meta.dirname, '../../../../shared/data/models/stories260K');
const INDEX = 'model.safetensors.index.json';

async function editJson(path: string, edit: (json: Record<string, object>) => unknown): Promise<void> {
  const json = JSON.parse(await readFile(path, 'utf8')) as Record<string, object>;
  edit(json);
  await writeFile(path, JSON.stringify(json));
}

describe.skipIf(!existsSync(STORIES))('stories260K (needs ../shared/data)', () => {
  it('opens with its 260,032 weights', async () => {
    await using model = await openCheckpoint(STORIES);
    expect(model).toMatchObject({ parameters: 260_032, sizeBytes: 4 * 260_032, dtype: 'F32' });
    expect(model.config.layers).toHaveLength(5);
    expect(model.tensors.has('lm_head.weight')).toBe(false);
    expect((await model.readFloat32('model.embed_tokens.weight')).length).toBe(512 * 64);
  });
});

describe('a whole checkpoint', () => {
  it.each(['F32', 'F16', 'BF16'] as const)('comes back as it was written, in one file or in shards: %s', async (dtype) => {
    await using folder = await temporaryFolder();
    await using single = await openCheckpoint(await writeTiny(join(folder.path, 'single'), TINY, dtype));
    await using sharded = await openCheckpoint(await writeTiny(join(folder.path, 'sharded'), TINY, dtype, 1000));
    expect((await readdir(sharded.folder)).filter((name) => name.startsWith('model-')).length).toBeGreaterThan(3);
    expect(sharded.config).toEqual(TINY);
    expect(sharded.dtype).toBe(dtype);
    for (const { name, shape, data } of randomTensors(TINY, dtype)) {
      expect(await sharded.read(name)).toEqual({ dtype, shape, data: await data() });
    }
    expect(await sharded.hash()).toBe(await single.hash());
  });

  it('has another hash when one weight or one fact of the config differs', async () => {
    await using folder = await temporaryFolder();
    const path = await writeTiny(join(folder.path, 'tiny'));
    const hash = async (): Promise<string> => {
      await using model = await openCheckpoint(path);
      return await model.hash();
    };
    const before = await hash();
    await editJson(join(path, 'config.json'), (json) => Object.assign(json, { rms_norm_eps: 1e-6 }));
    expect(await hash()).not.toBe(before);
    await editJson(join(path, 'config.json'), (json) => Object.assign(json, { rms_norm_eps: 1e-5, _name_or_path: 'elsewhere' }));
    expect(await hash()).toBe(before);
    const bytes = await readFile(join(path, 'model.safetensors'));
    bytes[bytes.length - 1]! ^= 1;
    await writeFile(join(path, 'model.safetensors'), bytes);
    expect(await hash()).not.toBe(before);
  });

  it('may keep a redundant head beside tied embeddings, and rope frequencies', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'tied');
    const config = writeLlamaConfig({}, { ...TINY, tieWordEmbeddings: true });
    const rope = { name: 'model.layers.0.self_attn.rotary_emb.inv_freq', dtype: 'F32', shape: [2], data: () => new Uint8Array(8) } as const;
    await writeCheckpoint(path, { config, tensors: [...randomTensors(TINY, 'F32'), rope] });
    await using model = await openCheckpoint(path);
    expect(model.tensors.has('lm_head.weight')).toBe(false);
    expect(model.tensors.has(rope.name)).toBe(false);
  });

  it('may consist of links, as in the Hugging Face cache', async () => {
    await using folder = await temporaryFolder();
    const path = await writeTiny(join(folder.path, 'snapshot'), TINY, 'F32', 1000);
    await mkdir(join(folder.path, 'blobs'));
    for (const [i, name] of (await readdir(path)).entries()) {
      await rename(join(path, name), join(folder.path, 'blobs', `${i}`));
      await symlink(join('..', 'blobs', `${i}`), join(path, name));
    }
    await using model = await openCheckpoint(path);
    expect(await model.hash()).toMatch(/^[0-9a-f]{64}$/);
  });

  it('says which weight f16 cannot hold', async () => {
    await using folder = await temporaryFolder();
    const tensors: WritableTensor[] = randomTensors(TINY, 'F32').map((tensor) =>
      tensor.name === 'model.norm.weight' ? { ...tensor, data: () => new Uint8Array(new Float32Array(12).fill(7e4).buffer) } : tensor,
    );
    await writeCheckpoint(join(folder.path, 'big'), { config: writeLlamaConfig({}, TINY), tensors });
    await using model = await openCheckpoint(join(folder.path, 'big'));
    await expect(model.readFloat16('model.norm.weight')).rejects.toThrow(/model\.norm\.weight holds a weight beyond ±65504/);
    expect((await model.readFloat16('model.layers.0.input_layernorm.weight')).length).toBe(12);
  });
});

describe('a broken folder gets a sentence', () => {
  const cases: [what: string, shards: number | undefined, harm: (path: string) => Promise<unknown>, message: RegExp][] = [
    ['no folder', undefined, (path) => rm(path, { recursive: true }), /there is no such folder/],
    ['no config', undefined, (path) => rm(join(path, 'config.json')), /tiny\/config\.json: there is no such file/],
    ['a config that is not JSON', undefined, (path) => writeFile(join(path, 'config.json'), '{'), /tiny\/config\.json: is not JSON/],
    ['no weights', undefined, (path) => rm(join(path, 'model.safetensors')), /tiny: holds neither model\.safetensors nor/],
    [
      'pickled weights only',
      undefined,
      (path) => rename(join(path, 'model.safetensors'), join(path, 'pytorch_model.bin')),
      /only pickled weights \(pytorch_model\.bin\).*safe_serialization/,
    ],
    [
      "a shape that is not the config's",
      undefined,
      (path) => editJson(join(path, 'config.json'), (json) => Object.assign(json, { intermediate_size: 11 })),
      /mlp\.gate_proj\.weight has shape \[10, 12\]; config\.json asks for \[11, 12\]/,
    ],
    [
      'tensors that are missing',
      undefined,
      (path) => editJson(join(path, 'config.json'), (json) => Object.assign(json, { num_hidden_layers: 4 })),
      /lacks 16 tensors \(model\.layers\.3\.input_layernorm\.weight, /,
    ],
    [
      'tensors that nothing accounts for',
      undefined,
      (path) => editJson(join(path, 'config.json'), (json) => Object.assign(json, { mlp_bias: false })),
      /holds 9 tensors \(model\.layers\.0\.mlp\.gate_proj\.bias, .*config\.json does not account for/,
    ],
    [
      'a missing shard',
      1000,
      (path) => rm(join(path, 'model-00002-of-00024.safetensors'), { force: false }),
      /1 of 24 shards are missing.*00002/,
    ],
    [
      'a shard outside the folder',
      1000,
      (path) => editJson(join(path, INDEX), (json) => Object.assign(json['weight_map']!, { 'model.norm.weight': '../x.safetensors' })),
      /model\.norm\.weight is said to be in "\.\.\/x\.safetensors"/,
    ],
    [
      'an index that names the wrong shard',
      1000,
      (path) =>
        editJson(join(path, INDEX), (json) =>
          Object.assign(json['weight_map']!, { 'model.norm.weight': 'model-00001-of-00024.safetensors' }),
        ),
      /says model\.norm\.weight is in model-00001-of-00024\.safetensors, but it is not/,
    ],
    [
      'a tensor in two shards',
      1000,
      (path) => cp(join(path, 'model-00001-of-00024.safetensors'), join(path, 'model-00002-of-00024.safetensors')),
      /model\.embed_tokens\.weight is in .* and again in/,
    ],
  ];
  it.each(cases)('%s', async (_, shardBytes, harm, message) => {
    await using folder = await temporaryFolder();
    const path = await writeTiny(join(folder.path, 'tiny'), TINY, 'F32', shardBytes);
    await harm(path);
    const opened = openCheckpoint(path);
    await expect(opened).rejects.toMatchObject({ name: 'AppError' });
    await expect(opened).rejects.toThrow(message);
  });
});

describe('writing', () => {
  it('leaves the model that was there, and nothing else, when it fails', async () => {
    await using folder = await temporaryFolder();
    const path = await writeTiny(join(folder.path, 'tiny'));
    const broken = randomTensors(TINY, 'F16').with(-1, {
      name: 'x',
      dtype: 'F16',
      shape: [1],
      data: () => Promise.reject(new Error('lost')),
    });
    await expect(writeCheckpoint(path, { config: {}, tensors: broken })).rejects.toThrow('lost');
    expect(await readdir(folder.path)).toEqual(['tiny']);
    await using model = await openCheckpoint(path);
    expect(model.dtype).toBe('F32');
  });

  it('replaces what was there and takes the tokenizer along', async () => {
    await using folder = await temporaryFolder();
    const base = await writeTiny(join(folder.path, 'base'));
    await writeFile(join(base, 'tokenizer.json'), '{}');
    await writeFile(join(base, 'notes.txt'), '');
    const path = await writeTiny(join(folder.path, 'out'));
    await writeCheckpoint(path, { config: writeLlamaConfig({}, TINY), tensors: randomTensors(TINY, 'F16'), copyFrom: base });
    expect((await readdir(path)).toSorted()).toEqual(['config.json', 'model.safetensors', 'tokenizer.json']);
    expect((await readdir(folder.path)).toSorted()).toEqual(['base', 'out']);
  });
});
