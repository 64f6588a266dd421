// Cuts a document into windows in which every token is scored exactly once, as the evaluation harness does for perplexity.
import type { TokenTree } from '../text/pack.ts';

/**
 * Windows over `tokens` of at most `length` fed tokens. The first begins with `prefixToken`; each later one scores the `length` tokens
 * after the last one scored, given the one token before them; the last of several is filled up from the left, so that its fewer tokens
 * see as much context as fits (harness `get_rolling_token_windows` with a context length of 1).
 */
export function rollingWindows(tokens: Int32Array, prefixToken: number, length: number): TokenTree[] {
  if (tokens.length === 0) return [];
  const windows = [makeWindow(Int32Array.of(prefixToken), tokens.subarray(0, length))];
  for (let from = length; from < tokens.length; from += length) {
    const end = Math.min(tokens.length, from + length);
    windows.push(makeWindow(tokens.subarray(end - length - 1, from), tokens.subarray(from, end)));
  }
  return windows;
}

function makeWindow(context: Int32Array, scored: Int32Array): TokenTree {
  return { context, branches: [scored], counts: 'branches' };
}
