// The log file of the desktop shell: a line at a time, turned over when it is large, so that it never fills a disk.
import { appendFileSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

const MAX_BYTES = 5 * 2 ** 20;
/** Older files beside the newest: tailor.1.log to tailor.3.log. */
const KEPT_FILES = 3;

/** Opens the log of a folder and returns what writes a line to it. A full or forbidden disk costs the line, never the program. */
export function openLog(folder: string, now: () => Date, maxBytes = MAX_BYTES): (line: string) => void {
  const nameOf = (age: number): string => join(folder, age === 0 ? 'tailor.log' : `tailor.${age}.log`);
  const turnOver = (): void => {
    rmSync(nameOf(KEPT_FILES), { force: true });
    for (let age = KEPT_FILES - 1; age >= 0; age--)
      if (statSync(nameOf(age), { throwIfNoEntry: false })) renameSync(nameOf(age), nameOf(age + 1));
  };
  return (line) => {
    try {
      mkdirSync(folder, { recursive: true });
      if ((statSync(nameOf(0), { throwIfNoEntry: false })?.size ?? 0) >= maxBytes) turnOver();
      appendFileSync(nameOf(0), `${now().toISOString()} ${line}\n`);
    } catch {
      // There is no better place to say so.
    }
  };
}
