// Where in a text each of its tokens stands, although a token decoded alone may lose its space or be half a character.

/** What a token decoded alone shows where it holds only some bytes of a character. */
const BROKEN = '\ufffd';

/**
 * The stretch of `text` that each piece stands for; the stretches follow one another. The first of several tokens that share a character
 * gets it, the others get ''. A piece that cannot be found is shown as it is.
 */
export function placeTokens(text: string, pieces: readonly string[]): string[] {
  const shown: string[] = [];
  let at = 0;
  for (let i = 0; i < pieces.length; i++) {
    const piece = pieces[i]!;
    if (piece.includes(BROKEN)) {
      let next = i;
      while (next < pieces.length && pieces[next]!.includes(BROKEN)) next++;
      const following = pieces[next];
      const end = following === undefined || following === '' ? text.length : text.indexOf(following, at);
      shown.push(text.slice(at, end < 0 ? at : end) || piece, ...Array.from({ length: next - i - 1 }, () => ''));
      if (end >= 0) at = end;
      i = next - 1;
      continue;
    }
    const found = [piece, ` ${piece}`].find((one) => one !== '' && text.startsWith(one, at));
    shown.push(found ?? piece);
    at += found?.length ?? 0;
  }
  return shown;
}
