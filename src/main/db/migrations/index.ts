// The numbered steps from an empty file to the newest layout. A released step is never edited; a new one is appended.
import type { Database } from 'better-sqlite3';
import { firstRecords } from './001-first-records.ts';
import { settings } from './002-settings.ts';
import { noHashIndex } from './003-no-hash-index.ts';
import { placeRecipes } from './004-recipe-paths.ts';
import { studyReason } from './005-study-reason.ts';
import { datasetCounts } from './006-dataset-counts.ts';
import { placeStudies } from './007-study-paths.ts';
import { markSlots } from './008-mark-slots.ts';

/** A step: SQL, or what it does to the records in a data folder. */
export type Migration = string | ((db: Database, dataFolder: string) => void);

/** Step 1, 2, …; a file that has taken n steps says so in its `user_version`. */
export const MIGRATIONS: readonly Migration[] = [
  firstRecords,
  settings,
  noHashIndex,
  placeRecipes,
  studyReason,
  datasetCounts,
  placeStudies,
  markSlots,
];
