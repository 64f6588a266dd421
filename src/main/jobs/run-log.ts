// The log of a run: what became of it and what the worker said, line by line in its folder, with the time of each.
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatFigure } from '../../shared/figures.ts';
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
    write(run.folderPath, { at: Date.now(), kind: 'move', text: MOVES[run.state] });
    if (run.error) write(run.folderPath, { at: Date.now(), kind: 'error', text: run.error.message });
  });
}

/** The lines so far, the oldest first; a line torn by a crash is left out. */
export function readRunLog(run: Pick<Run, 'folderPath'>): LogLine[] {
  const path = join(run.folderPath, LOG_FILE);
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((line) => {
      try {
        return [JSON.parse(line) as LogLine];
      } catch {
        return [];
      }
    });
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
  const figures = Object.entries(metrics).map(([name, value]) => `${NAMES[name] ?? name} ${formatFigure(value)}`);
  return [`${phase} ${done} of ${total} ${unit}`, ...figures].join('  ');
}

const NAMES: Readonly<Record<string, string>> = { loss: 'loss', tokensPerSecond: 'tokens/s' };

/** A log that cannot be written stops no run. */
function write(folder: string, line: LogLine): void {
  try {
    appendFileSync(join(folder, LOG_FILE), `${JSON.stringify(line)}\n`);
  } catch {
    // The folder is gone, or the disk is full: the run itself says so.
  }
}
