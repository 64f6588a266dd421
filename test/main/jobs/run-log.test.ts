// The log of a run in words: bytes in units, figures named.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { expect, it } from 'vitest';
import type { Run } from '../../../src/main/db/runs.ts';
import type { Queue, QueueEvent } from '../../../src/main/jobs/queue.ts';
import { keepRunLogs, readRunLog } from '../../../src/main/jobs/run-log.ts';
import type { ProgressFrame } from '../../../src/shared/progress.ts';

it.each<[ProgressFrame, string]>([
  [{ phase: 'hashing the weights', done: 3_813_440, total: 3_813_440, unit: 'bytes' }, 'hashing the weights 3.64\u202fMB of 3.64\u202fMB'],
  [
    { phase: 'training', done: 3, total: 9, unit: 'steps', metrics: { loss: 1.5, tokensPerSecond: 12_345 } },
    'training 3 of 9 steps  loss 1.50  12.3\u202fK tokens/s',
  ],
  [{ phase: 'boolq', done: 79, total: 400, unit: 'examples' }, 'boolq 79 of 400 examples'],
])('%j', (frame, text) => {
  const folderPath = mkdtempSync(`${tmpdir()}/tailor-log-`);
  try {
    let tell: (event: QueueEvent) => void = () => undefined;
    keepRunLogs({ listen: (listener) => ((tell = listener), () => true) } as Pick<Queue, 'listen'> as Queue);
    tell({ kind: 'moved', run: { id: 'run', state: 'running', folderPath, error: undefined } as Run });
    tell({ kind: 'progress', runId: 'run', frame });
    expect(readRunLog({ folderPath }).at(-1)).toMatchObject({ kind: 'frame', text, done: frame.done });
  } finally {
    rmSync(folderPath, { recursive: true });
  }
});
