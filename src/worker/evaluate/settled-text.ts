// Turns tokens into text while they come, giving out only characters that later tokens cannot change.

/** What a decoder writes for bytes that are no whole character yet. */
const INCOMPLETE = '\uFFFD';

/** How many tokens of the prompt are decoded along, so that the first piece gets the spacing it has in the whole text. */
const CONTEXT_TOKENS = 8;

/** Takes tokens one by one and gives back the text that they settle. */
export interface TextSettler {
  push(token: number): string;
  /** What is left when no more tokens come: incomplete bytes as replacement characters. */
  flush(): string;
}

/**
 * Text after `prompt`. A piece is the difference between two decodings of the same few tokens, one with and one without the new ones;
 * it is held back while it ends in an incomplete character.
 */
export function settleText(decode: (tokens: readonly number[]) => string, prompt: readonly number[]): TextSettler {
  let context = prompt.slice(-CONTEXT_TOKENS);
  let fresh: number[] = [];
  const take = (text: string): string => {
    context = fresh;
    fresh = [];
    return text;
  };
  const difference = (): string => decode([...context, ...fresh]).slice(decode(context).length);
  return {
    push(token) {
      fresh.push(token);
      const text = difference();
      return text === '' || text.endsWith(INCOMPLETE) ? '' : take(text);
    },
    flush: () => (fresh.length === 0 ? '' : take(difference())),
  };
}
