// What the machine computes on is found out once, with the real worker, and known from then on.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { describeMachine, tryDevicesOnce } from '../../../src/main/api/machine.ts';
import { createApp, type App } from '../../../src/main/app.ts';
import type { WorkerProcess } from '../../../src/main/host.ts';
import { spawnWorker } from '../../../src/main/node/spawn-worker.ts';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'tailor-machine-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function openApp(spawn: () => WorkerProcess, said: string[] = []): App {
  return createApp({
    dataFolder: folder,
    resourcesFolder: folder,
    now: () => new Date(),
    log: (line) => said.push(line),
    spawnWorker: spawn,
  });
}

it('tries the devices once, and keeps what was found for the next start', async () => {
  let workers = 0;
  const spawn = (): WorkerProcess => {
    workers += 1;
    return spawnWorker(() => undefined);
  };
  using first = openApp(spawn);
  expect(describeMachine(first).probe).toBeUndefined();
  await tryDevicesOnce(first);
  const { probe } = describeMachine(first);
  expect(probe?.findings[0]).toMatchObject({ kind: 'cpu', usable: true });
  expect(probe?.findings[1]?.why).toMatch(/\w/);
  await tryDevicesOnce(first);
  first[Symbol.dispose]();

  using second = openApp(spawn);
  expect(describeMachine(second).probe).toEqual(probe);
  await tryDevicesOnce(second);
  expect(workers).toBe(1);
});

it('goes on without a word but the log’s when no worker comes', async () => {
  const said: string[] = [];
  using app = openApp(() => {
    throw new Error('no process can be made');
  }, said);
  await tryDevicesOnce(app);
  expect(describeMachine(app).probe).toBeUndefined();
  expect(said.join()).toContain('no process can be made');
  await tryDevicesOnce(app); // a driver that takes the worker down does so once
  expect(said).toHaveLength(1);
});
