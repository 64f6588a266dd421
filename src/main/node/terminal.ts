// What every command has in hand: the app, where to print, progress, and the ear for Ctrl-C.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createApp, type App } from '../app.ts';
import { DATABASE_FILE } from '../db/open.ts';
import { followMoves } from '../moved-folder.ts';
import { connectWorker, type Worker } from '../jobs/worker-client.ts';
import type { WorkerRouter } from '../../worker/api.ts';
import { AppError, asAppError, type ErrorCode } from '../../shared/errors.ts';
import type { WorkOptions } from '../../shared/progress.ts';
import { fileURLToPath } from 'node:url';
import { openProgress, type ProgressStyle, type ProgressView } from './progress-bar.ts';
import { spawnWorker } from './spawn-worker.ts';

export interface GlobalOptions {
  readonly data: string;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly debug: boolean;
}

export const EXIT = { ok: 0, failed: 1, usage: 2, cancelled: 130 } as const;

/** Errors that the caller can mend by giving something else; they end a command with code 2. */
const USAGE_CODES: readonly ErrorCode[] = [
  'bad-input',
  'bad-file',
  'bad-model',
  'bad-tokenizer',
  'bad-dataset',
  'bad-prompt',
  'bad-recipe',
  'not-found',
];

/** What ships with the program. */
export const RESOURCES = fileURLToPath(new URL('../../../resources', import.meta.url));

export interface Terminal extends Disposable {
  readonly options: GlobalOptions;
  /** Opened when first asked for: a command that needs no records touches no data folder. */
  app(): App;
  /** Closes the app; the next one opens on the folder that its data was moved to. */
  moveTo(folder: string): void;
  /** The app's worker where the app is open, else one of its own: for work that touches no records. */
  worker(): Worker;
  /** Whether the data folder holds records already. */
  hasRecords(): boolean;
  /** Fires at the first Ctrl-C. */
  readonly signal: AbortSignal;
  /** Prints the command's one answer on standard output: `text` for people, or `value` as one JSON object with --json. */
  answer(value: object, text: string): void;
  /** A line for people on standard error. */
  note(line: string): void;
  /** Runs work under a progress view. */
  working<T>(heading: string, work: (options: Required<WorkOptions>, view: ProgressView) => Promise<T>): Promise<T>;
}

export function openTerminal(given: GlobalOptions): Terminal {
  let options: GlobalOptions = { ...given, data: followMoves(given.data) };
  let app: App | undefined;
  let loose: Worker | undefined;
  const stop = new AbortController();
  const style: ProgressStyle = options.quiet ? 'none' : !options.json && process.stderr.isTTY ? 'bar' : 'lines';
  const note = (line: string): void => {
    if (!options.quiet) process.stderr.write(`${line}\n`);
  };
  const log = (line: string): void => {
    if (options.debug) process.stderr.write(`${line}\n`);
  };
  const interrupt = (): void => {
    if (stop.signal.aborted) {
      app?.[Symbol.dispose]();
      loose?.[Symbol.dispose]();
      process.exit(EXIT.cancelled);
    }
    process.stderr.write('\nStopping at the next safe point. Press Ctrl-C again to end at once.\n');
    stop.abort(new AppError('cancelled', 'Stopped, as asked.'));
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  return {
    get options() {
      return options;
    },
    moveTo(folder) {
      app?.[Symbol.dispose]();
      app = undefined;
      options = { ...options, data: folder };
    },
    worker() {
      if (app) return app.worker();
      if (!loose?.isAlive) loose = connectWorker<WorkerRouter>(spawnWorker(log));
      return loose;
    },
    hasRecords: () => existsSync(join(options.data, DATABASE_FILE)),
    app() {
      app ??= createApp({
        dataFolder: options.data,
        resourcesFolder: RESOURCES,
        now: () => new Date(),
        log,
        spawnWorker: () => spawnWorker(log),
      });
      return app;
    },
    signal: stop.signal,
    answer(value, text) {
      process.stdout.write(options.json ? `${JSON.stringify(value)}\n` : text.endsWith('\n') ? text : `${text}\n`);
    },
    note,
    async working(heading, work) {
      using view = openProgress(style, heading);
      return await work({ signal: stop.signal, progress: (frame) => view.show(frame) }, view);
    },
    [Symbol.dispose]() {
      process.off('SIGINT', interrupt);
      process.off('SIGTERM', interrupt);
      loose?.[Symbol.dispose]();
      app?.[Symbol.dispose]();
    },
  };
}

/** One sentence on standard error, the stack only with --debug; returns the exit code. */
export function reportError(thrown: unknown, debug: boolean): number {
  const error = asKnownError(thrown);
  process.stderr.write(debug && error instanceof Error ? `${error.stack ?? error.message}\n` : `tailor: ${messageOf(error)}\n`);
  return exitCodeOf(error);
}

export function exitCodeOf(error: unknown): number {
  if (!(error instanceof AppError)) return EXIT.failed;
  if (error.code === 'cancelled') return EXIT.cancelled;
  return USAGE_CODES.includes(error.code) ? EXIT.usage : EXIT.failed;
}

function asKnownError(thrown: unknown): unknown {
  try {
    return asAppError(thrown);
  } catch {
    return thrown;
  }
}

function messageOf(error: unknown): string {
  if (error instanceof AppError) {
    const { run, state } = error.data ?? {};
    return state === 'interrupted' ? `${error.message} To go on: tailor run ${String(run)}` : error.message;
  }
  return `Something went wrong that is no fault of yours: ${error instanceof Error ? error.message : String(error)} (run again with --debug for details).`;
}
