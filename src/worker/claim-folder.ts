// Keeps two processes from working in one run folder: a claim file with the owner's process id, touched while the owner lives.
import { closeSync, openSync, readFileSync, rmSync, statSync, utimesSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError, throwIfCancelled } from '../shared/errors.ts';

const CLAIM_FILE = 'claim';
const TOUCH_INTERVAL_MS = 1000;
/** Longer than main lets a worker be silent (20 s), so that a claim is never taken from a process that only computes. */
const STALE_AFTER_MS = 30_000;
/** An orphan whose parent was killed leaves at its next safe point; this is how long a successor waits for it. */
const WAIT_MS = 35_000;

/**
 * Claims `folder` for this process until the returned value is disposed of. Waits while a living process holds a fresh claim, and
 * takes over from one that is gone. Throws AppError `busy` when the holder does not leave, `cancelled` when the signal fires.
 */
export async function claimFolder(folder: string, signal?: AbortSignal): Promise<Disposable> {
  const path = join(folder, CLAIM_FILE);
  const waitUntil = performance.now() + WAIT_MS;
  while (!tryClaim(path)) {
    if (performance.now() > waitUntil) {
      throw new AppError(
        'busy',
        `${folder} is being worked on by process ${holderOf(path)}. Wait for it to end, or end it, and run again.`,
      );
    }
    throwIfCancelled(signal);
    await sleep(100);
  }
  const touch = setInterval(() => {
    utimesSync(path, new Date(), new Date());
  }, TOUCH_INTERVAL_MS).unref();
  return {
    [Symbol.dispose]() {
      clearInterval(touch);
      rmSync(path, { force: true });
    },
  };
}

function tryClaim(path: string): boolean {
  try {
    const file = openSync(path, 'wx');
    writeSync(file, String(process.pid));
    closeSync(file);
    return true;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'EEXIST') throw thrown;
  }
  const holder = holderOf(path);
  if (holder === process.pid || !isAlive(holder) || ageMs(path) > STALE_AFTER_MS) rmSync(path, { force: true });
  return false;
}

function holderOf(path: string): number {
  try {
    return Number(readFileSync(path, 'latin1'));
  } catch {
    return 0; // released in between
  }
}

function ageMs(path: string): number {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat ? Date.now() - stat.mtimeMs : Infinity;
}

function isAlive(processId: number): boolean {
  if (!Number.isSafeInteger(processId) || processId <= 0) return false;
  try {
    process.kill(processId, 0);
    return true;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'EPERM';
  }
}
