// Starts the worker as Electron's utility process, in the shape that main's heartbeat and calls expect.
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { UtilityProcess } from 'electron';
import { AppError } from '../../shared/errors.ts';
import type { WorkerProcess } from '../host.ts';
import { keepOutput } from '../jobs/worker-output.ts';

/** The worker's entry in the build; TypeScript beside TypeScript in a test. */
const WORKER_ENTRY = fileURLToPath(new URL(`../../worker/main${extname(import.meta.url)}`, import.meta.url));
/** Shown by the system's task manager, and in the log when the process goes. */
export const WORKER_NAME = 'Tailor worker';

/** As much of Electron's UtilityProcess as a worker needs. */
export type UtilityChild = Pick<UtilityProcess, 'on' | 'postMessage' | 'kill' | 'pid' | 'stdout' | 'stderr'>;
export type Fork = (entry: string, parameters: string[], options: Electron.ForkOptions) => UtilityChild;

/** Forks the worker through `fork` (utilityProcess.fork). What it prints goes line by line to `log`. */
export function forkWorker(fork: Fork, log: (line: string) => void, entry: string = WORKER_ENTRY): WorkerProcess {
  const child = fork(entry, [], { serviceName: WORKER_NAME, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = keepOutput(log);
  let ending: string | undefined;
  const closed: (() => void)[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer | string) => output.take(String(chunk)));
  // V8 itself gave up, mostly for want of memory: its report is the reason, the exit follows.
  child.on('error', (type, location) => output.take(`${type} at ${location}\n`));
  child.on('exit', (code) => {
    if (ending !== undefined) return;
    ending = output.explain(`it exited with code ${code}`);
    for (const callback of closed) callback();
  });
  return {
    get processId() {
      return child.pid;
    },
    on(event, callback) {
      if (event === 'close') closed.push(callback);
      else child.on('message', (data: unknown) => callback({ data }));
    },
    postMessage(data) {
      if (ending !== undefined) throw new AppError('worker-lost', `The worker process is gone: ${ending}.`);
      child.postMessage(data);
    },
    kill() {
      // A worker that computes hears no polite signal; kill() is one, and serves only before the process has a number.
      if (ending !== undefined) return;
      if (child.pid === undefined) child.kill();
      else killNow(child.pid);
    },
    get ending() {
      return ending;
    },
  };
}

function killNow(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ESRCH') throw thrown; // it has just ended by itself
  }
}
