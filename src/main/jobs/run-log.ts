// The log of a run: what became of it and what the worker said, line by line in its folder, with the time of each.
import { appendFileSync, closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { formatBytes, formatCount, formatFigure } from '../../shared/figures.ts';
import type { ProgressFrame } from '../../shared/progress.ts';
import type { Run } from '../db/runs.ts';
import type { Queue } from './queue.ts';

const LOG_FILE = 'log.jsonl';
/** Frames of one phase are written down at most this often. */
const FRAME_EVERY_MS = 1000;

export interface LogLine {
  readonly at: number;
  readonly text: string;
  readonly kind: 'move' | 'frame' | 'error';
  /** How far a frame said that its phase was. */
  readonly done?: number;
}

/** Writes down every move and frame of every run while the queue works; returns the function that ends it. */
export function keepRunLogs(queue: Queue): () => void {
  let current: { readonly id: string; readonly folder: string; phase: string; toldAt: number } | undefined;
  return queue.listen((event) => {
    if (event.kind === 'progress') {
      if (current?.id !== event.runId) return;
      const { frame } = event;
      const now = Date.now();
      if (frame.phase === current.phase && frame.done < frame.total && now - current.toldAt < FRAME_EVERY_MS) return;
      current.phase = frame.phase;
      current.toldAt = now;
      write(current.folder, { at: now, kind: 'frame', text: describeFrame(frame), done: frame.done });
      return;
    }
    const { run } = event;
    if (run.state === 'running') current = { id: run.id, folder: run.folderPath, phase: '', toldAt: 0 };
    writeMove(run);
  });
}

/** Writes down of interrupted runs that they were cut off with the program, when nobody could. */
export function logCutOff(runs: readonly Run[]): void {
  for (const run of runs) if (readRunLog(run).findLast(({ kind }) => kind === 'move')?.text === MOVES.running) writeMove(run);
}

function writeMove(run: Run): void {
  const wasAsked = run.error?.code === 'cancelled';
  const text = run.state === 'interrupted' && wasAsked ? 'stopped as asked; it can be resumed' : MOVES[run.state];
  write(run.folderPath, { at: Date.now(), kind: 'move', text });
  // An end that was asked for is no error.
  if (run.error && !wasAsked) write(run.folderPath, { at: Date.now(), kind: 'error', text: run.error.message });
}

/** The newest lines, the oldest of them first; lines torn by a crash or at the beginning of what is read are left out. */
export function readRunLog(run: Pick<Run, 'folderPath'>): LogLine[] {
  const path = join(run.folderPath, LOG_FILE);
  if (!existsSync(path)) return [];
  return readEnd(path)
    .split('\n')
    .flatMap((line) => {
      try {
        return [JSON.parse(line) as LogLine];
      } catch {
        return [];
      }
    });
}

/** A page reads the log of a run at work every second, and days of it come to many megabytes. */
const READ_BYTES = 512 * 1024;

function readEnd(path: string): string {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const end = Buffer.alloc(Math.min(size, READ_BYTES));
    return end.toString('utf8', 0, readSync(file, end, 0, end.length, size - end.length));
  } finally {
    closeSync(file);
  }
}

const MOVES: Readonly<Record<Run['state'], string>> = {
  queued: 'waits in the queue',
  running: 'started',
  done: 'done',
  failed: 'failed',
  cancelled: 'cancelled for good',
  interrupted: 'interrupted; it can be resumed',
};

function describeFrame({ phase, done, total, unit, metrics = {} }: ProgressFrame): string {
  const amount = unit === 'bytes' ? `${formatBytes(done)} of ${formatBytes(total)}` : `${done} of ${total} ${unit}`;
  const figures = Object.entries(metrics).map(([name, value]) => FIGURES[name]?.(value) ?? `${name} ${formatFigure(value)}`);
  return [`${phase} ${amount}`, ...figures].join('  ');
}

/** Figures of a frame in words. */
const FIGURES: Readonly<Record<string, (value: number) => string>> = {
  loss: (value) => `loss ${formatFigure(value)}`,
  tokensPerSecond: (value) => `${formatCount(value)} tokens/s`,
};

/** A log that cannot be written stops no run. */
function write(folder: string, line: LogLine): void {
  try {
    appendFileSync(join(folder, LOG_FILE), `${JSON.stringify(line)}\n`);
  } catch {
    // The folder is gone, or the disk is full: the run itself says so.
  }
}
