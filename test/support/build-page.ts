// Before any test: the page as it stands in the sources, so that what the browser sees is what is tested.
import { buildPage, isPageStale } from '../../src/main/node/build-page.ts';

export default async function setup(): Promise<void> {
  if (isPageStale()) await buildPage();
}
