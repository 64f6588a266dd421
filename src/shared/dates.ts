// How moments are written for people: the clock for today, the day before it for any other, by the reader's own locale.

const FORMS = {
  day: { dateStyle: 'medium' },
  clock: { timeStyle: 'short' },
  seconds: { timeStyle: 'medium' },
  moment: { dateStyle: 'medium', timeStyle: 'short' },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>;

/** Made once: making one takes many times as long as writing with it, and a table writes hundreds. */
const made = new Map<string, Intl.DateTimeFormat>();

function write(at: number, form: keyof typeof FORMS, locale: string | undefined): string {
  const key = `${form} ${locale}`;
  const format = made.get(key) ?? new Intl.DateTimeFormat(locale, FORMS[form]);
  made.set(key, format);
  return format.format(at);
}

/** "14:22" of today, "24 Nov 2026, 14:22" of any other day. `locale` is the reader's unless it is said. */
export function formatMoment(at: number, now = Date.now(), locale?: string): string {
  const isToday = new Date(at).toDateString() === new Date(now).toDateString();
  return write(at, isToday ? 'clock' : 'moment', locale);
}

/** "24 Nov 2026". */
export function formatDay(at: number, locale?: string): string {
  return write(at, 'day', locale);
}

/** "14:22:05", where moments of one day lie close together. */
export function formatSeconds(at: number, locale?: string): string {
  return write(at, 'seconds', locale);
}
