// Progress on the terminal: one bar with the time left, or now and then a line where a bar cannot be drawn. Standard error only.
import { SingleBar } from 'cli-progress';
import { aboutDuration, formatFigure } from '../../shared/figures.ts';
import type { ProgressFrame } from '../../shared/progress.ts';

/** bar: drawn in place; lines: one every ten seconds; none: silence. */
export type ProgressStyle = 'bar' | 'lines' | 'none';

/** Work that is over sooner needs no bar. */
const SHOW_AFTER_MS = 1000;
const LINE_EVERY_MS = 10_000;

export interface ProgressView extends Disposable {
  show(frame: ProgressFrame): void;
  /** Writes a line above the bar. */
  say(line: string): void;
}

/** Opens a view with a heading (what is being done); disposing of it takes the bar away. */
export function openProgress(style: ProgressStyle, heading: string, stream: NodeJS.WriteStream = process.stderr): ProgressView {
  const startedAt = performance.now();
  let bar: SingleBar | undefined;
  let phase = '';
  let phaseAt = startedAt;
  let phaseDone = 0; // of a whole that goes on through several phases
  let lineAt = startedAt;

  const timeLeft = (frame: ProgressFrame): string => {
    const elapsedMs = performance.now() - phaseAt;
    const gone = frame.done - phaseDone;
    if (gone <= 0 || frame.total <= 0 || elapsedMs < SHOW_AFTER_MS) return '';
    return frame.done >= frame.total ? '' : `${aboutDuration((elapsedMs / gone) * (frame.total - frame.done))} left`;
  };
  const close = (): void => {
    bar?.stop();
    bar = undefined;
  };
  return {
    show(frame) {
      if (frame.phase !== phase) {
        phaseDone = frame.done;
        phase = frame.phase;
        phaseAt = performance.now();
      }
      const now = performance.now();
      if (style === 'none' || now - startedAt < SHOW_AFTER_MS) return;
      const figures = Object.entries(frame.metrics ?? {}).map(([name, value]) =>
        name === 'tokensPerSecond' ? `${formatFigure(value)} tokens/s` : `${name} ${formatFigure(value)}`,
      );
      const notes = [timeLeft(frame), ...figures].filter((note) => note !== '').join(', ');
      if (style === 'bar') {
        bar ??= startBar(stream);
        bar.setTotal(Math.max(frame.total, 1));
        bar.update(Math.min(frame.done, frame.total), { heading, phase: frame.phase, notes });
      } else if (now - lineAt >= LINE_EVERY_MS) {
        lineAt = now;
        stream.write(`${heading}: ${frame.phase} ${frame.done} of ${frame.total} ${frame.unit}${notes === '' ? '' : `, ${notes}`}\n`);
      }
    },
    say(line) {
      close();
      if (style !== 'none') stream.write(`${line}\n`);
    },
    [Symbol.dispose]: close,
  };
}

function startBar(stream: NodeJS.WriteStream): SingleBar {
  const bar = new SingleBar({
    format: '{heading} · {phase} {bar} {percentage} %  {notes}',
    barCompleteChar: '━',
    barIncompleteChar: '╌',
    barsize: 24,
    stream,
    clearOnComplete: true,
    hideCursor: true,
    linewrap: false,
    fps: 5,
    gracefulExit: false,
  });
  bar.start(1, 0, { heading: '', phase: '', notes: '' });
  return bar;
}
