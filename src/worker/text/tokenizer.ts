// A checkpoint's tokenizer: text to ids and back, with nothing added that was not asked for.
import { createHash } from 'node:crypto';
import { readFile, readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Tokenizer as HubTokenizer } from '@huggingface/tokenizers';
import { AppError } from '../../shared/errors.ts';
import type { Tokenisation } from '../../shared/recipe.ts';

/** The largest published tokenizer.json (Gemma 3) has 33 MB. */
const MAX_TOKENIZER_BYTES = 128 << 20;
/** Characters of text whose ids are remembered (some 40 MB): choices share contexts, and neighbouring examples share their shots. */
const REMEMBERED_CHARACTERS = 8_000_000;

export interface Tokenizer {
  /** One more than the largest id. */
  readonly vocabSize: number;
  readonly bosId: number | undefined;
  /** Ids that end a text, the tokenizer's own `eos_token` first. */
  readonly eosIds: readonly number[];
  /** Ids of `text`; special tokens arise only where the text spells them, and from `bos`, which never doubles one that the text begins with. */
  encode(text: string, options: { readonly bos: boolean }): number[];
  /** The text of ids, special tokens spelled out. The first token's leading space goes where the tokenizer's decoder strips it (LLaMA 1 and 2). */
  decode(ids: readonly number[]): string;
  /** SHA-256 in hex of tokenizer.json and the special ids: equal hashes give equal ids. */
  readonly hash: string;
}

/**
 * Loads tokenizer.json, with special tokens from tokenizer_config.json, generation_config.json and config.json beside it.
 * Throws AppError `bad-tokenizer` when it is missing or broken, or when it has ids that the embeddings of config.json lack.
 */
export async function loadTokenizer(folder: string): Promise<Tokenizer> {
  const label = basename(folder);
  const text = await readTokenizerFile(folder);
  const settings = (await readOptionalJson(folder, 'tokenizer_config.json')) ?? {};
  const config = (await readOptionalJson(folder, 'config.json')) ?? {};
  const generation = (await readOptionalJson(folder, 'generation_config.json')) ?? {};
  const hub = buildHubTokenizer(text, settings, `${label}/tokenizer.json`);

  const vocabSize = [...hub.get_vocab().values()].reduce((a, b) => Math.max(a, b), -1) + 1;
  const embeddings = config['vocab_size'];
  if (typeof embeddings === 'number' && vocabSize > embeddings) {
    throw new AppError(
      'bad-tokenizer',
      `${label}/tokenizer.json: has ids up to ${vocabSize - 1} but config.json gives vocab_size ${embeddings}; this tokenizer belongs to another model.`,
    );
  }
  const idOf = (token: unknown): number | undefined => {
    const content = typeof token === 'object' && token !== null ? (token as { content?: unknown }).content : token;
    return typeof content === 'string' ? hub.token_to_id(content) : undefined;
  };
  const bosId = idOf(settings['bos_token']) ?? idsIn(config['bos_token_id'])[0];
  const own = idOf(settings['eos_token']);
  const eosIds = [
    ...new Set([...(own === undefined ? [] : [own]), ...idsIn(generation['eos_token_id']), ...idsIn(config['eos_token_id'])]),
  ];
  const hash = createHash('sha256')
    .update(JSON.stringify([bosId, eosIds]))
    .update(text)
    .digest('hex');

  const plainIds = remember((piece: string) => (piece === '' ? [] : hub.encode(piece, { add_special_tokens: false }).ids));
  return {
    vocabSize,
    bosId,
    eosIds,
    hash,
    encode(piece, { bos }) {
      const ids = plainIds(piece);
      return bos && bosId !== undefined && ids[0] !== bosId ? [bosId, ...ids] : ids.slice();
    },
    decode(ids) {
      return ids.length === 0 ? '' : hub.decode(ids.slice(), { skip_special_tokens: false, clean_up_tokenization_spaces: false });
    },
  };
}

/**
 * Ids of a context and of what follows it, apart, as the harness makes them (evaluation rules 5.5).
 * joint: white space that ends the context moves to the continuation, both are encoded as one text, and the continuation is what comes after
 * as many ids as the context alone has. separate: each on its own. An empty context becomes the prefix token: BOS, else EOS.
 */
export function encodePair(
  tokenizer: Tokenizer,
  context: string,
  continuation: string,
  { bos, pair }: Tokenisation,
): { context: number[]; continuation: number[] } {
  const kept = pair === 'joint' ? trimSpaceEnd(context) : context;
  if (kept === '') {
    const prefix = tokenizer.bosId ?? tokenizer.eosIds[0];
    if (prefix === undefined)
      throw new AppError('bad-tokenizer', 'The context is empty and the tokenizer has neither BOS nor EOS to stand in for it.');
    return { context: [prefix], continuation: tokenizer.encode(context + continuation, { bos: false }) };
  }
  const before = tokenizer.encode(kept, { bos });
  if (pair === 'separate') return { context: before, continuation: tokenizer.encode(continuation, { bos: false }) };
  return { context: before, continuation: tokenizer.encode(context + continuation, { bos }).slice(before.length) };
}

function trimSpaceEnd(text: string): string {
  let end = text.length;
  while (end > 0 && /\p{White_Space}/u.test(text[end - 1]!)) end--;
  return text.slice(0, end);
}

/** The parts of tokenizer.json that decide whether words can be encoded apart. */
interface TokenizerJson {
  readonly pre_tokenizer?: unknown;
  readonly model?: { readonly type?: string; readonly vocab?: Readonly<Record<string, number>> };
}

/**
 * SentencePiece-style BPE takes a whole text for one word, which no cache can help. Where no piece of the vocabulary goes on over a word's
 * beginning (a ▁ after something else), no merge can either, so splitting there gives the same ids from cached words, in a third of the time (stories260K).
 */
function splitAtWords(json: TokenizerJson): object {
  const { type, vocab = {} } = json.model ?? {};
  const crosses = type !== 'BPE' || Array.isArray(vocab) || Object.keys(vocab).some((piece) => /[^▁]▁/u.test(piece));
  if (crosses || (json.pre_tokenizer ?? null) !== null) return json;
  return { ...json, pre_tokenizer: { type: 'Split', pattern: { Regex: '▁+[^▁]*' }, behavior: 'Isolated', invert: false } };
}

function buildHubTokenizer(text: string, settings: Record<string, unknown>, where: string): HubTokenizer {
  try {
    return new HubTokenizer(splitAtWords(JSON.parse(text) as TokenizerJson), settings);
  } catch (cause) {
    throw new AppError('bad-tokenizer', `${where}: cannot be used (${(cause as Error).message}).`, undefined, { cause });
  }
}

async function readTokenizerFile(folder: string): Promise<string> {
  const path = join(folder, 'tokenizer.json');
  const where = `${basename(folder)}/tokenizer.json`;
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) {
    const names = await readdir(folder).catch((): string[] => []);
    const hint = names.includes('tokenizer.model')
      ? 'there is only tokenizer.model; convert it once with transformers: AutoTokenizer.from_pretrained(folder).save_pretrained(folder)'
      : 'a checkpoint needs it beside config.json';
    throw new AppError('bad-tokenizer', `${where}: there is no such file; ${hint}.`);
  }
  if (found.size > MAX_TOKENIZER_BYTES)
    throw new AppError('bad-tokenizer', `${where}: has ${found.size} bytes; at most ${MAX_TOKENIZER_BYTES} are read.`);
  return readFile(path, 'utf8');
}

async function readOptionalJson(folder: string, name: string): Promise<Record<string, unknown> | undefined> {
  const text = await readFile(join(folder, name), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch (cause) {
    throw new AppError('bad-tokenizer', `${basename(folder)}/${name}: is not JSON (${(cause as Error).message}).`, undefined, { cause });
  }
}

function idsIn(value: unknown): number[] {
  return [value].flat().filter((id): id is number => Number.isInteger(id) && (id as number) >= 0);
}

/** Keeps the results for the texts seen last; a result must not be changed by who gets it. */
function remember(encode: (text: string) => number[]): (text: string) => readonly number[] {
  const seen = new Map<string, readonly number[]>();
  let characters = 0;
  return (text) => {
    const known = seen.get(text);
    if (known !== undefined) return known;
    const ids = encode(text);
    seen.set(text, ids);
    characters += text.length;
    for (const oldest of seen.keys()) {
      if (characters <= REMEMBERED_CHARACTERS) break;
      seen.delete(oldest);
      characters -= oldest.length;
    }
    return ids;
  };
}
