// Stored scores as a page shows them, read here and not by the worker, which may be at a run or not started yet: a map is never waited for.
import { open } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { AppError } from '../../shared/errors.ts';
import type { LlamaConfig } from '../../shared/llama-config.ts';
import { findScoreNames } from '../../shared/prune/scores-layout.ts';
import { unitScores, type UnitScores } from '../../shared/prune/unit-scores.ts';
import type { Criterion, Reduction } from '../../shared/recipe.ts';
import { parseHeader, parseHeaderLength } from '../../shared/safetensors-header.ts';

/**
 * One number for each unit of the model `config`, by one criterion of the scores file at `path`. Throws AppError `not-found` when there is
 * no such file, `bad-file` when it is broken, and `bad-input` when it holds scores of another model or not this criterion.
 */
export async function readUnitScores(
  config: LlamaConfig,
  { path, modelHash, criterion, reduction }: { path: string; modelHash: string; criterion: Criterion; reduction: Reduction },
): Promise<UnitScores> {
  const where = join(basename(dirname(path)), basename(path));
  await using file = await open(path, 'r').catch((cause: unknown) => {
    throw new AppError(
      'not-found',
      `${where}: the scores cannot be read (${(cause as Error).message}). Score the model again.`,
      undefined,
      {
        cause,
      },
    );
  });
  const { size } = await file.stat();
  const read = async (offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> => {
    const bytes = new Uint8Array(length);
    const { bytesRead } = await file.read(bytes, 0, length, offset);
    if (bytesRead < length) throw new AppError('bad-file', `${where}: the file became shorter while it was read.`);
    return bytes;
  };
  const header = parseHeader(await read(8, parseHeaderLength(await read(0, Math.min(8, size)), size, where)), size, path, where);
  const names = findScoreNames(path, header, criterion, modelHash);
  const own = [...names.layers.flatMap(({ attention, ffn }) => [...attention, ...ffn]), ...names.hidden].map((name) =>
    header.tensors.get(name)!,
  );
  // One criterion's vectors lie side by side, so that they are read at once.
  const start = own.reduce((least, { offset }) => Math.min(least, offset), size);
  const end = own.reduce((most, { offset, bytes }) => Math.max(most, offset + bytes), start);
  const { buffer } = await read(start, end - start);
  const take = (some: readonly string[]): Float32Array[] =>
    some.map((name) => {
      const { offset, bytes, dtype } = header.tensors.get(name)!;
      if (dtype !== 'F32') throw new AppError('bad-file', `${where}: ${name} is in ${dtype}; scores are in F32. Score the model again.`);
      const at = offset - start;
      return at % 4 === 0 ? new Float32Array(buffer, at, bytes / 4) : new Float32Array(buffer.slice(at, at + bytes));
    });
  const layers = names.layers.map(({ attention, ffn }) => ({ attention: take(attention), ffn: take(ffn) }));
  const hidden = names.hidden.length > 0 ? take(names.hidden) : undefined;
  return unitScores(config, { criterion, layers, hidden }, reduction);
}
