// Plain English for single words: articles, plurals, capitals, and templates filled with them.

const IRREGULAR: Readonly<Record<string, string>> = {
  mouse: 'mice',
  goose: 'geese',
  sheep: 'sheep',
  deer: 'deer',
  wolf: 'wolves',
  trout: 'trout',
  pike: 'pike',
  carp: 'carp',
  salmon: 'salmon',
  perch: 'perch',
  cod: 'cod',
  tench: 'tench',
  knife: 'knives',
  shelf: 'shelves',
  bookshelf: 'bookshelves',
  scarf: 'scarves',
  potato: 'potatoes',
  tomato: 'tomatoes',
};

/** "kettle" -> "kettles"; the last word of several is made plural. */
export function pluralOf(noun: string): string {
  const space = noun.lastIndexOf(' ') + 1;
  const word = noun.slice(space);
  const plural =
    IRREGULAR[word] ?? (/(s|x|ch|sh)$/.test(word) ? `${word}es` : /[^aeiou]y$/.test(word) ? `${word.slice(0, -1)}ies` : `${word}s`);
  return noun.slice(0, space) + plural;
}

/** "kettle" -> "a kettle", "old axe" -> "an old axe". Names of the world that begin with a vowel letter all sound so but "urn"-like ones, which fit too. */
export function withArticle(noun: string): string {
  return `${/^[aeiou]/.test(noun) ? 'an' : 'a'} ${noun}`;
}

export function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** What a template can say of one subject; proper names take no article and no plural. */
export interface Named {
  readonly name: string;
  readonly proper?: boolean;
}

/**
 * Fills a template: {n} the bare noun, {a} with its article, {the} with "the", {s} its plural, and {A} {The} {S} the same with a capital;
 * any other {word} is looked up in `values`. For proper names all of them are the name.
 */
export function fill(template: string, subject: Named, values: Readonly<Record<string, string>> = {}): string {
  return template.replace(/\{(\w+)\}/g, (whole, key: string) => {
    const lower = key.toLowerCase();
    if (lower === 'n' || lower === 'a' || lower === 'the' || lower === 's') {
      if (subject.proper === true) return subject.name;
      const text =
        lower === 'n'
          ? subject.name
          : lower === 'a'
            ? withArticle(subject.name)
            : lower === 'the'
              ? `the ${subject.name}`
              : pluralOf(subject.name);
      return key === lower ? text : capitalised(text);
    }
    const value = values[key];
    if (value === undefined) throw new RangeError(`template “${template}” asks for ${whole}, which it was not given`);
    return value;
  });
}
