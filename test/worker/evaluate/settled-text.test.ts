// Streamed text adds up to the whole and never shows half a character.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { settleText } from '../../../src/worker/evaluate/settled-text.ts';

/** A byte-level decoder: a token is one byte of UTF-8. */
const decodeBytes = (tokens: readonly number[]): string => new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(tokens));
const bytesOf = (text: string): number[] => [...new TextEncoder().encode(text)];

/** A decoder in the manner of LLaMA: pieces with ▁ for a space, and the first space of all is dropped. */
const PIECES = ['▁a', '▁b', 'c', '▁', '.'];
const decodePieces = (tokens: readonly number[]): string =>
  tokens
    .map((token) => PIECES[token])
    .join('')
    .replaceAll('▁', ' ')
    .replace(/^ /, '');

describe('settleText', () => {
  it('gives whole characters when their last byte has come', () => {
    const settler = settleText(decodeBytes, bytesOf('x'));
    expect(bytesOf('aé€😀b').map((byte) => settler.push(byte))).toEqual(['a', '', 'é', '', '', '€', '', '', '', '😀', 'b']);
    expect(settler.flush()).toBe('');
  });

  it('gives the rest of a character that never ends as a replacement', () => {
    const settler = settleText(decodeBytes, []);
    expect([...bytesOf('a'), 0xe2, 0x82].map((byte) => settler.push(byte))).toEqual(['a', '', '']);
    expect(settler.flush()).toBe('\uFFFD');
  });

  it('adds up to the whole text, with any prompt before it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (prompt, text) => {
        const settler = settleText(decodeBytes, bytesOf(prompt));
        const pieces = bytesOf(text).map((byte) => settler.push(byte));
        expect(pieces.join('') + settler.flush()).toBe(decodeBytes(bytesOf(text)));
      }),
    );
  });

  it('keeps the space that a word begins with, after a prompt only', () => {
    const stream = (prompt: number[], tokens: number[]): string[] => {
      const settler = settleText(decodePieces, prompt);
      return tokens.map((token) => settler.push(token));
    };
    expect(stream([], [0, 1, 2, 4, 0])).toEqual(['a', ' b', 'c', '.', ' a']);
    expect(stream([0, 2], [1, 3, 2])).toEqual([' b', ' ', 'c']);
  });
});
