// Where the program keeps its data unless it is told otherwise, by the custom of the platform.
import { homedir } from 'node:os';
import { join } from 'node:path';

/** $TAILOR_HOME, else the platform's folder for a program's data. */
export function defaultDataFolder(environment: NodeJS.ProcessEnv = process.env, platform: string = process.platform): string {
  if (environment['TAILOR_HOME']) return environment['TAILOR_HOME'];
  if (platform === 'win32') return join(environment['LOCALAPPDATA'] ?? join(homedir(), 'AppData', 'Local'), 'Tailor');
  if (platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'Tailor');
  return join(environment['XDG_DATA_HOME'] ?? join(homedir(), '.local', 'share'), 'tailor');
}
