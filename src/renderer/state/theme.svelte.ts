// The person's settings as the page uses them: the theme put on the document, and the decimal mark of its figures.
import { followDecimalMark, type DecimalMark } from '../../shared/figures.ts';
import { userSettings, type SettingsChange, type UserSettings } from '../../shared/settings.ts';
import { api } from './api.ts';

/** As the system has it, by the browser's word. */
const SYSTEM_MARK: DecimalMark =
  new Intl.NumberFormat(navigator.language).formatToParts(0.5).find(({ type }) => type === 'decimal')?.value === ',' ? ',' : '.';

class Preferences {
  #kept = $state.raw<UserSettings>(userSettings.parse({}));
  /** Changes that main has not answered yet: an older answer, which does not know them, must not take them back on the page. */
  #underWay = $state.raw<readonly Partial<UserSettings>[]>([]);
  #current = $derived<UserSettings>(Object.assign({}, this.#kept, ...this.#underWay));

  get current(): UserSettings {
    return this.#current;
  }

  get decimalMark(): DecimalMark {
    const { numbers } = this.#current;
    return numbers === 'system' ? SYSTEM_MARK : numbers === 'comma' ? ',' : '.';
  }

  async refetch(): Promise<void> {
    this.#kept = await api.settings.get();
    this.#showTheme();
  }

  async set(change: SettingsChange): Promise<void> {
    const named = Object.entries(change).map(([name, value]) => [name, value ?? undefined]);
    const own = Object.fromEntries(named) as Partial<UserSettings>;
    this.#underWay = [...this.#underWay, own];
    this.#showTheme();
    try {
      this.#kept = await api.settings.set(change);
    } finally {
      this.#underWay = this.#underWay.filter((other) => other !== own);
      this.#showTheme();
    }
  }

  #showTheme(): void {
    const { theme } = this.#current;
    if (theme === 'system') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = theme;
  }
}

export const preferences = new Preferences();
// Whatever is written by these figures follows a change at once.
followDecimalMark(() => preferences.decimalMark);
