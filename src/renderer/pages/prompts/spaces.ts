// White space made visible, and typed in one line as \n and \t.

/** A separator as it is typed into a field of one line. */
export function toTyped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\t', '\\t');
}

export function fromTyped(typed: string): string {
  return typed.replace(/\\([nt\\])/g, (_all, sign: string) => (sign === 'n' ? '\n' : sign === 't' ? '\t' : '\\'));
}

/** A separator in words. */
export function describeSpace(text: string): string {
  if (text === '') return 'nothing';
  if (text === ' ') return 'one space';
  if (/^\n+$/.test(text)) return text.length === 1 ? 'a line end' : text.length === 2 ? 'an empty line' : `${text.length} line ends`;
  return `${text.length} characters`;
}

/** Spaces as · and line ends as ↵, which stay line ends. */
export function showSpaces(text: string): string {
  return text.replaceAll(' ', '·').replaceAll('\n', '↵\n').replaceAll('\t', '→');
}
