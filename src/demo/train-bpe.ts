// Trains a byte-level byte-pair tokenizer and writes it as Hugging Face's tokenizer.json.

/** GPT-2's pre-tokenisation (Radford et al. 2019), which the format's ByteLevel step applies: merges never cross these words. */
const WORD = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;

export const SPECIAL_TOKENS = ['<unk>', '<s>', '</s>'] as const;

/** How GPT-2 writes each byte as one printable character: itself where printable, else a character from 256 on. */
export const BYTE_CHARACTERS: readonly string[] = (() => {
  const isPrintable = (byte: number): boolean => (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(isPrintable(byte) ? byte : next++));
})();

export type Merge = readonly [string, string];

interface CountedWord {
  parts: string[];
  readonly count: number;
}

/** Unordered pairs would not do: a pair is keyed by both parts, which hold no space (a space is written Ġ). */
const pairKey = (left: string, right: string): string => `${left} ${right}`;

/**
 * Learns `count` merges: again and again the most frequent neighbouring pair becomes one token; among equals the pair that sorts first
 * by code units. Stops early when no pair occurs twice. Sennrich, Haddow & Birch 2016.
 */
export function learnMerges(texts: Iterable<string>, count: number): Merge[] {
  const words = countWords(texts);
  const pairs = new Map<string, { count: number; readonly words: Set<CountedWord> }>();
  const change = (word: CountedWord, sign: 1 | -1): void => {
    for (let i = 0; i + 1 < word.parts.length; i++) {
      const key = pairKey(word.parts[i]!, word.parts[i + 1]!);
      let pair = pairs.get(key);
      if (pair === undefined) pairs.set(key, (pair = { count: 0, words: new Set() }));
      pair.count += sign * word.count;
      if (sign === 1) pair.words.add(word);
      else pair.words.delete(word);
      if (pair.count === 0) pairs.delete(key);
    }
  };
  for (const word of words) change(word, 1);

  const merges: Merge[] = [];
  while (merges.length < count) {
    let best = '';
    let most = 1;
    for (const [key, pair] of pairs) {
      if (pair.count > most || (pair.count === most && best !== '' && key < best)) {
        best = key;
        most = pair.count;
      }
    }
    if (best === '') break;
    const [left, right] = best.split(' ') as [string, string];
    merges.push([left, right]);
    for (const word of [...pairs.get(best)!.words]) {
      change(word, -1);
      word.parts = mergeParts(word.parts, left, right);
      change(word, 1);
    }
  }
  return merges;
}

function countWords(texts: Iterable<string>): CountedWord[] {
  const counts = new Map<string, number>();
  for (const text of texts) for (const [word] of text.matchAll(WORD)) counts.set(word, (counts.get(word) ?? 0) + 1);
  const encoder = new TextEncoder();
  return [...counts].map(([word, count]) => ({ parts: Array.from(encoder.encode(word), (byte) => BYTE_CHARACTERS[byte]!), count }));
}

function mergeParts(parts: readonly string[], left: string, right: string): string[] {
  const merged: string[] = [];
  for (let i = 0; i < parts.length; i++) {
    if (parts[i] === left && parts[i + 1] === right) {
      merged.push(left + right);
      i++;
    } else merged.push(parts[i]!);
  }
  return merged;
}

/** tokenizer.json as an object: special tokens first, then the 256 bytes, then one token per merge, `vocabSize` in all at most. */
export function trainTokenizer(texts: Iterable<string>, vocabSize: number): Record<string, unknown> {
  const merges = learnMerges(texts, vocabSize - SPECIAL_TOKENS.length - BYTE_CHARACTERS.length);
  const tokens = [...SPECIAL_TOKENS, ...BYTE_CHARACTERS, ...merges.map(([left, right]) => left + right)];
  const template = (sequence: 'A' | 'B', type: 0 | 1): unknown[] => [
    { SpecialToken: { id: '<s>', type_id: type } },
    { Sequence: { id: sequence, type_id: type } },
  ];
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: SPECIAL_TOKENS.map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: {
      type: 'TemplateProcessing',
      single: template('A', 0),
      pair: [...template('A', 0), ...template('B', 1)],
      special_tokens: { '<s>': { id: '<s>', ids: [1], tokens: ['<s>'] } },
    },
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: '<unk>',
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      // Two merges can make the same token only if its parts differ; the first id stays.
      vocab: Object.fromEntries([...new Set(tokens)].map((token, id) => [token, id])),
      merges,
    },
  };
}

/** tokenizer_config.json beside it: one <s> at the beginning, nothing added at the end. */
export function tokenizerConfig(maxLength: number): Record<string, unknown> {
  return {
    tokenizer_class: 'PreTrainedTokenizerFast',
    bos_token: '<s>',
    eos_token: '</s>',
    unk_token: '<unk>',
    add_bos_token: true,
    add_eos_token: false,
    model_max_length: maxLength,
    clean_up_tokenization_spaces: false,
  };
}
