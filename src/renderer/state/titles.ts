// What each page is called.
import type { PageName } from './place.svelte.ts';

const TITLES: Readonly<Record<PageName, string>> = {
  studies: 'Studies',
  datasets: 'Datasets',
  prompts: 'Prompts',
  models: 'Models',
  prune: 'Prune',
  runs: 'Runs',
  compare: 'Compare',
  settings: 'Settings',
};

export function titleOf(page: PageName): string {
  return TITLES[page];
}
