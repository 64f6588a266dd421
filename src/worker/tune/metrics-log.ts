// metrics.jsonl of a run: one line per figure, in the order of the steps.
import { closeSync, existsSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs';

/** A line of metrics.jsonl. */
export interface Metric {
  readonly step: number;
  readonly name: string;
  readonly value: number;
}

export interface MetricsLog extends Disposable {
  record(step: number, figures: Readonly<Record<string, number>>): void;
}

/** Opens the log for lines after step `lastStep`; what an interrupted run wrote beyond it is cut away. */
export function openMetricsLog(path: string, lastStep: number): MetricsLog {
  if (existsSync(path)) {
    writeFileSync(
      `${path}.part`,
      readMetrics(path)
        .filter(({ step }) => step <= lastStep)
        .map(formatLine)
        .join(''),
    );
    renameSync(`${path}.part`, path);
  }
  const file = openSync(path, 'a');
  return {
    record: (step, figures) => {
      const lines = Object.entries(figures).map(([name, value]) => formatLine({ step, name, value }));
      writeSync(file, lines.join(''));
    },
    [Symbol.dispose]: () => closeSync(file),
  };
}

/** The figures of a log; a last line that was torn by a crash is left out. */
export function readMetrics(path: string): Metric[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines.slice(0, -1).map((line) => JSON.parse(line) as Metric);
}

function formatLine(metric: Metric): string {
  return `${JSON.stringify(metric)}\n`;
}
