// What ships with a package, kept with the data: Windows' installer gives each version a folder of its own, and records name the demo by its path.
import { createHash } from 'node:crypto';
import { closeSync, cpSync, existsSync, fsyncSync, openSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';

/** Parts of what ships that the program reads; a few megabytes. */
const PARTS = ['demo', 'icon'] as const;

/**
 * Copies what ships into the data folder, once for each content, so that models and studies of an older version keep what they were made
 * from. Returns the folder of the copy. Throws what the disk says.
 */
export function keepResources(shipped: string, dataFolder: string): string {
  const hash = createHash('sha256');
  for (const part of PARTS)
    for (const name of readdirSync(join(shipped, part), { recursive: true, encoding: 'utf8' }).sort()) {
      const path = join(shipped, part, name);
      if (statSync(path).isFile()) hash.update(`${part}/${name.split(sep).join('/')}\0`).update(readFileSync(path));
    }
  const folder = join(dataFolder, 'resources', hash.digest('hex').slice(0, 12));
  if (existsSync(folder)) return folder;
  const part = `${folder}.${process.pid}.part`; // another start may copy at the same time
  rmSync(part, { recursive: true, force: true });
  for (const name of PARTS) cpSync(join(shipped, name), join(part, name), { recursive: true });
  for (const name of readdirSync(part, { recursive: true, encoding: 'utf8' })) flush(join(part, name));
  try {
    renameSync(part, folder);
  } catch (thrown) {
    rmSync(part, { recursive: true, force: true });
    if (!existsSync(folder)) throw thrown;
  }
  return folder;
}

/** What is once there under its name is believed to be whole, also after a power loss. */
function flush(path: string): void {
  if (!statSync(path).isFile()) return;
  const file = openSync(path, 'r+');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
