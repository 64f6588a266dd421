// The person's settings as the page uses them, and the theme put on the document.
import { userSettings, type SettingsChange, type UserSettings } from '../../shared/settings.ts';
import { api } from './api.ts';

class Preferences {
  #current = $state.raw<UserSettings>(userSettings.parse({}));

  get current(): UserSettings {
    return this.#current;
  }

  async refetch(): Promise<void> {
    this.#show(await api.settings.get());
  }

  async set(change: SettingsChange): Promise<void> {
    const named = Object.entries(change).map(([name, value]) => [name, value ?? undefined]);
    this.#show({ ...this.#current, ...(Object.fromEntries(named) as Partial<UserSettings>) });
    this.#show(await api.settings.set(change));
  }

  #show(settings: UserSettings): void {
    this.#current = settings;
    if (settings.theme === 'system') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = settings.theme;
  }
}

export const preferences = new Preferences();
