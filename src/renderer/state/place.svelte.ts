// Where the person is: a page and what is open on it, kept in the address so that a reload and the back button work.

export const PAGES = ['studies', 'datasets', 'prompts', 'models', 'prune', 'runs', 'compare', 'settings'] as const;
export type PageName = (typeof PAGES)[number];

export interface Place {
  readonly page: PageName;
  /** The rest of the path, such as an id. */
  readonly rest: readonly string[];
  readonly query: Readonly<Record<string, string>>;
}

/** "#datasets/ID?split=test" as a place; an unknown page is the first one. */
export function parsePlace(hash: string): Place {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?');
  const [page, ...rest] = path.split('/').map(decodeURIComponent);
  return {
    page: PAGES.find((name) => name === page) ?? 'studies',
    rest: rest.filter((part) => part !== ''),
    query: Object.fromEntries(new URLSearchParams(query)),
  };
}

/** The address of a place. */
export function toHash(page: PageName, rest: readonly string[] = [], query: Readonly<Record<string, string | undefined>> = {}): string {
  const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '');
  const search = new URLSearchParams(given).toString();
  return `#${[page, ...rest].map(encodeURIComponent).join('/')}${search === '' ? '' : `?${search}`}`;
}

class Here {
  #place = $state.raw<Place>(parsePlace(location.hash));

  constructor() {
    window.addEventListener('hashchange', () => (this.#place = parsePlace(location.hash)));
  }

  get page(): PageName {
    return this.#place.page;
  }
  get rest(): readonly string[] {
    return this.#place.rest;
  }
  get query(): Readonly<Record<string, string>> {
    return this.#place.query;
  }

  /** Goes to a place; the back button leads back here. */
  go(page: PageName, rest: readonly string[] = [], query: Readonly<Record<string, string | undefined>> = {}): void {
    location.hash = toHash(page, rest, query);
  }
}

export const here = new Here();
