// Which worked examples stand before each question: the harness's two ways of drawing them, and our own draw for training.
import { canonicalJson } from '../canonical-json.ts';
import { AppError } from '../errors.ts';
import { PythonRandom } from '../python-random.ts';
import { RandomStream } from '../random.ts';

export interface HarnessDraw {
  readonly k: number;
  readonly sampling: '4d21ab6' | 'v0.4';
  readonly seed?: number | undefined;
}

/** Position of a document in the evaluated list, and the examples drawn for it. */
export interface ShotPlan<T> {
  readonly index: number;
  readonly shots: readonly T[];
}

/**
 * A fresh draw of k worked examples for every document, in the order in which the harness visits them.
 * - 4d21ab6: the documents are shuffled by Python's Random(42), which then goes on to draw.
 * - v0.4: the documents stay in order; Random(1234) draws.
 * Where examples come from the evaluated documents themselves (`pool` left out), k + 1 are drawn and the document is dropped.
 * Source: lm-evaluation-harness at both versions. Throws AppError 'bad-input' when the pool is too small.
 */
export function planHarnessShots<T>(documents: readonly T[], pool: readonly T[] | undefined, draw: HarnessDraw): ShotPlan<T>[] {
  const { k, sampling } = draw;
  const source = pool ?? documents;
  const drawn = pool ? k : k + 1;
  if (k > 0 && source.length < drawn) {
    throw new AppError(
      'bad-input',
      `${drawn} examples are to be drawn, but there are only ${source.length}; ask for fewer shots or give more rows.`,
      { k },
    );
  }
  const random = new PythonRandom(draw.seed ?? (sampling === 'v0.4' ? 1234 : 42));
  const order = documents.map((_, index) => index);
  if (sampling === '4d21ab6') random.shuffle(order);
  return order.map((index) => {
    if (k === 0) return { index, shots: [] };
    const shots = random.sample(source, drawn);
    if (pool) return { index, shots };
    const own = canonicalJson(documents[index]);
    return { index, shots: shots.filter((shot) => canonicalJson(shot) !== own).slice(0, k) };
  });
}

/** How many examples a task is tuned on unless the user says otherwise: the paper's number. */
export const DEFAULT_SHOTS = 50;

/**
 * Draws k rows to tune on, all different. Balanced: the classes take turns (in random order) until k are drawn or a class runs dry.
 * The draw of fewer rows is the beginning of the draw of more, at the same seed. Throws AppError 'bad-input' when there are fewer than k rows.
 */
export function drawShots<T extends { readonly label?: string | undefined; readonly gold?: number | undefined }>(
  rows: readonly T[],
  k: number = DEFAULT_SHOTS,
  seed: number = 42,
  { balanced = false }: { readonly balanced?: boolean } = {},
): T[] {
  if (rows.length < k) {
    throw new AppError('bad-input', `${k} shots are to be drawn, but there are only ${rows.length} rows; ask for at most ${rows.length}.`, {
      k,
      rows: rows.length,
    });
  }
  const random = new RandomStream(seed, 'shots');
  const shuffled = random.shuffle(rows);
  if (!balanced) return shuffled.slice(0, k);

  const classes = Map.groupBy(shuffled, (row) => row.label ?? String(row.gold));
  const queues = random.shuffle([...classes.keys()].sort()).map((label) => classes.get(label)!);
  const longest = Math.max(0, ...queues.map((queue) => queue.length));
  const turns = Array.from({ length: longest }, (_, turn) => queues.flatMap((queue) => queue.slice(turn, turn + 1)));
  return turns.flat().slice(0, k);
}
