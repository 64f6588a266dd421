// Every call that a page may make, by noun.
import { compare } from './calls/compare.ts';
import { datasets } from './calls/datasets.ts';
import { events } from './calls/events.ts';
import { files } from './calls/files.ts';
import { models } from './calls/models.ts';
import { prompts } from './calls/prompts.ts';
import { prune } from './calls/prune.ts';
import { recipes } from './calls/recipes.ts';
import { runs } from './calls/runs.ts';
import { settings } from './calls/settings.ts';
import { studies } from './calls/studies.ts';

export const router = { compare, datasets, events, files, models, prompts, prune, recipes, runs, settings, studies };
export type Router = typeof router;
