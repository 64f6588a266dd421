// What Tailor is made of here: its own version and those of the parts that results depend on.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

interface Manifest {
  readonly name?: string;
  readonly version?: string;
  readonly license?: string;
}

const require = createRequire(import.meta.url);

/** The nearest manifest above this file that is Tailor's: the sources and a build lie at different depths. */
function ownManifest(): Manifest {
  for (let folder = import.meta.dirname; folder !== dirname(folder); folder = dirname(folder)) {
    const path = join(folder, 'package.json');
    const manifest = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Manifest) : {};
    if (manifest.name === 'tailor') return manifest;
  }
  return {};
}

function versionOf(name: string): string {
  try {
    return (require(`${name}/package.json`) as Manifest).version ?? 'unknown';
  } catch {
    return 'unknown'; // a package that keeps its manifest to itself
  }
}

const own = ownManifest();

export const VERSIONS = {
  tailor: own.version ?? 'unknown',
  licence: own.license ?? 'unknown',
  node: process.versions.node,
  onnxruntime: versionOf('onnxruntime-node'),
  betterSqlite3: versionOf('better-sqlite3'),
  platform: `${process.platform} ${process.arch}`,
} as const;
