// Tokenizers: round trips, special tokens only when asked for, and contexts with continuations as the harness splits them.
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Tokenizer as HubTokenizer } from '@huggingface/tokenizers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodePair, loadTokenizer } from '../../../src/worker/text/tokenizer.ts';
import type { Tokenizer } from '../../../src/worker/text/tokenizer.ts';
import { temporaryFolder } from '../weights/tiny-checkpoint.ts';

const STORIES = join(import.meta.dirname, '../../../../shared/data/models/stories260K');

/** The 256 characters that byte-level tokenizers write bytes as: printable ones stand for themselves, the others follow from U+0100 on. */
const BYTE_CHARACTERS = (() => {
  let next = 256;
  const printable = (byte: number): boolean => (byte > 32 && byte < 127) || (byte > 160 && byte !== 173);
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(printable(byte) ? byte : next++));
})();

/** A byte-level BPE like Llama 3's, with a few merges and one special token for both ends. */
function byteLevelTokenizer(): Record<string, unknown> {
  const merges = ['t h', 'th e', 'Ġ the', 'Ġ a', 'n d', 'Ġa nd'];
  const pieces = [...BYTE_CHARACTERS, ...merges.map((merge) => merge.replace(' ', ''))];
  const vocab = Object.fromEntries(pieces.map((piece, id) => [piece, id]));
  return {
    version: '1.0',
    added_tokens: [
      { id: pieces.length, content: '<|end|>', single_word: false, lstrip: false, rstrip: false, normalized: false, special: true },
    ],
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: { type: 'BPE', vocab, merges: merges.map((merge) => merge.split(' ')), byte_fallback: false, ignore_merges: false },
  };
}

async function writeTokenizer(folder: string, files: Record<string, unknown>): Promise<string> {
  const path = join(folder, 'model');
  await mkdir(path);
  for (const [name, json] of Object.entries(files))
    await writeFile(join(path, name), typeof json === 'string' ? json : JSON.stringify(json));
  return path;
}

async function withByteLevel(settings: Record<string, unknown> = { eos_token: '<|end|>' }): Promise<Tokenizer> {
  await using folder = await temporaryFolder();
  return await loadTokenizer(
    await writeTokenizer(folder.path, { 'tokenizer.json': byteLevelTokenizer(), 'tokenizer_config.json': settings }),
  );
}

/** Well-formed text that spells no special token and holds no ▁, which SentencePiece cannot tell from a space. */
const plainText = fc.string({ unit: 'grapheme', maxLength: 60 }).filter((text) => !/▁|<s>|<\/s>|<unk>|<\|end\|>/.test(text));

describe.skipIf(!existsSync(STORIES))('stories260K, SentencePiece style (needs ../shared/data)', async () => {
  const tokenizer = existsSync(STORIES) ? await loadTokenizer(STORIES) : await withByteLevel();

  it('decodes what it encoded', () => {
    fc.assert(fc.property(plainText, (text) => tokenizer.decode(tokenizer.encode(text, { bos: false })) === text));
  });

  it('gives the ids of the plain library although words are encoded apart', () => {
    const plain = new HubTokenizer(JSON.parse(readFileSync(join(STORIES, 'tokenizer.json'), 'utf8')) as object, {});
    const words = fc.array(fc.oneof(plainText, fc.constantFrom(' ', '  ', '\n', 'Once upon', ' a time', '▁', '▁▁x', '<s>', '</s> ')), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(words, (pieces) => {
        const text = pieces.join('');
        const expected = text === '' ? [] : plain.encode(text, { add_special_tokens: false }).ids;
        expect(tokenizer.encode(text, { bos: false })).toEqual(expected);
      }),
    );
  });

  it('adds BOS once, on request, and nothing else', () => {
    expect([tokenizer.vocabSize, tokenizer.bosId, tokenizer.eosIds]).toEqual([512, 1, [2]]);
    const bare = tokenizer.encode('Once', { bos: false });
    expect(tokenizer.encode('Once', { bos: true })).toEqual([1, ...bare]);
    expect(tokenizer.encode('<s>Once', { bos: true })).toEqual([1, ...bare]);
    expect(tokenizer.encode('', { bos: true })).toEqual([1]);
    expect(tokenizer.encode('', { bos: false })).toEqual([]);
  });

  it('hands out ids that may be changed without changing the next answer', () => {
    const first = tokenizer.encode('Lily', { bos: false });
    const copy = first.slice();
    first.push(0);
    expect(tokenizer.encode('Lily', { bos: false })).toEqual(copy);
  });

  it('splits jointly at the ids of the context, with its trailing spaces moved over', () => {
    const pair = encodePair(tokenizer, 'Once upon a time \n', ' there', { bos: true, pair: 'joint' });
    expect(pair.context).toEqual(tokenizer.encode('Once upon a time', { bos: true }));
    expect([...pair.context, ...pair.continuation]).toEqual(tokenizer.encode('Once upon a time \n there', { bos: true }));
  });

  it('splits separately with both encoded alone, so that the continuation begins with a space of its own', () => {
    const pair = encodePair(tokenizer, 'Once upon a time', ' there', { bos: false, pair: 'separate' });
    expect(pair.context).toEqual(tokenizer.encode('Once upon a time', { bos: false }));
    expect(pair.continuation).toEqual(tokenizer.encode(' there', { bos: false }));
    expect(tokenizer.decode([1, ...pair.continuation])).toBe('<s>  there');
  });

  it.each(['joint', 'separate'] as const)('lets BOS stand in for an empty context: %s', (pair) => {
    expect(encodePair(tokenizer, '', 'Once', { bos: false, pair })).toEqual({
      context: [1],
      continuation: tokenizer.encode('Once', { bos: false }),
    });
  });

  it('is refused for a model with fewer embeddings', async () => {
    await using folder = await temporaryFolder();
    const tokenizerJson = readFileSync(join(STORIES, 'tokenizer.json'), 'utf8');
    const path = await writeTokenizer(folder.path, { 'tokenizer.json': tokenizerJson, 'config.json': { vocab_size: 500 } });
    await expect(loadTokenizer(path)).rejects.toThrow(/ids up to 511 but config\.json gives vocab_size 500/);
  });
});

describe('a byte-level tokenizer', () => {
  it('decodes what it encoded, whatever it is', async () => {
    const tokenizer = await withByteLevel();
    fc.assert(fc.property(plainText, (text) => tokenizer.decode(tokenizer.encode(text, { bos: true })) === text));
  });

  it('merges, and has no BOS to add', async () => {
    const tokenizer = await withByteLevel();
    expect(tokenizer.bosId).toBeUndefined();
    expect(tokenizer.eosIds).toEqual([262]);
    expect(tokenizer.encode(' and the<|end|>', { bos: true })).toEqual([261, 258, 262]);
  });

  it('lets EOS stand in for an empty context', async () => {
    expect(encodePair(await withByteLevel(), ' ', 'the', { bos: true, pair: 'joint' }).context).toEqual([262]);
    const nameless = await withByteLevel({});
    expect(() => encodePair(nameless, '', 'the', { bos: true, pair: 'joint' })).toThrow(/neither BOS nor EOS/);
  });

  it('takes end tokens from all three files, its own first, and hashes them', async () => {
    await using folder = await temporaryFolder();
    const path = await writeTokenizer(folder.path, {
      'tokenizer.json': byteLevelTokenizer(),
      'tokenizer_config.json': { eos_token: { content: '<|end|>' } },
      'generation_config.json': { eos_token_id: [7, 262] },
      'config.json': { eos_token_id: 9, bos_token_id: 5, vocab_size: 263 },
    });
    const tokenizer = await loadTokenizer(path);
    expect([tokenizer.bosId, tokenizer.eosIds]).toEqual([5, [262, 7, 9]]);
    expect(tokenizer.hash).not.toBe((await withByteLevel()).hash);
  });
});

describe('a tokenizer that cannot be used', () => {
  it.each<[string, Record<string, unknown>, RegExp]>([
    ['is missing', {}, /model\/tokenizer\.json: there is no such file; a checkpoint needs it/],
    ['is only there as SentencePiece', { 'tokenizer.model': 'x' }, /only tokenizer\.model; convert it/],
    ['is not JSON', { 'tokenizer.json': '{' }, /model\/tokenizer\.json: cannot be used/],
    ['lacks its parts', { 'tokenizer.json': {} }, /model\/tokenizer\.json: cannot be used/],
    ['is of an unknown kind', { 'tokenizer.json': { ...byteLevelTokenizer(), model: { type: 'New' } } }, /cannot be used/],
    [
      'has broken settings',
      { 'tokenizer.json': byteLevelTokenizer(), 'tokenizer_config.json': 'x' },
      /tokenizer_config\.json: is not JSON/,
    ],
  ])('%s', async (_, files, message) => {
    await using folder = await temporaryFolder();
    const loaded = loadTokenizer(await writeTokenizer(folder.path, files));
    await expect(loaded).rejects.toMatchObject({ code: 'bad-tokenizer' });
    await expect(loaded).rejects.toThrow(message);
  });
});
