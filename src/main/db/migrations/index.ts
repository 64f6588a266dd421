// The numbered steps from an empty file to the newest layout. A released step is never edited; a new one is appended.
import { firstRecords } from './001-first-records.ts';
import { settings } from './002-settings.ts';
import { noHashIndex } from './003-no-hash-index.ts';

/** SQL of step 1, 2, …; a file that has taken n steps says so in its `user_version`. */
export const MIGRATIONS: readonly string[] = [firstRecords, settings, noHashIndex];
