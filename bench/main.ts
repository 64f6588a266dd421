// Measures importance scoring, LoRA and choice scoring at two shapes, beside the same work in PyTorch where a python3 has it.
import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { formatBytes, formatFigure } from '../src/shared/figures.ts';
import { ALLOCATOR } from '../src/main/node/spawn-worker.ts';
import { SHAPES, tokensOf, WORKLOADS, type CaseOrder, type CaseResult } from './workloads.ts';

const run = promisify(execFile);
const CASE = fileURLToPath(new URL('case.ts', import.meta.url));
const PEER = fileURLToPath(new URL('peer.py', import.meta.url));
const PYTHONS = ['python3', '/usr/bin/python3'];
const SEED = 1;
const SECONDS = 5;

interface Measured extends CaseResult {
  readonly tokensPerSecond: number;
}

interface Row {
  readonly work: string;
  readonly shape: string;
  readonly tailor: Measured;
  readonly torch: Measured | undefined;
}

interface Peer {
  readonly python: string;
  readonly torch: string;
}

const { values } = parseArgs({
  options: { json: { type: 'boolean', default: false }, threads: { type: 'string' }, only: { type: 'string', default: '' } },
});
const threads = Number(values.threads ?? availableParallelism());
const peer = await findPeer();
note(
  peer ? `PyTorch ${peer.torch} (${peer.python}), ${threads} threads each` : 'No python3 with torch was found: Tailor is measured alone.',
);
const rows: Row[] = [];
for (const shape of SHAPES) {
  for (const work of WORKLOADS) {
    if (!`${work.kind} ${shape.name}`.includes(values.only)) continue;
    note(`${work.kind}, ${shape.name} ...`);
    const order = { shape, work, threads, seed: SEED, seconds: SECONDS };
    const tailor = await measure(process.execPath, [CASE], order, ALLOCATOR);
    const torch = peer && (await measure(peer.python, [PEER], order));
    rows.push({ work: work.kind, shape: shape.name, tailor, torch });
  }
}
process.stdout.write(values.json ? `${JSON.stringify({ threads, torch: peer?.torch, rows }, null, 2)}\n` : table(rows));

async function findPeer(): Promise<Peer | undefined> {
  for (const python of PYTHONS) {
    try {
      const { stdout } = await run(python, ['-c', 'import torch; print(torch.__version__)']);
      return { python, torch: stdout.trim() };
    } catch {
      // This one has no torch, or is not there: the next may.
    }
  }
  return undefined;
}

async function measure(program: string, args: readonly string[], order: CaseOrder, environment: NodeJS.ProcessEnv = {}): Promise<Measured> {
  const env = { ...environment, ...process.env, OMP_NUM_THREADS: String(order.threads), OPENBLAS_NUM_THREADS: String(order.threads) };
  const { stdout } = await run(program, [...args, JSON.stringify(order)], { env });
  const result = JSON.parse(stdout) as CaseResult;
  return { ...result, tokensPerSecond: tokensOf(order.work) / result.secondsEach };
}

function table(measured: readonly Row[]): string {
  const head = ['work', 'shape', 'Tailor tokens/s', 'PyTorch tokens/s', 'faster', 'Tailor peak', 'PyTorch peak', 'memory'];
  const times = (ratio: number): string => `${ratio.toFixed(2)} ×`;
  const body = measured.map(({ work, shape, tailor, torch }) => [
    work,
    shape,
    formatFigure(tailor.tokensPerSecond),
    torch ? formatFigure(torch.tokensPerSecond) : '-',
    torch ? times(tailor.tokensPerSecond / torch.tokensPerSecond) : '-',
    formatBytes(tailor.peakMemoryBytes),
    torch ? formatBytes(torch.peakMemoryBytes) : '-',
    torch ? times(tailor.peakMemoryBytes / torch.peakMemoryBytes) : '-',
  ]);
  const widths = head.map((title, column) => Math.max(title.length, ...body.map((cells) => cells[column]!.length)));
  const line = (cells: readonly string[]): string =>
    cells.map((cell, i) => (i < 2 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  ');
  return [line(head), ...body.map(line)].map((text) => `${text.trimEnd()}\n`).join('');
}

function note(text: string): void {
  process.stderr.write(`${text}\n`);
}
