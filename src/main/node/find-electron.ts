// Whether the desktop window can be opened here: a display, and Electron's binary, which its package fetches when first asked.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** A network that is there answers sooner; one that is not should cost nobody more. */
const REACH_WITHIN_MS = 3000;
/** Electron's archive has about 120 MB. */
const FETCH_WITHIN_MS = 10 * 60_000;

/** The program to start, or why there is none, as the end of a sentence. */
export type FoundElectron = { readonly program: string } | { readonly reason: string };

/** Whether windows can be shown: always on Windows and macOS, elsewhere where a display is named. */
export function hasDisplay(environment: NodeJS.ProcessEnv = process.env, platform: string = process.platform): boolean {
  return platform === 'win32' || platform === 'darwin' || Boolean(environment['DISPLAY']) || Boolean(environment['WAYLAND_DISPLAY']);
}

/** Electron's own folder among the packages; undefined where it is not installed. */
export function electronFolder(): string | undefined {
  try {
    return dirname(createRequire(import.meta.url).resolve('electron/package.json'));
  } catch {
    return undefined;
  }
}

/** The binary that was fetched before; undefined when it was not. */
export function installedElectron(folder: string | undefined, environment: NodeJS.ProcessEnv = process.env): string | undefined {
  if (folder === undefined) return undefined;
  const pathFile = join(folder, 'path.txt');
  const name = existsSync(pathFile) ? readFileSync(pathFile, 'utf8').trim() : undefined;
  const program = join(environment['ELECTRON_OVERRIDE_DIST_PATH'] ?? join(folder, 'dist'), name ?? 'electron');
  return (name !== undefined || environment['ELECTRON_OVERRIDE_DIST_PATH'] !== undefined) && existsSync(program) ? program : undefined;
}

/** Finds Electron's binary, fetching it where the network may be used and allows it; says in a few seconds when it does not. */
export async function findElectron(note: (line: string) => void, whyOffline?: string): Promise<FoundElectron> {
  if (!hasDisplay()) return { reason: 'there is no display' };
  const folder = electronFolder();
  if (folder === undefined) return { reason: 'Electron is not among the installed packages' };
  const installed = installedElectron(folder);
  if (installed !== undefined) return { program: installed };
  if (whyOffline !== undefined) return { reason: `Electron’s binary is not here, and it is not fetched because ${whyOffline}` };
  const mirror = process.env['ELECTRON_MIRROR'] ?? 'https://github.com/electron/electron/releases/';
  if (!(await canReach(mirror))) return { reason: 'Electron’s binary is not here, and the network it comes from cannot be reached' };
  note('Fetching Electron (about 120 MB, once) …');
  const failed = await runQuietly(process.execPath, [join(folder, 'install.js')], FETCH_WITHIN_MS);
  const fetched = installedElectron(folder);
  return fetched === undefined
    ? { reason: `Electron’s binary could not be fetched${failed === undefined ? '' : ` (${failed})`}` }
    : { program: fetched };
}

async function canReach(address: string): Promise<boolean> {
  try {
    const response = await fetch(address, { method: 'HEAD', redirect: 'manual', signal: AbortSignal.timeout(REACH_WITHIN_MS) });
    return response.status < 400;
  } catch {
    return false;
  }
}

/** Runs a program to its end; returns the first line of what it complained of, or undefined when it went well. */
function runQuietly(program: string, parameters: readonly string[], timeoutMs: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn(program, parameters, { stdio: ['ignore', 'ignore', 'pipe'], timeout: timeoutMs });
    let complaint = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code) => resolve(code === 0 ? undefined : (complaint.trim().split('\n')[0] ?? `code ${code}`)));
  });
}
