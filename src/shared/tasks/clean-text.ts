// HellaSwag's cleaning of its WikiHow texts, as the harness does it (evaluation.md 5.3).

/**
 * Python's str.capitalize: the first character in upper case, all others in lower case.
 * Python takes title case, which JavaScript lacks; they differ in ß and a few ligatures only.
 */
export function capitalize(text: string): string {
  const [first = ''] = text;
  return first.toUpperCase() + text.slice(first.length).toLowerCase();
}

/** White space at either end. Unlike JavaScript's trim, Python's strip leaves U+FEFF where it is. */
const SPACE_AROUND = /^[^\S\ufeff]+|[^\S\ufeff]+$/g;

/** Strips; turns " [title]" into ". "; drops every shortest [...] within a line; halves runs of two spaces in one pass. */
export function cleanHellaswag(text: string): string {
  return text
    .replace(SPACE_AROUND, '')
    .replaceAll(' [title]', '. ')
    .replace(/\[[^\n]*?\]/g, '')
    .replaceAll('  ', ' ');
}
