// The whole program on a host: records, queue, worker and events, tied together once.
import { join } from 'node:path';
import type { WorkerRouter } from '../worker/api.ts';
import { trimCheckpoints } from './api/retention.ts';
import { NEXT_STATES } from '../shared/run-states.ts';
import { openRecords, type Records } from './db/open.ts';
import { listRuns } from './db/runs.ts';
import { createEvents, type Events } from './events.ts';
import type { Host } from './host.ts';
import { openQueue, type Queue } from './jobs/queue.ts';
import { clearStaged } from './jobs/run-folder.ts';
import { keepRunLogs, logCutOff } from './jobs/run-log.ts';
import { endImportsInto } from './import/import-apart.ts';
import { connectWorker, type Worker } from './jobs/worker-client.ts';

export interface App extends Disposable {
  readonly host: Host;
  readonly db: Records['db'];
  readonly queue: Queue;
  readonly events: Events;
  /** Where run folders lie. */
  readonly runsFolder: string;
  /** The living worker; started when first asked for, and anew after a crash. It keeps models and programs between jobs. */
  worker(): Worker;
}

/**
 * Opens the host's data folder and returns the program. Nothing runs until it is asked to; runs that were cut off stand as
 * `interrupted`. Throws AppError `busy`, `newer-data` or `bad-file`.
 */
export function createApp(host: Host): App {
  const records = openRecords(host.dataFolder);
  const runsFolder = join(records.folder, 'runs');
  clearStaged(runsFolder);
  const events = createEvents();
  let living: Worker | undefined;
  const worker = (): Worker => {
    if (!living?.isAlive) living = connectWorker<WorkerRouter>(host.spawnWorker());
    return living;
  };
  const queue = openQueue(records.db, worker, (line) => host.log(line));
  logCutOff(listRuns(records.db, 'interrupted'));
  keepRunLogs(queue);
  queue.listen((event) => {
    if (event.kind === 'progress') events.tell({ kind: 'progress', id: event.runId, frame: event.frame });
    else events.tell({ kind: 'changed', table: 'runs', id: event.run.id });
    if (event.kind === 'moved' && NEXT_STATES[event.run.state].length === 0) trimCheckpoints(records.db, event.run);
    // A run that is done may have made models.
    if (event.kind === 'moved' && event.run.state === 'done') events.tell({ kind: 'changed', table: 'models', id: event.run.id });
  });
  return {
    host,
    db: records.db,
    queue,
    events,
    runsFolder,
    worker,
    [Symbol.dispose]() {
      living?.[Symbol.dispose]();
      endImportsInto(records.db);
      records.close();
    },
  };
}
