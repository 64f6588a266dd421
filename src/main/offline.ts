// Whether the network may be used at all: the one question that whatever would use it asks first.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DATABASE_FILE } from './db/open.ts';
import { peekSetting } from './db/settings.ts';

/** The variable by which other programs of this field are told the same. */
const VARIABLE = 'HF_HUB_OFFLINE';

/** Why the network is not used, as the end of a sentence; undefined when it may be. */
export function whyOffline(settings: { readonly workOffline: boolean }, environment: NodeJS.ProcessEnv = process.env): string | undefined {
  if (isSetByVariable(environment)) return `${VARIABLE} is set`;
  return settings.workOffline ? '“Work offline” is on in Settings' : undefined;
}

/** Whether the environment says so; the setting cannot take it back. */
export function isSetByVariable(environment: NodeJS.ProcessEnv = process.env): boolean {
  return ['1', 'ON', 'YES', 'TRUE'].includes((environment[VARIABLE] ?? '').toUpperCase());
}

/** The same for a data folder that is not open, and need not be. */
export function whyOfflineIn(dataFolder: string, environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const file = join(dataFolder, DATABASE_FILE);
  return whyOffline({ workOffline: existsSync(file) && peekSetting(file, 'workOffline') === true }, environment);
}
