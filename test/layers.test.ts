// Who may import whom (DESIGN 3): rooms meet only in shared, and inside a room imports run one way.
import { readFileSync, readdirSync } from 'node:fs';
import { join, normalize, relative } from 'node:path';
import { expect, it } from 'vitest';

const SRC = join(import.meta.dirname, '../src');

/** What each part of the tree may import besides itself; a file directly in a room counts as the room's own name. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  shared: [],
  'worker/graph': ['shared'],
  'worker/llama': ['shared', 'worker/graph'],
  'worker/weights': ['shared', 'worker/graph', 'worker/llama'],
  'worker/text': ['shared', 'worker/llama', 'worker/weights'],
  'worker/export': ['shared', 'worker/llama', 'worker/weights'],
  'worker/prune': ['shared', 'worker', 'worker/graph', 'worker/llama', 'worker/weights', 'worker/text'],
  'worker/evaluate': ['shared', 'worker', 'worker/graph', 'worker/llama', 'worker/weights', 'worker/text', 'worker/export'],
  'worker/tune': ['shared', 'worker', 'worker/graph', 'worker/llama', 'worker/weights', 'worker/text', 'worker/export', 'worker/evaluate'],
  worker: [
    'shared',
    'worker/graph',
    'worker/llama',
    'worker/weights',
    'worker/text',
    'worker/export',
    'worker/prune',
    'worker/evaluate',
    'worker/tune',
  ],
  'main/db': ['shared'],
  'main/import': ['shared', 'main/db'],
  'main/jobs': ['shared', 'main/db', 'main'],
  'main/study': ['shared'],
  'main/api': ['shared', 'main', 'main/db', 'main/jobs', 'main/import', 'main/study'],
  main: ['shared', 'main/db', 'main/jobs', 'main/import', 'main/api'],
  renderer: ['shared'],
  'main/node': ['shared', 'main', 'main/db', 'main/jobs', 'main/import', 'main/api', 'main/study'],
  // One function of the other host: where data lies.
  'main/electron': ['shared', 'main', 'main/db', 'main/jobs', 'main/api', 'main/node'],
  // The demo's world is made ahead of time, by the worker's own trainer.
  demo: ['shared', 'worker', 'worker/tune', 'worker/weights', 'worker/text'],
};

/** Types alone may cross from main to the worker's calls, and from the page to main's. */
const TYPES_ONLY: Readonly<Record<string, RegExp>> = {
  main: /^worker\/api\.ts$/,
  renderer: /^main\/(api\/|events\.ts$)/,
};

/** Packages that one part alone may import. */
const OWNERS: Readonly<Record<string, string>> = {
  'better-sqlite3': 'main/db',
  'onnxruntime-node': 'worker/graph',
  electron: 'main/electron',
};

/** Rooms without parts of their own. */
const WHOLE_ROOMS = ['shared', 'demo', 'renderer'];

const partOf = (file: string): string => {
  const [room, part, rest] = file.split('/');
  return rest === undefined || WHOLE_ROOMS.includes(room!) ? room! : `${room}/${part}`;
};

const IMPORT = /^\s*(?:import|export)\s+(type\s)?(?:[^'"]*?\sfrom\s+)?['"]([^'"]+)['"]|import\(['"]([^'"]+)['"]\)/gm;

function violations(file: string): string[] {
  const from = partOf(file);
  const found: string[] = [];
  for (const [, typeOnly, named, dynamic] of readFileSync(join(SRC, file), 'utf8').matchAll(IMPORT)) {
    const target = named ?? dynamic!;
    if (!target.startsWith('.')) {
      const owner = OWNERS[target];
      if (owner !== undefined && owner !== from) found.push(`${file} imports ${target}, which belongs to ${owner}`);
      continue;
    }
    const to = normalize(join(file, '..', target));
    const part = partOf(to);
    if (part === from || MAY_IMPORT[from]?.includes(part)) continue;
    if (typeOnly && TYPES_ONLY[from.split('/')[0]!]?.test(to)) continue;
    found.push(`${file} imports ${to}`);
  }
  return found;
}

it('keeps the rooms apart', () => {
  const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .map((path) => relative('.', path))
    .filter((path) => path.endsWith('.ts'));
  expect(files.length).toBeGreaterThan(50);
  expect(files.flatMap(violations)).toEqual([]);
});

it('keeps shared free of Node', () => {
  const files = readdirSync(join(SRC, 'shared'), { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'));
  const guilty = files.filter((path) => /from 'node:/.test(readFileSync(join(SRC, 'shared', path), 'utf8')));
  expect(guilty).toEqual([]);
});
