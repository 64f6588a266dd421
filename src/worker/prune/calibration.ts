// Calibration samples: windows of real text, drawn by seed, one to a row.
import { AppError } from '../../shared/errors.ts';
import { RandomStream } from '../../shared/random.ts';
import type { Calibration } from '../../shared/recipe.ts';
import type { Batch, Counted } from '../llama/batch.ts';
import type { Tokenizer } from '../text/tokenizer.ts';

/** Tokens of one chunk of samples: what is alive of a block's activations at once. */
const CHUNK_TOKENS = 2048;

export interface CalibrationChunk {
  readonly batch: Batch;
  readonly counted: Counted;
}

/**
 * Draws `samples` windows of `length` tokens: texts in random order, each with BOS at its start, taken only if long enough, a random window
 * of each (pruning.md 2.6). The loss of the whole set is the mean over all next tokens. Throws AppError `bad-input` when too few texts
 * are long enough.
 */
export function drawCalibration(texts: Iterable<string>, tokenizer: Tokenizer, { samples, length, seed }: Calibration): CalibrationChunk[] {
  const random = new RandomStream(seed, 'calibration');
  const windows: Int32Array[] = [];
  let longest = 0;
  const all = random.shuffle([...texts]);
  for (const text of all) {
    if (windows.length === samples) break;
    const ids = tokenizer.encode(text, { bos: true });
    longest = Math.max(longest, ids.length);
    if (ids.length < length) continue;
    const start = random.integer(ids.length - length + 1);
    windows.push(Int32Array.from(ids.slice(start, start + length)));
  }
  if (windows.length < samples)
    throw new AppError(
      'bad-input',
      `Calibration wants ${samples} windows of ${length} tokens, but only ${windows.length} of ${all.length} texts are that long (the longest has ${longest} tokens). ` +
        'Ask for shorter or fewer windows, or give longer texts.',
      { samples, length, found: windows.length },
    );
  return chunkWindows(windows);
}

/** Windows of equal length as chunks of rows; the weights of all chunks together sum to 1. */
export function chunkWindows(windows: readonly Int32Array[]): CalibrationChunk[] {
  const T = windows[0]!.length;
  const perChunk = Math.max(1, Math.floor(CHUNK_TOKENS / T));
  const weight = 1 / (windows.length * (T - 1));
  const chunks: CalibrationChunk[] = [];
  for (let start = 0; start < windows.length; start += perChunk) {
    const rows = windows.slice(start, start + perChunk);
    const N = rows.length * T;
    const ids = new Int32Array(N);
    rows.forEach((row, b) => ids.set(row, b * T));
    const at = Int32Array.from(ids.keys()).filter((n) => n % T !== T - 1);
    chunks.push({
      batch: {
        rows: rows.length,
        tokens: T,
        ids,
        positions: ids.map((_, n) => n % T),
        sequence: new Int32Array(N),
        branch: new Int32Array(N),
      },
      counted: { at, targets: at.map((n) => ids[n + 1]!), weights: new Float32Array(at.length).fill(weight) },
    });
  }
  return chunks;
}
