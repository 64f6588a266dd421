// Importance scores of a whole model: one forward sweep, then one backward sweep that scores each block as it passes.
import { AppError } from '../../shared/errors.ts';
import type { WorkOptions } from '../../shared/progress.ts';
import { throwIfCancelled } from '../../shared/errors.ts';
import { PROJECTIONS, type Criterion, type Projection } from '../../shared/recipe.ts';
import type { Scores } from '../../shared/scores.ts';
import { EMBEDDING, FINAL_NORM, HEAD } from '../../shared/tensor-names.ts';
import type { Handle } from '../graph/device.ts';
import type { Batch, Counted } from './batch.ts';
import { headLoss } from './head-sweep.ts';
import type { LlamaModel } from './model.ts';
import { needsFisher, needsGradient, scoreProgram, type ScoreSettings } from './score.ts';
import { feedBatch, forwardSweep, isIdentity, releaseFed, runBlock, type Fed } from './sweep.ts';

/** Calibration samples as batches of equal row length, one sample a row; the weights of all counted places together sum to 1. */
export interface ScoreRequest {
  readonly chunks: readonly { readonly batch: Batch; readonly counted: Counted }[];
  readonly criteria: readonly Criterion[];
  readonly hidden?: boolean;
}

const ATTENTION: readonly Projection[] = PROJECTIONS.slice(0, 4);
const FFN: readonly Projection[] = PROJECTIONS.slice(4);

interface Chunk {
  readonly fed: Fed;
  readonly inputs: readonly Handle[];
  dy: Handle;
}

/**
 * Scores every group by the given criteria (pruning.md 2.3) and returns the calibration loss with them. Only block inputs are kept
 * between the sweeps; at most one block's gradients exist at a time, and only when the samples do not fit one chunk.
 * Throws AppError `bad-input` for hidden channels by a second-order criterion, which has no definition for embeddings.
 */
export async function scoreModel(
  model: LlamaModel,
  request: ScoreRequest,
  { signal, progress }: WorkOptions = {},
): Promise<{ loss: number; scores: Scores[] }> {
  const { config } = model;
  const hidden = request.hidden ?? false;
  const criteria = request.criteria.filter((criterion) => criterion !== 'random');
  if (hidden && needsFisher(criteria))
    throw new AppError('bad-input', 'Hidden channels can be scored by l1, l2, param_first or vectorize only.');
  const samples = request.chunks.reduce((count, { batch }) => count + batch.rows, 0);
  const L = config.layers.length;
  const headWeights = hidden && needsGradient(criteria);
  const gradientsOfHead = {
    norm: new Float32Array(config.hiddenSize),
    head: new Float32Array(headWeights ? config.vocabSize * config.hiddenSize : 0),
  };

  const chunks: Chunk[] = [];
  let loss = 0;
  for (const { batch, counted } of request.chunks) {
    throwIfCancelled(signal);
    const fed = await feedBatch(model, batch, {});
    const { hidden: last, inputs } = await forwardSweep(model, fed, { keep: true });
    const head = await headLoss(model, last, counted, undefined, headWeights);
    last.dispose();
    loss += head.loss.loss;
    head.dNorm?.forEach((g, i) => (gradientsOfHead.norm[i]! += g));
    head.dHead?.forEach((g, i) => (gradientsOfHead.head[i]! += g));
    chunks.push({ fed, inputs, dy: head.dHidden });
    progress?.({ phase: 'forward', done: chunks.length, total: request.chunks.length, unit: 'chunks' });
  }

  const layers = new Map<Criterion, { attention: Float32Array[]; ffn: Float32Array[] }[]>(criteria.map((criterion) => [criterion, []]));
  const overHidden = new Map<Criterion, Float32Array[]>(criteria.map((criterion) => [criterion, []]));
  for (let layer = L - 1; layer >= 0; layer--) {
    throwIfCancelled(signal);
    const found = isIdentity(model, layer) ? {} : await scoreLayer(model, chunks, layer, { criteria, samples, hidden });
    const members = (criterion: Criterion, of: readonly Projection[]): Float32Array[] =>
      of.flatMap((p) => found[`${criterion} ${p}`] ?? []);
    for (const criterion of criteria) {
      layers.get(criterion)!.unshift({ attention: members(criterion, ATTENTION), ffn: members(criterion, FFN) });
      const rows = found[`${criterion} hidden`];
      if (rows)
        for (let at = 0; at < rows.length; at += config.hiddenSize) overHidden.get(criterion)!.push(rows.slice(at, at + config.hiddenSize));
    }
    progress?.({ phase: 'score', done: L - layer, total: L, unit: 'layers' });
  }

  const gradientOfEmbedding = new Float32Array(headWeights ? config.vocabSize * config.hiddenSize : 0);
  for (const { fed, dy } of chunks) {
    if (headWeights) addRows(gradientOfEmbedding, fed.batch.ids, await model.device.download(dy), config.hiddenSize);
    dy.dispose();
    releaseFed(fed);
  }
  if (hidden)
    for (const criterion of criteria)
      overHidden.get(criterion)!.push(...outerMembers(model, criterion, gradientsOfHead, gradientOfEmbedding));
  return {
    loss,
    scores: criteria.map((criterion) => ({
      criterion,
      layers: layers.get(criterion)!,
      hidden: hidden ? overHidden.get(criterion)! : undefined,
    })),
  };
}

async function scoreLayer(
  model: LlamaModel,
  chunks: readonly Chunk[],
  layer: number,
  settings: Pick<ScoreSettings, 'criteria' | 'samples' | 'hidden'>,
): Promise<Record<string, Float32Array>> {
  let carried: Record<string, Handle> = {};
  let found: Record<string, Float32Array> = {};
  for (const [i, chunk] of chunks.entries()) {
    const [first, last] = [i === 0, i === chunks.length - 1];
    const x = chunk.inputs[layer]!;
    const build = (shape: Parameters<typeof scoreProgram>[0]): ReturnType<typeof scoreProgram> =>
      scoreProgram(shape, { ...settings, first, last });
    const what = `score ${JSON.stringify({ ...settings, first, last })}`;
    const stays = (name: string): boolean => name === 'dx' || name.startsWith('G ') || name.startsWith('F ');
    const { kept, fetched } = await runBlock(model, chunk.fed, layer, what, build, { x, dy: chunk.dy, ...carried }, (name) => !stays(name));
    for (const handle of [x, chunk.dy, ...Object.values(carried)]) handle.dispose();
    const { dx, ...sums } = kept;
    chunk.dy = dx!;
    carried = sums;
    found = { ...fetched };
  }
  return found;
}

function addRows(into: Float32Array, ids: Int32Array, rows: Float32Array, D: number): void {
  ids.forEach((id, n) => {
    for (let i = 0; i < D; i++) into[id * D + i]! += rows[n * D + i]!;
  });
}

/** Hidden-channel members outside the blocks: final norm, lm_head columns and embedding columns (one member when tied). */
function outerMembers(
  model: LlamaModel,
  criterion: Criterion,
  head: { norm: Float32Array; head: Float32Array },
  embedding: Float32Array,
): Float32Array[] {
  const D = model.config.hiddenSize;
  const host = model.store.host();
  const columns = (w: Float32Array, g: (i: number) => number): Float32Array => {
    const out = new Float64Array(D);
    for (let i = 0; i < w.length; i++) {
      const value = criterion === 'l1' ? Math.abs(w[i]!) : criterion === 'l2' ? w[i]! ** 2 : w[i]! * g(i);
      out[i % D]! += criterion === 'vectorize' ? value : Math.abs(value);
    }
    return Float32Array.from(out, Math.abs);
  };
  const members = [columns(host.get(FINAL_NORM)!, (i) => head.norm[i]!)];
  if (model.config.tieWordEmbeddings) members.push(columns(host.get(EMBEDDING)!, (i) => head.head[i]! + embedding[i]!));
  else
    members.push(
      columns(host.get(EMBEDDING)!, (i) => embedding[i]!),
      columns(host.get(HEAD)!, (i) => head.head[i]!),
    );
  return members;
}
