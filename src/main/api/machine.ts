// The machine as the settings show it: processor, memory, disk, the data folder, and a report that can be shown to others.
import { statfs } from 'node:fs/promises';
import { availableParallelism, cpus, freemem, homedir, totalmem } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { AppError } from '../../shared/errors.ts';
import { redactPaths } from '../../shared/redact.ts';
import type { UserSettings } from '../../shared/settings.ts';
import type { WorkerCalls } from '../jobs/worker-client.ts';
import type { App } from '../app.ts';
import { listDatasets } from '../db/datasets.ts';
import { listModels } from '../db/models.ts';
import { listRuns } from '../db/runs.ts';
import { keepSetting, listSettings } from '../db/settings.ts';
import { listStudies } from '../db/studies.ts';
import { isInside, listFolderFiles } from './folder-files.ts';
import { readSettings } from './settings.ts';
import { VERSIONS } from './versions.ts';

/** What a probe found of one device. */
export type DeviceFinding = Awaited<ReturnType<WorkerCalls['probe']>>[number];

/** A graphics card as the system names it. */
export type GraphicsCard = Awaited<ReturnType<WorkerCalls['cards']>>[number];

/** What was found when the devices were last tried. */
export interface Probe {
  readonly at: number;
  readonly threads: number;
  readonly findings: readonly DeviceFinding[];
  readonly cards: readonly GraphicsCard[];
}

/** Where the last probe is kept, with what it holds for: another machine or version asks for another. */
const SETTING = 'probe';
/** How long after the start they are tried: the window has been painted then. */
export const DEVICES_AFTER_MS = 3000;

export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly freeMemoryBytes: number;
  /** Undefined until the devices were tried here. */
  readonly probe: Probe | undefined;
}

export function describeMachine(app: App): Machine {
  const { probe, of } = (listSettings(app.db)[SETTING] ?? {}) as { probe?: Probe; of?: string };
  return {
    processor: processor(),
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    freeMemoryBytes: freemem(),
    probe: of === occasion() ? probe : undefined,
  };
}

function processor(): string {
  return cpus()[0]?.model.trim() ?? 'processor';
}

/** What a probe holds for. */
function occasion(): string {
  return [processor(), VERSIONS.platform, VERSIONS.tailor, VERSIONS.onnxruntime].join(', ');
}

/**
 * Tries every device with a small program, which takes seconds. Throws AppError `busy` while a run has the worker, and `worker-lost`
 * when a driver took the worker down.
 */
export async function probeDevices(app: App): Promise<Probe> {
  const { threads } = readSettings(app);
  if (app.queue.runningId !== undefined)
    throw new AppError('busy', 'A run is at work and has the machine. Try the devices when it has ended, or pause it on Runs.');
  const { calls } = app.worker();
  const findings = await calls.probe({ threads });
  const cards = await calls.cards();
  const probe: Probe = { at: Date.now(), threads: threads ?? availableParallelism(), findings, cards };
  keepSetting(app.db, SETTING, { of: occasion(), probe });
  app.events.tell({ kind: 'changed', table: 'settings', id: 'settings' });
  return probe;
}

/**
 * Tries the devices where that was never done here and nothing is at work, so that the window says what will be computed on, and why,
 * before the first run. What goes wrong is in the log: a run tries them again and says it.
 */
export async function tryDevicesOnce(app: App): Promise<void> {
  try {
    const { of } = (listSettings(app.db)[SETTING] ?? {}) as { of?: string };
    if (of === occasion() || app.queue.runningId !== undefined) return;
    keepSetting(app.db, SETTING, { of: occasion() }); // beforehand: a driver that takes the worker down does so once, not at every start
    await probeDevices(app);
  } catch (thrown) {
    app.host.log(`devices: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
  }
}

/** Bytes of the data folder by what they are for. */
export interface DataFolder {
  readonly path: string;
  readonly models: number;
  readonly checkpoints: number;
  readonly exports: number;
  readonly uploads: number;
  readonly records: number;
  readonly other: number;
  readonly total: number;
  readonly freeBytes: number;
  readonly diskBytes: number;
}

/** Measures the data folder, file by file. */
export async function measureDataFolder(app: App): Promise<DataFolder> {
  const path = app.host.dataFolder;
  const sums = { models: 0, checkpoints: 0, exports: 0, uploads: 0, records: 0, other: 0 };
  const modelFolders = listModels(app.db)
    .map((model) => model.folderPath)
    .filter((folder) => isInside(path, folder));
  const kindOf = (file: string): keyof typeof sums => {
    if (modelFolders.some((folder) => isInside(folder, file))) return 'models';
    if (isInside(join(path, 'exports'), file)) return 'exports';
    if (isInside(join(path, 'uploads'), file)) return 'uploads';
    if (isInside(app.runsFolder, file)) return /[\\/]snapshots[\\/]/.test(file) ? 'checkpoints' : 'other';
    return /[\\/]tailor\.sqlite(-wal|-shm)?$/.test(file) ? 'records' : 'other';
  };
  for (const file of await listFolderFiles(path)) sums[kindOf(file.path)] += file.sizeBytes;
  const disk = await statfs(path);
  return {
    path,
    ...sums,
    total: Object.values(sums).reduce((a, b) => a + b, 0),
    freeBytes: disk.bavail * disk.bsize,
    diskBytes: disk.blocks * disk.bsize,
  };
}

/** Everything that helps someone else to see what is the matter, as text that tells of no folder where it lies. */
export async function writeReport(app: App, settings: UserSettings): Promise<string> {
  const machine = describeMachine(app);
  const folder = await measureDataFolder(app);
  const runs = listRuns(app.db);
  const troubled = runs.filter((run) => run.error).slice(0, 5);
  const lines = [
    `Tailor ${VERSIONS.tailor}, ${new Date().toISOString()}`,
    `Node ${VERSIONS.node}, onnxruntime ${VERSIONS.onnxruntime}, better-sqlite3 ${VERSIONS.betterSqlite3}, ${VERSIONS.platform}`,
    `${machine.processor}, ${machine.cores} threads, ${mega(machine.memoryBytes)} memory, ${mega(machine.freeMemoryBytes)} free`,
    ...(machine.probe?.cards.map(
      ({ name, memoryBytes, driver }) =>
        `graphics: ${name}${memoryBytes ? `, ${mega(memoryBytes)}` : ''}${driver ? `, driver ${driver}` : ''}`,
    ) ?? []),
    ...(machine.probe?.findings.map(({ kind, usable, why }) => `${kind}: ${usable ? 'usable' : 'not used'}, ${why}`) ?? [
      'devices: not tried',
    ]),
    `settings: ${JSON.stringify(settings)}`,
    `data folder: ${mega(folder.total)}, ${mega(folder.freeBytes)} free on the disk`,
    `records: ${listModels(app.db).length} models, ${listDatasets(app.db).length} datasets, ${runs.length} runs, ${listStudies(app.db).length} studies`,
    ...troubled.map((run) => `run ${run.id} (${run.kind}) ${run.state}: ${run.error!.code}, ${run.error!.message}`),
  ];
  const models = listModels(app.db).map(({ folderPath }) => [folderPath, `…/${basename(folderPath)}`] as const);
  return redactPaths(lines.join('\n'), [[resolve(folder.path), '(data folder)'], ...models], homedir());
}

function mega(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MB`;
}
