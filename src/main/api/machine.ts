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
import { listStudies } from '../db/studies.ts';
import { isInside, listFolderFiles } from './folder-files.ts';
import { VERSIONS } from './versions.ts';

/** What a probe found of one device. */
export type DeviceFinding = Awaited<ReturnType<WorkerCalls['probe']>>[number];

/** What was found when the devices were last tried. */
export interface Probe {
  readonly at: number;
  readonly threads: number;
  readonly findings: readonly DeviceFinding[];
}

const probes = new WeakMap<App, Probe>();

export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly freeMemoryBytes: number;
  /** Undefined until the devices were tried since Tailor began. */
  readonly probe: Probe | undefined;
}

export function describeMachine(app: App): Machine {
  return {
    processor: cpus()[0]?.model.trim() ?? 'processor',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    freeMemoryBytes: freemem(),
    probe: probes.get(app),
  };
}

/**
 * Tries every device with a small program, which takes seconds. Throws AppError `busy` while a run has the worker, and `worker-lost`
 * when a driver took the worker down.
 */
export async function probeDevices(app: App, { threads }: Pick<UserSettings, 'threads'>): Promise<Probe> {
  if (app.queue.runningId !== undefined)
    throw new AppError('busy', 'A run is at work and has the machine. Try the devices when it has ended, or pause it on Runs.');
  const findings = await app.worker().calls.probe({ threads });
  const probe: Probe = { at: Date.now(), threads: threads ?? availableParallelism(), findings };
  probes.set(app, probe);
  return probe;
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
