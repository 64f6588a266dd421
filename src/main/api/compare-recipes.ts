// How variants came to be, setting by setting: the recipes of their lineage flattened, and which of them differ.
import { writeSetWidths } from '../../shared/prune/set-widths.ts';
import type { App } from '../app.ts';
import { getDataset } from '../db/datasets.ts';
import { getModel, listLineage } from '../db/models.ts';
import { getPromptVersion } from '../db/prompts.ts';
import { getRun, listRunInputs, type Run } from '../db/runs.ts';
import type { VariantIds } from './compare-sets.ts';

/** One setting by its path, such as "prune.choose.target.fraction", with its value in each variant; undefined where it has none. */
export interface Setting {
  readonly path: string;
  readonly values: readonly (string | undefined)[];
  readonly differs: boolean;
}

/** Where things lie on this machine says nothing about how two models differ. */
const NO_SETTING = /^(kind|model\..*|scores|trainFile|textFile|validationChoices|validationFile|calibration\.file|distill\.teacher\..*)$/;

/** Every setting of the variants' lineages, in the order of their steps. Throws AppError `not-found` for a model that is no more. */
export function compareRecipes(app: App, variants: readonly VariantIds[]): Setting[] {
  const flattened = variants.map((ids) => mergeSettings(ids.map((id) => settingsOf(app, id))));
  const paths = [...new Set(flattened.flatMap((settings) => [...settings.keys()]))].sort((a, b) => stepOf(a) - stepOf(b));
  return paths.map((path) => {
    const values = flattened.map((settings) => settings.get(path));
    return { path, values, differs: new Set(values).size > 1 };
  });
}

const STEPS = ['model', 'prune', 'tune'];

/** Settings of one step stay in the recipe's own order. */
function stepOf(path: string): number {
  return STEPS.findIndex((step) => path.startsWith(step));
}

function settingsOf(app: App, modelId: string): Map<string, string> {
  const settings = new Map<string, string>();
  const line = listLineage(app.db, getModel(app.db, modelId).id);
  const whole = line.findLast(({ form }) => form === 'checkpoint') ?? line.at(-1)!;
  settings.set('model.parameters', String(whole.parameters));
  settings.set('model.sizeBytes', String(whole.sizeBytes));
  const adapter = line.at(-1)!;
  if (adapter.form === 'adapter') settings.set('model.adapterParameters', String(adapter.parameters));
  const seen = new Map<string, number>();
  for (const runId of new Set(line.flatMap((model) => model.runId ?? []))) {
    const run = getRun(app.db, runId);
    const times = (seen.get(run.kind) ?? 0) + 1;
    seen.set(run.kind, times);
    const step = times === 1 ? run.kind : `${run.kind} ${times}`;
    for (const [path, value] of [...dataOf(app, run), ...flatten(inWords(run.recipe))])
      if (!NO_SETTING.test(path)) settings.set(`${step}.${path}`, value);
  }
  return settings;
}

/** A recipe whose set widths are one setting. */
function inWords(recipe: Run['recipe']): object {
  if (recipe.kind !== 'prune' || recipe.choose.widths === undefined) return recipe;
  return { ...recipe, choose: { ...recipe.choose, widths: writeSetWidths(recipe.choose.widths) } };
}

/** What a run read, by name. */
function dataOf(app: App, run: Run): [string, string][] {
  const { datasets, promptVersions } = listRunInputs(app.db, run.id);
  const named: [string, string][] = [['data', datasets.map((id) => getDataset(app.db, id).name).join(', ')]];
  if (promptVersions.length > 0) {
    const prompts = promptVersions.map((id) => getPromptVersion(app.db, id)).map(({ name, number }) => `${name}, version ${number}`);
    named.push(['prompt', prompts.join('; ')]);
  }
  return named;
}

/** A record's leaves by their path; lists of plain values are one leaf. */
export function flatten(value: unknown, path = ''): [string, string][] {
  if (value === undefined) return [];
  if (Array.isArray(value) && value.every((item) => typeof item !== 'object'))
    return [[path, value.length === 0 ? 'none' : value.join(', ')]];
  if (typeof value !== 'object' || value === null) return [[path, value === null ? 'none' : String(value)]];
  return Object.entries(value).flatMap(([name, part]) => flatten(part, path === '' ? name : `${path}.${name}`));
}

/** Several models of one variant, such as an adapter for each task: what they share, and the values where they part. */
function mergeSettings(all: readonly Map<string, string>[]): Map<string, string> {
  const paths = new Set(all.flatMap((settings) => [...settings.keys()]));
  return new Map([...paths].map((path) => [path, [...new Set(all.flatMap((settings) => settings.get(path) ?? []))].join('; ')]));
}
