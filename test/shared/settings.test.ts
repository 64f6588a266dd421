// Settings: defaults for what was never set, and changes that touch nothing else.
import { expect, it } from 'vitest';
import { settingsChange, userSettings } from '../../src/shared/settings.ts';

it('fills in defaults', () => {
  expect(userSettings.parse({})).toEqual({
    theme: 'system',
    device: 'auto',
    keepSnapshots: 1,
    numbers: 'system',
    workOffline: false,
    keepAwake: true,
    notify: true,
    notifySound: true,
    checkForUpdates: false,
  });
});

it('names nothing in a change but what is changed', () => {
  expect(settingsChange.parse({ theme: 'dark' })).toEqual({ theme: 'dark' });
  expect(settingsChange.parse({ threads: null })).toEqual({ threads: null });
  expect(settingsChange.safeParse({ threads: 0 }).success).toBe(false);
});
