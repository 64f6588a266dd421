// GGUF files: what is written is read back, weights lie where llama.cpp looks for them, and what it cannot do is refused in words.
import { existsSync, readFileSync } from 'node:fs';
import { open, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/shared/errors.ts';
import { planGgufLayers } from '../../../src/shared/gguf-layers.ts';
import type { LlamaConfig } from '../../../src/shared/llama-config.ts';
import type { ProgressFrame } from '../../../src/shared/progress.ts';
import { RandomStream } from '../../../src/shared/random.ts';
import { expectedTensors } from '../../../src/shared/tensor-names.ts';
import { buildGgufHeader, paddingAfter, readGgufHeader, tensorBytes } from '../../../src/worker/export/gguf-format.ts';
import type { GgufMetadata, GgufTensor, GgufValue } from '../../../src/worker/export/gguf-format.ts';
import { describeTokenizer } from '../../../src/worker/export/gguf-tokenizer.ts';
import { exportGguf } from '../../../src/worker/export/gguf.ts';
import { mergeAdapter } from '../../../src/worker/export/merge.ts';
import { writeGguf } from '../../../src/worker/gguf.ts';
import type { Adapter } from '../../../src/worker/llama/model.ts';
import { loadTokenizer } from '../../../src/worker/text/tokenizer.ts';
import { openCheckpoint } from '../../../src/worker/weights/checkpoint.ts';
import { toFloat32 } from '../../../src/worker/weights/dtype.ts';
import { hasStories, NEEDS_STORIES, STORIES_FOLDER } from '../../support/stories.ts';
import { TINY, temporaryFolder, writeTiny } from '../weights/tiny-checkpoint.ts';

const DEMO = join(import.meta.dirname, '../../../resources/demo/model');
const NO_TOKENIZER: GgufMetadata = new Map();
const LLAMA3 = { type: 'llama3', factor: 8, lowFreqFactor: 1, highFreqFactor: 4, originalMaxPositions: 32 } as const;
/** A layer of its own width, one without FFN, an empty one, one without attention. */
const UNEVEN: LlamaConfig = {
  ...TINY,
  layers: [
    { queryHeads: 2, kvHeads: 1, ffn: 7 },
    { queryHeads: 6, kvHeads: 3, ffn: 0 },
    { queryHeads: 0, kvHeads: 0, ffn: 0 },
    { queryHeads: 0, kvHeads: 0, ffn: 5 },
  ],
};

const value = (metadata: GgufMetadata, key: string): unknown => metadata.get(key)?.value;

/** A tensor of a file as numbers. */
async function valuesOf(path: string, name: string): Promise<number[]> {
  const place = (await readGgufHeader(path)).tensors.get(name)!;
  await using file = await open(path);
  const bytes = new Uint8Array(place.bytes);
  await file.read(bytes, 0, place.bytes, place.offset);
  return [...toFloat32(place.dtype, bytes)];
}

async function exportTiny(folder: string, config: LlamaConfig, dtype: 'F32' | 'F16' | 'BF16' = 'F32', adapter?: Adapter): Promise<string> {
  await using checkpoint = await openCheckpoint(await writeTiny(join(folder, 'model'), config, dtype));
  const path = join(folder, 'model.gguf');
  await exportGguf(path, { checkpoint, adapter, tokenizer: NO_TOKENIZER, name: 'tiny' });
  return path;
}

describe('a header', () => {
  const int = fc.integer({ min: 0, max: 0xffffffff });
  const scalars: Record<GgufValue['kind'], fc.Arbitrary<number | boolean | string>> = {
    u32: int,
    i32: fc.integer(),
    f32: fc.float({ noNaN: true }),
    bool: fc.boolean(),
    string: fc.string({ unit: 'grapheme' }),
  };
  const anyValue = fc
    .constantFrom(...(Object.keys(scalars) as GgufValue['kind'][]))
    .chain((kind) =>
      fc.record({ kind: fc.constant(kind), value: fc.oneof(scalars[kind], fc.array(scalars[kind])) }),
    ) as fc.Arbitrary<GgufValue>;
  const anyMetadata = fc.array(fc.tuple(fc.string(), anyValue), { maxLength: 12 }).map((entries) => new Map(entries));
  const anyTensors = fc.uniqueArray(
    fc.record({
      name: fc.string({ unit: 'grapheme' }),
      dtype: fc.constantFrom('F32' as const, 'F16' as const, 'BF16' as const),
      shape: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 }),
    }),
    { selector: ({ name }) => name, maxLength: 6 },
  );

  async function writeFileOf(path: string, metadata: GgufMetadata, tensors: readonly GgufTensor[]): Promise<Buffer> {
    const data = tensors.map((tensor) => Buffer.alloc(tensorBytes(tensor) + paddingAfter(tensorBytes(tensor)), 1));
    const bytes = Buffer.concat([buildGgufHeader(metadata, tensors), ...data]);
    await writeFile(path, bytes);
    return bytes;
  }

  it('comes back as it was written, every tensor aligned and clear of the next', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'any.gguf');
    await fc.assert(
      fc.asyncProperty(anyMetadata, anyTensors, async (metadata, tensors) => {
        await writeFileOf(path, metadata, tensors);
        const found = await readGgufHeader(path);
        expect(found.metadata).toEqual(metadata);
        expect([...found.tensors.values()].map(({ name, dtype, shape }) => ({ name, dtype, shape }))).toEqual(tensors);
        let end = 0;
        for (const { offset, bytes } of found.tensors.values()) {
          expect(offset % 32).toBe(0);
          expect(offset).toBeGreaterThanOrEqual(end);
          end = offset + bytes;
        }
      }),
      { numRuns: 60 },
    );
  });

  it('that was damaged or cut off is an AppError, or still tiles the file', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'bad.gguf');
    const metadata: GgufMetadata = new Map([
      ['a', { kind: 'u32', value: [1, 2, 3] }],
      ['b', { kind: 'string', value: ['x', 'yy'] }],
    ]);
    const whole = await writeFileOf(path, metadata, [{ name: 't', dtype: 'F16', shape: [3, 5] }]);
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length), async (at, byte, length) => {
        const bytes = Buffer.from(whole);
        bytes[at] = byte;
        await writeFile(path, bytes.subarray(0, byte % 2 === 0 ? length : bytes.length));
        try {
          for (const { offset, bytes: size } of (await readGgufHeader(path)).tensors.values()) {
            expect(offset + size).toBeLessThanOrEqual(whole.length);
          }
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(AppError);
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('layers', () => {
  const full = { queryHeads: 6, kvHeads: 3, ffn: 10 };
  const noAttention = { ...full, queryHeads: 0, kvHeads: 0 };
  const noFfn = { ...full, ffn: 0 };
  const one = { queryHeads: 1, kvHeads: 1 };
  it.each([
    ['alike are llama', [full, full], 'llama', [full, full]],
    ['that differ are deci', [full, { ...full, ffn: 9 }], 'deci', [full, { ...full, ffn: 9 }]],
    ['that lost both blocks go', [full, { ...noAttention, ffn: 0 }, full], 'llama', [full, full]],
    ['without attention say so', [full, noAttention], 'deci', [full, noAttention]],
    ['without attention at the beginning get a head of zeros', [noAttention, full], 'deci', [{ ...noAttention, ...one }, full]],
    ['without FFN get channels of zeros', [noFfn, full], 'deci', [{ ...noFfn, ffn: 32 }, full]],
    [
      'all without FFN are still alike',
      [noFfn, noFfn],
      'llama',
      [
        { ...noFfn, ffn: 32 },
        { ...noFfn, ffn: 32 },
      ],
    ],
  ])('%s', (_, layers, architecture, written) => {
    const plan = planGgufLayers({ layers });
    expect(plan.architecture).toBe(architecture);
    expect(plan.layers).toMatchObject(written);
  });
});

describe('an exported model', () => {
  it('says its widths once where the layers are alike', async () => {
    await using folder = await temporaryFolder();
    const { metadata } = await readGgufHeader(await exportTiny(folder.path, { ...TINY, ropeScaling: { type: 'linear', factor: 4 } }));
    expect(Object.fromEntries([...metadata].map(([key, { value: said }]) => [key, said]))).toEqual({
      'general.architecture': 'llama',
      'general.type': 'model',
      'general.name': 'tiny',
      'general.file_type': 0,
      'llama.vocab_size': 20,
      'llama.context_length': 64,
      'llama.embedding_length': 12,
      'llama.block_count': 3,
      'llama.feed_forward_length': 10,
      'llama.attention.head_count': 6,
      'llama.attention.head_count_kv': 3,
      'llama.attention.key_length': 4,
      'llama.attention.value_length': 4,
      'llama.attention.layer_norm_rms_epsilon': Math.fround(1e-5),
      'llama.rope.dimension_count': 4,
      'llama.rope.freq_base': 10_000,
      'llama.rope.scaling.type': 'linear',
      'llama.rope.scaling.factor': 4,
    });
  });

  it('says the widths of each layer where they differ', async () => {
    await using folder = await temporaryFolder();
    const { metadata } = await readGgufHeader(await exportTiny(folder.path, UNEVEN));
    expect(value(metadata, 'general.architecture')).toBe('deci');
    expect(value(metadata, 'deci.block_count')).toBe(3);
    expect(value(metadata, 'deci.attention.head_count')).toEqual([2, 6, 0]);
    expect(value(metadata, 'deci.attention.head_count_kv')).toEqual([1, 3, 0]);
    expect(value(metadata, 'deci.feed_forward_length')).toEqual([7, 32, 5]);
    expect(value(metadata, 'deci.attention.key_length')).toBe(4);
  });

  it.each(['F32', 'F16', 'BF16'] as const)('holds every weight where llama.cpp looks for it: %s', async (dtype) => {
    await using folder = await temporaryFolder();
    const path = await exportTiny(folder.path, UNEVEN, dtype);
    const { tensors } = await readGgufHeader(path);
    await using checkpoint = await openCheckpoint(join(folder.path, 'model'));
    const source = async (name: string): Promise<number[]> => [...(await checkpoint.readFloat32(name))];
    // Row by row: what turns as pair i of a head lies at 2i and 2i + 1.
    const paired = (rows: number[], width: number): number[] =>
      rows.map((_, at) => {
        const [row, column] = [Math.floor(at / width), at % width];
        const [head, place] = [Math.floor(row / TINY.headSize), row % TINY.headSize];
        return rows[(head * TINY.headSize + (place % 2) * (TINY.headSize / 2) + Math.floor(place / 2)) * width + column]!;
      });
    const zeros = (count: number): number[] => new Array<number>(count).fill(0);
    const expected: Record<string, number[]> = {
      'token_embd.weight': await source('model.embed_tokens.weight'),
      'output_norm.weight': await source('model.norm.weight'),
      'output.weight': await source('lm_head.weight'),
    };
    for (const [index, layer] of [0, 1, 3].entries()) {
      const take = async (to: string, from: string, width?: number): Promise<void> => {
        const name = `model.layers.${layer}.${from}`;
        if (checkpoint.tensors.has(name)) expected[`blk.${index}.${to}`] = width ? paired(await source(name), width) : await source(name);
      };
      await take('attn_norm.weight', 'input_layernorm.weight');
      for (const letter of ['q', 'k', 'v'] as const) {
        await take(`attn_${letter}.weight`, `self_attn.${letter}_proj.weight`, letter === 'v' ? undefined : 12);
        await take(`attn_${letter}.bias`, `self_attn.${letter}_proj.bias`, letter === 'v' ? undefined : 1);
      }
      for (const kind of ['weight', 'bias'] as const) {
        await take(`attn_output.${kind}`, `self_attn.o_proj.${kind}`);
        for (const part of ['gate', 'up', 'down'] as const) await take(`ffn_${part}.${kind}`, `mlp.${part}_proj.${kind}`);
      }
      await take('ffn_norm.weight', 'post_attention_layernorm.weight');
    }
    for (const [part, size] of Object.entries({ norm: 12, gate: 32 * 12, up: 32 * 12, down: 12 * 32 })) {
      expected[`blk.1.ffn_${part}.weight`] = zeros(size);
    }
    for (const [part, size] of Object.entries({ gate: 32, up: 32, down: 12 })) expected[`blk.1.ffn_${part}.bias`] = zeros(size);
    expect([...tensors.keys()].toSorted()).toEqual(Object.keys(expected).toSorted());
    for (const [name, values] of Object.entries(expected)) {
      expect(await valuesOf(path, name), name).toEqual(values);
      expect(tensors.get(name)!.dtype, name).toBe(tensors.get(name)!.shape.length === 1 ? 'F32' : dtype);
    }
  });

  it('leaves the head out where it is the embeddings', async () => {
    await using folder = await temporaryFolder();
    const { tensors } = await readGgufHeader(await exportTiny(folder.path, { ...TINY, tieWordEmbeddings: true }));
    expect(tensors.has('output.weight')).toBe(false);
  });

  it("brings Llama 3's positions as a divisor for each pair: 1 for the fast ones, the factor for the slow ones", async () => {
    await using folder = await temporaryFolder();
    const path = await exportTiny(folder.path, { ...TINY, headSize: 8, ropeScaling: LLAMA3 });
    const factors = await valuesOf(path, 'rope_freqs.weight');
    expect(factors).toHaveLength(4);
    expect(factors[0]).toBe(1);
    expect(factors[3]).toBe(8);
  });

  it('with an adapter is the merged checkpoint, exported', async () => {
    await using folder = await temporaryFolder();
    const random = new RandomStream(3, 'adapter');
    const draw = (size: number): Float32Array => Float32Array.from({ length: size }, () => random.normal());
    const part = (shape: readonly number[]): { a: Float32Array; b: Float32Array } => ({ a: draw(2 * shape[1]!), b: draw(2 * shape[0]!) });
    const weights = new Map(
      expectedTensors(TINY)
        .filter(({ part: place }) => place === 'self_attn.q_proj.weight')
        .map(({ layer, shape }) => [`${layer}.q_proj`, part(shape)]),
    );
    const adapter: Adapter = { rank: 2, scale: 0.5, targets: ['q_proj'], weights };
    const direct = readFileSync(await exportTiny(folder.path, TINY, 'F16', adapter));
    await using base = await openCheckpoint(join(folder.path, 'model'));
    await mergeAdapter(base, adapter, join(folder.path, 'merged'));
    await using merged = await openCheckpoint(join(folder.path, 'merged'));
    const path = join(folder.path, 'merged.gguf');
    await exportGguf(path, { checkpoint: merged, adapter: undefined, tokenizer: NO_TOKENIZER, name: 'tiny' });
    expect(readFileSync(path).equals(direct)).toBe(true);
  });

  it('is not there when it was cancelled, and neither is a part of it', async () => {
    await using folder = await temporaryFolder();
    await using checkpoint = await openCheckpoint(await writeTiny(join(folder.path, 'model')));
    const stop = new AbortController();
    const progress = ({ done }: ProgressFrame): void => {
      if (done > 5) stop.abort();
    };
    const path = join(folder.path, 'model.gguf');
    const content = { checkpoint, adapter: undefined, tokenizer: NO_TOKENIZER, name: 'tiny' };
    await expect(exportGguf(path, content, { signal: stop.signal, progress })).rejects.toMatchObject({ code: 'cancelled' });
    expect(await readdir(folder.path)).toEqual(['model']);
  });

  it('with norms of queries and keys is refused', async () => {
    await using folder = await temporaryFolder();
    const config = { ...TINY, modelType: 'qwen3', qkNorm: true };
    await expect(exportTiny(folder.path, config)).rejects.toThrow(/qwen3 normalises queries and keys/);
    expect(await readdir(folder.path)).toEqual(['model']);
  });
});

describe('a tokenizer', () => {
  const special = { bosId: 1, eosIds: [2, 5], rows: 8 };
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, use_regex: true };
  const json = {
    added_tokens: [
      { id: 1, content: '<s>', special: true },
      { id: 6, content: '<tool>', special: false },
    ],
    normalizer: null as object | null,
    pre_tokenizer: byteLevel as object | null,
    model: { type: 'BPE', unk_token: '<unk>', vocab: { '<unk>': 0, '<s>': 1, '</s>': 2, a: 3, b: 4, ab: 5 }, merges: ['a b'] as unknown[] },
  };
  const describeIt = (changes: object, modelChanges: object = {}): GgufMetadata =>
    describeTokenizer({ ...json, ...changes, model: { ...json.model, ...modelChanges } }, special, 'm/tokenizer.json');

  it('of byte-level BPE keeps its tokens, their kinds and its merges, and fills up to the embeddings', () => {
    const metadata = describeIt({});
    const said = Object.fromEntries([...metadata].map(([key, one]) => [key.replace('tokenizer.ggml.', ''), one.value]));
    expect(said).toEqual({
      model: 'gpt2',
      pre: 'gpt-2',
      merges: ['a b'],
      tokens: ['<unk>', '<s>', '</s>', 'a', 'b', 'ab', '<tool>', '[PAD7]'],
      token_type: [2, 3, 1, 1, 1, 1, 4, 5],
      bos_token_id: 1,
      eos_token_id: 2,
      eot_token_id: 5,
      unknown_token_id: 0,
      add_bos_token: true,
      add_eos_token: false,
    });
  });

  const split = (Regex: string): object => ({
    type: 'Sequence',
    pretokenizers: [
      { type: 'Split', pattern: { Regex }, behavior: 'Isolated', invert: false },
      { ...byteLevel, use_regex: false },
    ],
  });
  const LLAMA3_PATTERN =
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
  it.each([
    ['Llama 3', split(LLAMA3_PATTERN), 'llama-bpe'],
    ['Qwen 2', split(LLAMA3_PATTERN.replace('{1,3}', '')), 'qwen2'],
    ['SmolLM', { type: 'Sequence', pretokenizers: [{ type: 'Digits', individual_digits: true }, byteLevel] }, 'smollm'],
  ])('of %s splits words as llama.cpp does under its own name', (_, splitter, name) => {
    expect(value(describeIt({ pre_tokenizer: splitter }), 'tokenizer.ggml.pre')).toBe(name);
  });

  const spaced = {
    normalizer: {
      type: 'Sequence',
      normalizers: [
        { type: 'Prepend', prepend: '▁' },
        { type: 'Replace', pattern: { String: ' ' }, content: '▁' },
      ],
    },
    pre_tokenizer: null,
  };
  const vocab = { a: 3, b: 4, ab: 5 };
  const pieces = { byte_fallback: true, vocab: { ...vocab, c: 2, abc: 7 } };
  it.each([
    ['another kind of model', {}, { type: 'Unigram' }, /its model is Unigram/],
    ['endings of words', {}, { end_of_word_suffix: '</w>' }, /end_of_word_suffix/],
    ['a rule of its own for words', { pre_tokenizer: split('\\w+') }, {}, /a rule of its own/],
    ['no splitting into words', { pre_tokenizer: null }, {}, /made by nothing/],
    ['a change of letters', { normalizer: { type: 'Lowercase' } }, {}, /by Lowercase/],
    ['an id without an embedding', {}, { vocab: { ...vocab, z: 8 } }, /“z” has the id 8/],
    ['merges that no score tells', spaced, { ...pieces, merges: ['a b', 'ab c', 'a b'] }, /“ab” stand apart/],
    ['a merge that is missing', spaced, { ...pieces, merges: ['a b'] }, /“ab” and “c” are not merged/],
    ['a missing byte', spaced, { ...pieces, merges: ['a b', 'ab c'] }, /lacks the byte <0x00>/],
  ])('with %s is refused', (_, changes, modelChanges, sentence) => {
    expect(() => describeIt(changes, modelChanges)).toThrow(sentence);
    expect(() => describeIt(changes, modelChanges)).toThrow(/^m\/tokenizer\.json: .* so no GGUF file can be written/);
  });

  it('without an end of text is refused', () => {
    expect(() => describeTokenizer(json, { ...special, eosIds: [] }, 'm')).toThrow(/no token ends a text/);
  });

  it.skipIf(!hasStories)(`in the manner of SentencePiece gets scores that merge as its merges do ${NEEDS_STORIES}`, async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'stories.gguf');
    await writeGguf({ checkpoint: STORIES_FOLDER, out: path, name: 'stories' });
    const { metadata } = await readGgufHeader(path);
    expect(value(metadata, 'tokenizer.ggml.model')).toBe('llama');
    expect(value(metadata, 'tokenizer.ggml.add_space_prefix')).toBe(true);
    const tokens = value(metadata, 'tokenizer.ggml.tokens') as string[];
    const scores = value(metadata, 'tokenizer.ggml.scores') as number[];
    const ids = new Map(tokens.map((token, id) => [token, id]));
    const tokenizer = await loadTokenizer(STORIES_FOLDER);
    const letters = fc.string({ unit: fc.constantFrom(...' etaoinshrdluTS.,'), minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(letters, (text) => {
        expect(mergeByScore(`▁${text.replaceAll(' ', '▁')}`, ids, scores)).toEqual(tokenizer.encode(text, { bos: false }));
      }),
    );
  });
});

/** llama.cpp's rule: join the neighbours whose joint piece scores highest, the leftmost of equals, until none is a piece. */
function mergeByScore(text: string, ids: ReadonlyMap<string, number>, scores: readonly number[]): number[] {
  const parts = [...text];
  for (;;) {
    let best = -1;
    let bestScore = -Infinity;
    for (let i = 0; i + 1 < parts.length; i++) {
      const id = ids.get(parts[i]! + parts[i + 1]!);
      if (id !== undefined && scores[id]! > bestScore) [best, bestScore] = [i, scores[id]!];
    }
    if (best < 0) return parts.map((part) => ids.get(part)!);
    parts.splice(best, 2, parts[best]! + parts[best + 1]!);
  }
}

it("the demo's model becomes one file with its tokenizer", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, 'demo.gguf');
  await writeGguf({ checkpoint: DEMO, out: path, name: 'demo' });
  expect(existsSync(`${path}.part`)).toBe(false);
  const { metadata, tensors } = await readGgufHeader(path);
  expect(value(metadata, 'tokenizer.ggml.tokens')).toHaveLength(1536);
  expect(tensors.get('token_embd.weight')).toMatchObject({ dtype: 'F16', shape: [1536, 160] });
  expect(tensors.size).toBe(2 + 6 * 9);
});
