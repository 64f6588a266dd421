// What is going on beside runs and would be lost if the program ended: imports, and models that are taken in, exported or copied.
import type { App } from '../app.ts';
import { endImports, listImports } from './imports.ts';
import { endWorks, listWorks, type OpenWork } from './works.ts';

/** What is being read in or written, by the names that people know it by; of other work than imports these kinds. */
export function listActivities(app: App, kinds: readonly OpenWork['kind'][] = ['add', 'export', 'copy']): string[] {
  const imports = listImports(app).filter(({ state }) => state === 'waiting' || state === 'reading');
  return [...imports.map(({ name }) => name), ...listWorks(app, kinds).map(({ title }) => title)];
}

/** Calls all of it off and resolves once it has ended: nothing half-done is kept. */
export async function endActivities(app: App): Promise<void> {
  await Promise.all([endImports(app), endWorks(app)]);
}
