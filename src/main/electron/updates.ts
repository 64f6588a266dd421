// Asks, where the person wants it, whether there is a newer Tailor: one request, one notification, and silence when anything fails.
import type { Net, Shell } from 'electron';
import { z } from 'zod';
import { notify, type NotificationMaker } from './notify.ts';

const release = z.object({ version: z.string().regex(/^\d{1,6}\.\d{1,6}\.\d{1,6}$/), url: z.url({ protocol: /^https$/ }) });
export type Release = z.infer<typeof release>;

const PATIENCE_MS = 10_000;
/** A release note is a few hundred bytes; more is not one. */
const MAX_CHARS = 10_000;

export interface UpdateParts {
  readonly net: Pick<Net, 'fetch'>;
  readonly shell: Pick<Shell, 'openExternal'>;
  readonly Notification: NotificationMaker;
  /** Where the newest version is written down as `{ version, url }`, by https; undefined: nowhere, and nothing is asked. */
  readonly feed: string | undefined;
  readonly version: string;
  isWanted(): boolean;
  isRunning(): boolean;
}

/** Whether a feed can be asked: an address by https. */
export function isFeed(feed: string | undefined): feed is string {
  return feed?.startsWith('https://') === true && URL.canParse(feed);
}

/** Looks once, never during a run. Returns the newer release, or undefined: none, unwanted, or out of reach. */
export async function lookForUpdate(parts: UpdateParts): Promise<Release | undefined> {
  const { feed } = parts;
  if (!isFeed(feed) || !parts.isWanted() || parts.isRunning()) return undefined;
  try {
    const response = await parts.net.fetch(feed, { signal: AbortSignal.timeout(PATIENCE_MS), credentials: 'omit', redirect: 'error' });
    const text = await response.text();
    if (!response.ok || text.length > MAX_CHARS) return undefined;
    const found = release.parse(JSON.parse(text));
    // The page that opens is one of those who publish the feed, or none.
    if (new URL(found.url).host !== new URL(feed).host || !isNewer(found.version, parts.version)) return undefined;
    const click = (): void => void parts.shell.openExternal(found.url).catch(() => undefined);
    notify(parts.Notification, { title: `Tailor ${found.version} is there`, body: 'Click to read what is new.' }, { click });
    return found;
  } catch {
    return undefined; // offline, or an answer that is none: not worth a word
  }
}

/** Whether version a comes after version b, both as x.y.z. */
export function isNewer(a: string, b: string): boolean {
  const [one, other] = [a, b].map((version) => version.split('.').map((part) => Number.parseInt(part, 10)));
  const at = [0, 1, 2].find((index) => one![index] !== other![index]);
  return at !== undefined && one![at]! > (other![at] ?? 0);
}
