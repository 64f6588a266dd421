// What the program asks of whatever hosts it: folders, worker processes, a clock and a log.

/** The far end of a worker process, in the shape the RPC library speaks, with its end made visible. */
export interface WorkerProcess {
  readonly processId: number | undefined;
  /** `message` brings `{ data }`; `close` comes once, after the process has ended. */
  on(event: 'message' | 'close', callback: (event?: { readonly data: unknown }) => void): void;
  /** Throws when the process has ended. */
  postMessage(data: unknown): void;
  /** Ends the process at once (SIGKILL). */
  kill(): void;
  /** How it ended, in words, with the last lines it printed; undefined while it lives. */
  readonly ending: string | undefined;
}

export interface Host {
  /** Where Tailor keeps its records and files; created when absent. */
  readonly dataFolder: string;
  /** What ships with the program: task library, prompts, demo. */
  readonly resourcesFolder: string;
  spawnWorker(): WorkerProcess;
  now(): Date;
  log(line: string): void;
}
