// Settings, and what is known of the machine and the program.
import { userSettings, type UserSettings } from '../../../shared/settings.ts';
import type { App } from '../../app.ts';
import { keepSetting, listSettings } from '../../db/settings.ts';
import { call } from './call.ts';

/** The person's settings, the defaults where nothing was set or what was set fits no more. */
export function readSettings(app: App): UserSettings {
  const kept = listSettings(app.db);
  const parsed = userSettings.safeParse(kept);
  return parsed.success ? parsed.data : userSettings.parse({});
}

export const settings = {
  get: call.handler(({ context }) => readSettings(context.app)),

  /** Changes the given ones and returns all. */
  set: call.input(userSettings.partial()).handler(({ context, input }) => {
    for (const [name, value] of Object.entries(input)) keepSetting(context.app.db, name, value);
    if (input.theme !== undefined) context.desk.setTheme?.(input.theme);
    context.app.events.tell({ kind: 'changed', table: 'settings', id: 'settings' });
    return readSettings(context.app);
  }),
};
