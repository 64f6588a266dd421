// Starts the worker as a child process of plain Node.
import { fork } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AppError } from '../../shared/errors.ts';
import type { WorkerProcess } from '../host.ts';
import { keepOutput } from '../jobs/worker-output.ts';

/** TypeScript beside TypeScript, and JavaScript beside JavaScript in a build. */
const WORKER_ENTRY = fileURLToPath(new URL(`../../worker/main${extname(import.meta.url)}`, import.meta.url));

/**
 * glibc maps every large block anew and gives it back at once, so that each activation costs its page faults: keeping up to 512 MB of
 * freed memory made a small model's LoRA step a third faster at the same peak. Other C libraries do not read these.
 */
export const ALLOCATOR = {
  MALLOC_MMAP_THRESHOLD_: String(2 ** 30),
  MALLOC_TRIM_THRESHOLD_: String(2 ** 29),
  MALLOC_TOP_PAD_: String(2 ** 26),
};

/**
 * Forks the worker. What it prints goes line by line to `log`, never to this process's standard output.
 * `entry` is the file to run: the worker's own unless a test brings one.
 */
export function spawnWorker(log: (line: string) => void, entry: string = WORKER_ENTRY): WorkerProcess {
  const child = fork(entry, [], {
    env: { ...ALLOCATOR, ...process.env },
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    execArgv: [],
  });
  const output = keepOutput(log);
  let ending: string | undefined;
  const closed: (() => void)[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => output.take(text));
  }
  const end = (how: string): void => {
    if (ending !== undefined) return;
    ending = output.explain(how);
    for (const callback of closed) callback();
  };
  child.on('close', (code, signal) => end(signal ? `it was ended by ${signal}` : `it exited with code ${code}`));
  child.on('error', (error) => {
    if (child.pid === undefined) end(`it could not be started (${error.message})`);
  });
  return {
    processId: child.pid,
    on(event, callback) {
      if (event === 'close') closed.push(callback);
      else child.on('message', (data) => callback({ data }));
    },
    postMessage(data) {
      if (!child.connected) throw new AppError('worker-lost', `The worker process is gone: ${ending ?? 'it closed its channel'}.`);
      child.send(data as string, (error) => {
        if (error) child.kill('SIGKILL'); // a channel that no longer carries is a lost worker: take the crash path
      });
    },
    kill() {
      child.kill('SIGKILL');
    },
    get ending() {
      return ending;
    },
  };
}
