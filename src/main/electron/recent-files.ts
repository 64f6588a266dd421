// Files opened lately, for the menu of the systems that keep none: Linux has no such list at all, Windows shows its own at the taskbar.
import { keepSetting, listSettings } from '../db/settings.ts';
import type { Database } from '../db/open.ts';

const SETTING = 'recentFiles';
const MAX_FILES = 10;

/** Paths, the newest first. */
export function listRecent(db: Database): readonly string[] {
  const kept = listSettings(db)[SETTING];
  return Array.isArray(kept) ? kept.filter((path): path is string => typeof path === 'string') : [];
}

/** Puts paths at the head of the list. */
export function keepRecent(db: Database, paths: readonly string[]): void {
  keepSetting(db, SETTING, [...new Set([...paths, ...listRecent(db)])].slice(0, MAX_FILES));
}

export function clearRecent(db: Database): void {
  keepSetting(db, SETTING, []);
}
