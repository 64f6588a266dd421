// A tokenizer.json in llama.cpp's terms: byte-level BPE by its merges, SentencePiece-like BPE by the scores that its merges imply.
import { AppError } from '../../shared/errors.ts';
import type { GgufMetadata, GgufValue } from './gguf-format.ts';

type Json = Readonly<Record<string, unknown>>;

/** What a tokenizer.json does not say, and a GGUF file does. */
export interface SpecialTokens {
  readonly bosId: number | undefined;
  /** Ids that end a text, the most usual first. */
  readonly eosIds: readonly number[];
  /** Rows of the embeddings, which may be more than the tokenizer has ids. */
  readonly rows: number;
  readonly chatTemplate?: string | undefined;
}

const TOKEN_TYPES = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const;
const SPACE = '▁';
/** Ways of splitting a text into words before BPE: the pattern in tokenizer.json, and llama.cpp's name for it. */
const SPLITS: Readonly<Record<string, string>> = {
  [String.raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`]:
    'llama-bpe',
  [String.raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`]: 'qwen2',
};

/**
 * The metadata `tokenizer.*` with which llama.cpp makes the same ids of a text, BOS before it as Tailor puts it. Texts are taken to be in
 * Unicode's composed form, where the tokenizer would make them so. Throws AppError `bad-tokenizer` with what llama.cpp cannot do.
 */
export function describeTokenizer(json: Json, special: SpecialTokens, where: string): GgufMetadata {
  const fail = (sentence: string): never => {
    throw new AppError('bad-tokenizer', `${where}: ${sentence}, so no GGUF file can be written. Export the Hugging Face folder instead.`);
  };
  const model = asObject(json['model']);
  if (model['type'] !== 'BPE') fail(`its model is ${show(model['type'])}, and only BPE can be told to llama.cpp`);
  const affix = ['continuing_subword_prefix', 'end_of_word_suffix'].find((key) => (model[key] ?? '') !== '');
  if (affix !== undefined) fail(`it has a ${affix}, which llama.cpp does not know`);
  const eosId = special.eosIds[0];
  if (eosId === undefined) return fail('no token ends a text, and llama.cpp would take one of its own choice');

  const { tokens, types } = listTokens(json, model, special.rows, fail);
  const merges = listMerges(model);
  const spaceFirst = readSpacePrefix(json);
  const metadata = new Map<string, GgufValue>();
  const set = (key: string, kind: GgufValue['kind'], value: GgufValue['value'] | undefined): void => {
    if (value !== undefined) metadata.set(`tokenizer.${key}`, { kind, value });
  };
  if (model['byte_fallback'] === true && spaceFirst !== undefined) {
    set('ggml.model', 'string', 'llama');
    set('ggml.pre', 'string', 'default');
    set('ggml.scores', 'f32', deriveScores(tokens, types, merges, fail));
    set('ggml.add_space_prefix', 'bool', spaceFirst);
  } else {
    set('ggml.model', 'string', 'gpt2');
    set('ggml.pre', 'string', nameSplitting(json, fail));
    set(
      'ggml.merges',
      'string',
      merges.map(([left, right]) => `${left} ${right}`),
    );
  }
  set('ggml.tokens', 'string', tokens);
  set('ggml.token_type', 'i32', types);
  set('ggml.bos_token_id', 'u32', special.bosId);
  // Beside eos, llama.cpp ends at its "end of turn" and "end of message".
  for (const [index, key] of ['eos', 'eot', 'eom'].entries()) set(`ggml.${key}_token_id`, 'u32', special.eosIds[index]);
  const unknown = types.indexOf(TOKEN_TYPES.unknown);
  set('ggml.unknown_token_id', 'u32', unknown < 0 ? undefined : unknown);
  set('ggml.add_bos_token', 'bool', special.bosId !== undefined);
  set('ggml.add_eos_token', 'bool', false);
  set('chat_template', 'string', special.chatTemplate);
  return metadata;
}

type Fail = (sentence: string) => never;

/** The text and type of every row of the embeddings; rows without a token get a name that no text spells. */
function listTokens(json: Json, model: Json, rows: number, fail: Fail): { tokens: string[]; types: number[] } {
  const tokens = Array.from({ length: rows }, (_, id) => `[PAD${id}]`);
  const types = new Array<number>(rows).fill(TOKEN_TYPES.unused);
  for (const [token, id] of Object.entries(asObject(model['vocab']) as Record<string, number>)) {
    if (!(id < rows)) fail(`“${token}” has the id ${id}, which the embeddings lack`);
    tokens[id] = token;
    const isByte = model['byte_fallback'] === true && /^<0x[0-9A-F]{2}>$/.test(token);
    types[id] = isByte ? TOKEN_TYPES.byte : token === model['unk_token'] ? TOKEN_TYPES.unknown : TOKEN_TYPES.normal;
  }
  for (const { id, content, special } of asList(json['added_tokens']) as unknown as { id: number; content: string; special: boolean }[]) {
    if (!(id < rows)) fail(`“${content}” has the id ${id}, which the embeddings lack`);
    tokens[id] = content;
    if (types[id] !== TOKEN_TYPES.unknown) types[id] = special ? TOKEN_TYPES.control : TOKEN_TYPES.userDefined;
  }
  return { tokens, types };
}

function listMerges(model: Json): (readonly [string, string])[] {
  return ((model['merges'] ?? []) as (string | [string, string])[]).map((merge) => {
    if (typeof merge !== 'string') return merge;
    const space = merge.indexOf(' ', 1);
    return [merge.slice(0, space), merge.slice(space + 1)] as const;
  });
}

/**
 * Scores by which llama.cpp merges as the merge list does: it joins the neighbours whose joint piece scores highest, whatever the two are.
 * That is the same when the merges of each piece stand together and are all the ways of splitting it, as in every list that was made from a
 * SentencePiece model.
 */
function deriveScores(
  tokens: readonly string[],
  types: readonly number[],
  merges: readonly (readonly [string, string])[],
  fail: Fail,
): number[] {
  const ranks = new Map<string, number>();
  const known = new Set<string>();
  let last: string | undefined;
  for (const [rank, [left, right]] of merges.entries()) {
    const piece = left + right;
    if (piece !== last && ranks.has(piece)) fail(`the merges that make “${piece}” stand apart, which no score can tell`);
    if (!ranks.has(piece)) ranks.set(piece, rank);
    known.add(`${left} ${right}`);
    last = piece;
  }
  const pieces = new Set(tokens.filter((_, id) => types[id] === TOKEN_TYPES.normal));
  for (const piece of pieces) {
    const characters = [...piece];
    for (let at = 1, left = characters[0]!; at < characters.length; left += characters[at++]!) {
      const right = piece.slice(left.length);
      if (pieces.has(left) && pieces.has(right) && !known.has(`${left} ${right}`))
        fail(`“${left}” and “${right}” are not merged although “${piece}” is a piece, which no score can tell`);
    }
  }
  for (let byte = 0; byte < 256; byte++) {
    const name = `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;
    if (types[tokens.indexOf(name)] !== TOKEN_TYPES.byte) fail(`it lacks the byte ${name}, which llama.cpp falls back to`);
  }
  return tokens.map((token) => -(ranks.get(token) ?? merges.length));
}

/** Whether a space is put before a text, for tokenizers that write a space as ▁ and split nothing; undefined for all others. */
function readSpacePrefix(json: Json): boolean | undefined {
  const normalizers = inSequence(json['normalizer'], 'normalizers');
  const splitters = inSequence(json['pre_tokenizer'], 'pretokenizers');
  const kinds = normalizers.map(({ type }) => type).join();
  const replaces = normalizers.some(
    ({ type, pattern, content }) => type === 'Replace' && asObject(pattern)['String'] === ' ' && content === SPACE,
  );
  const [only] = splitters;
  if (splitters.length === 0 && replaces) {
    if (kinds === 'Prepend,Replace' && normalizers[0]!['prepend'] === SPACE) return true;
    return kinds === 'Replace' ? false : undefined;
  }
  if (splitters.length !== 1 || kinds !== '' || only!['type'] !== 'Metaspace' || only!['split'] !== false) return undefined;
  return (only!['prepend_scheme'] ?? (only!['add_prefix_space'] === false ? 'never' : 'always')) !== 'never';
}

/** llama.cpp's name for how a byte-level tokenizer splits a text into words. */
function nameSplitting(json: Json, fail: Fail): string {
  const normalizers = inSequence(json['normalizer'], 'normalizers');
  const other = normalizers.find(({ type }) => type !== 'NFC');
  if (other) fail(`it changes texts by ${show(other['type'])}, which llama.cpp does not`);
  const splitters = inSequence(json['pre_tokenizer'], 'pretokenizers');
  const kinds = splitters.map(({ type }) => type).join();
  const bytes = splitters.at(-1);
  if (bytes?.['type'] !== 'ByteLevel' || bytes['add_prefix_space'] === true)
    fail(`its words are made by ${kinds || 'nothing'}, which llama.cpp does not know`);
  const [first] = splitters as [Json];
  const isByRule = bytes!['use_regex'] !== false;
  if (kinds === 'ByteLevel' && isByRule) return 'gpt-2';
  if (kinds === 'Digits,ByteLevel' && isByRule && first['individual_digits'] === true) return 'smollm';
  if (kinds === 'Split,ByteLevel' && !isByRule && first['behavior'] === 'Isolated' && first['invert'] !== true) {
    const name = SPLITS[String(asObject(first['pattern'])['Regex'])];
    if (name !== undefined) return name;
  }
  return fail(`it splits words by a rule of its own (${kinds}), which llama.cpp does not know`);
}

/** The steps of a sequence, a single step, or nothing. */
function inSequence(step: unknown, key: string): Json[] {
  if (step === null || step === undefined) return [];
  const one = asObject(step);
  return one['type'] === 'Sequence' ? asList(one[key]) : [one];
}

function asObject(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}

function asList(value: unknown): Json[] {
  return Array.isArray(value) ? value.map(asObject) : [];
}

function show(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? 'missing');
}
