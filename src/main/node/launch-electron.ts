// Opens the desktop window by Electron's binary, and tells when that cannot be carried out on this machine at all.
import { spawn } from 'node:child_process';
import { EXIT } from './terminal.ts';

/** A program that lacks a library of the system, or whose sandbox the system forbids, ends before it has shown anything. */
const AT_ONCE_MS = 10_000;
/** What the program itself ends with; anything else was not its own wish. */
const OWN_CODES: readonly (number | null)[] = [EXIT.ok, EXIT.failed];

/** How it ended: with its exit code, or why there never was a window, as the end of a sentence. */
export type Launched = { readonly code: number } | { readonly reason: string };

/** Opens Electron and waits for its end; Ctrl-C reaches it too, since it is of the same group. */
export function launchElectron(program: string, parameters: readonly string[]): Promise<Launched> {
  const began = Date.now();
  const child = spawn(program, parameters, { stdio: 'inherit', windowsHide: false });
  const ignore = (): void => undefined;
  const end = (): void => void child.kill('SIGTERM');
  process.on('SIGINT', ignore).on('SIGTERM', end);
  return new Promise<Launched>((resolve) => {
    child.on('error', (error) => resolve({ reason: `Electron cannot be started (${error.message})` }));
    child.on('close', (code, signal) => {
      const isBroken = !child.killed && !OWN_CODES.includes(code) && signal !== 'SIGINT' && signal !== 'SIGTERM';
      if (isBroken && Date.now() - began < AT_ONCE_MS)
        resolve({
          reason: `Electron does not run on this machine (it ended at once, ${signal ?? `code ${code}`}; what it said stands above)`,
        });
      else resolve({ code: code ?? EXIT.failed });
    });
  }).finally(() => process.off('SIGINT', ignore).off('SIGTERM', end));
}
