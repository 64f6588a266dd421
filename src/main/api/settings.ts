// What the person set, with the defaults for the rest.
import { userSettings, type UserSettings } from '../../shared/settings.ts';
import type { App } from '../app.ts';
import { listSettings } from '../db/settings.ts';

/** The person's settings, the defaults where nothing was set or what was set fits no more. */
export function readSettings(app: App): UserSettings {
  const kept = listSettings(app.db);
  const parsed = userSettings.safeParse(kept);
  return parsed.success ? parsed.data : userSettings.parse({});
}
