// Importance as expressions: weight gradients are made and reduced inside the program, so only a vector per group member comes out.
import type { Criterion } from '../../shared/recipe.ts';
import { PROJECTIONS, type Projection } from '../../shared/recipe.ts';
import { gradients } from '../graph/gradient.ts';
import { input, type Expr } from '../graph/graph.ts';
import { abs, add, mul, scale, sub } from '../graph/ops/elementwise.ts';
import { concat, reshape, slice } from '../graph/ops/shape.ts';
import { sum } from '../graph/ops/reduce.ts';
import { blockWeights, defineBlock, hasProjection, weightPart, type Block, type BlockShape } from './block.ts';

/** What a score program computes besides its block's shape. */
export interface ScoreSettings {
  readonly criteria: readonly Criterion[];
  /** Samples in the whole calibration set: the N of the Fisher estimate. */
  readonly samples: number;
  /** Also score hidden channels (first-order and magnitude criteria only). */
  readonly hidden: boolean;
  /** Whether earlier chunks' gradients come in, and whether later chunks follow. */
  readonly first: boolean;
  readonly last: boolean;
}

const SECOND_ORDER: ReadonlySet<Criterion> = new Set(['param_second', 'param_mix']);
const FIRST_ORDER: ReadonlySet<Criterion> = new Set(['param_first', 'param_mix', 'vectorize']);
export const needsFisher = (criteria: readonly Criterion[]): boolean => criteria.some((criterion) => SECOND_ORDER.has(criterion));
export const needsGradient = (criteria: readonly Criterion[]): boolean =>
  criteria.some((criterion) => SECOND_ORDER.has(criterion) || FIRST_ORDER.has(criterion));

/** Which axis of a projection is the group's: rows (out) or columns (in). */
const IN_PRUNED: ReadonlySet<Projection> = new Set(['o_proj', 'down_proj']);

/**
 * Elementwise salience S of a weight (pruning.md 2.3): |W|, W², |W·G|, |W·F·W|, |W·G - ½W·F·W|, and for `vectorize` W·G, whose absolute
 * value is taken after the sum over a channel. G is the gradient of the mean loss over all samples, F = (1/N) Σ g_n².
 */
function salience(criterion: Criterion, w: Expr, g: Expr | undefined, f: Expr | undefined): Expr {
  switch (criterion) {
    case 'l1':
      return abs(w);
    case 'l2':
      return mul(w, w);
    case 'param_first':
      return abs(mul(w, g!));
    case 'vectorize':
      return mul(w, g!);
    case 'param_second':
      return mul(mul(w, f!), w); // F ≥ 0, so this is its own absolute value
    case 'param_mix':
      return abs(sub(mul(w, g!), scale(mul(mul(w, f!), w), 0.5)));
    case 'random':
      throw new Error('random scores need no program');
  }
}

/** Sums S [out,in] to one number per row (or column), for `vectorize` as an absolute value. */
function channelSums(criterion: Criterion, s: Expr, perColumn: boolean): Expr {
  const [out, into] = s.shape as [number, number];
  const sums = reshape(sum(s, [perColumn ? 0 : 1]), [perColumn ? into : out]);
  return criterion === 'vectorize' ? abs(sums) : sums;
}

/** Query-head channels folded onto their KV group: [K,G,E] summed over the contiguous G heads (pruning.md 2.7, trap 1). */
function foldHeads(channels: Expr, { H, K, E }: BlockShape): Expr {
  return reshape(sum(reshape(channels, [K, H / K, E]), [1]), [K * E]);
}

/**
 * score(x, w, dy) -> dx and, per criterion, a vector per member: `${criterion} ${projection}` [K·E] or [F], and with `hidden`
 * `${criterion} hidden` [members, D]. x and dy [N,D]; rows of the batch are samples, dy the gradient of the mean loss over all samples.
 * With more chunks than one, `G ${part}` and `F ${part}` carry the sums on the device.
 */
export function scoreProgram(shape: BlockShape, { criteria, samples, hidden, first, last }: ScoreSettings): Record<string, Expr> {
  const block = defineBlock(shape);
  const dy = input('dy', block.y.shape);
  const measured = blockWeights(shape).filter(({ part }) => part.endsWith('proj.weight') || (hidden && part.endsWith('layernorm.weight')));
  const parts = measured.map(({ part }) => part);
  const found = needsFisher(criteria) ? samplewise(dy, shape, parts, samples) : batchwise(block, dy, needsGradient(criteria) ? parts : []);
  const total = (kind: 'G' | 'F', part: string, value: Expr | undefined): Expr | undefined =>
    value && (first ? value : add(value, input(`${kind} ${part}`, value.shape)));
  const outputs: Record<string, Expr> = { dx: found.dx };
  const summed = new Map(parts.map((part) => [part, { g: total('G', part, found.g.get(part)), f: total('F', part, found.f.get(part)) }]));
  if (!last) {
    for (const [part, { g, f }] of summed) {
      if (g) outputs[`G ${part}`] = g;
      if (f) outputs[`F ${part}`] = f;
    }
    return outputs;
  }
  for (const criterion of criteria) {
    const overHidden: Expr[] = [];
    for (const projection of PROJECTIONS.filter((p) => hasProjection(shape, p))) {
      const part = weightPart(projection);
      const { g, f } = summed.get(part)!;
      const s = salience(criterion, block.weights.get(part)!, g, f);
      const channels = channelSums(criterion, s, IN_PRUNED.has(projection));
      outputs[`${criterion} ${projection}`] = projection === 'q_proj' || projection === 'o_proj' ? foldHeads(channels, shape) : channels;
      if (hidden) overHidden.push(reshape(channelSums(criterion, s, !IN_PRUNED.has(projection)), [1, shape.D]));
    }
    if (!hidden) continue;
    for (const part of parts.filter((name) => name.endsWith('layernorm.weight'))) {
      const { g, f } = summed.get(part)!;
      const s = salience(criterion, block.weights.get(part)!, g, f);
      overHidden.push(reshape(criterion === 'vectorize' ? abs(s) : s, [1, shape.D]));
    }
    outputs[`${criterion} hidden`] = concat(overHidden, 0);
  }
  return outputs;
}

interface Found {
  readonly dx: Expr;
  readonly g: ReadonlyMap<string, Expr>;
  readonly f: ReadonlyMap<string, Expr>;
}

function batchwise(block: Block, dy: Expr, parts: readonly string[]): Found {
  const weights = parts.map((part) => block.weights.get(part as never)!);
  const [dx, ...found] = gradients(block.y, dy, [block.x, ...weights]) as [Expr, ...Expr[]];
  return { dx, g: new Map(parts.map((part, i) => [part, found[i]!])), f: new Map() };
}

/**
 * Gradients sample by sample, one row at a time so that only one sample's gradient is alive: a row contributes c_n = g_n/N to the batch
 * gradient, hence G = Σ c_n and F = (1/N) Σ g_n² = N Σ c_n².
 */
function samplewise(dy: Expr, shape: BlockShape, parts: readonly string[], samples: number): Found {
  const dx: Expr[] = [];
  const g = new Map<string, Expr>();
  const f = new Map<string, Expr>();
  const join = (sums: Map<string, Expr>, part: string, value: Expr): void => {
    const before = sums.get(part);
    sums.set(part, before ? add(before, value) : value);
  };
  for (let b = 0; b < shape.B; b++) {
    const sample = sampleOf(shape, b);
    const found = batchwise(sample, slice(dy, 0, b * shape.T, (b + 1) * shape.T), parts);
    dx.push(found.dx);
    for (const [part, c] of found.g) {
      join(g, part, c);
      join(f, part, mul(c, c));
    }
  }
  return { dx: concat(dx, 0), g, f: new Map([...f].map(([part, value]) => [part, scale(value, samples)])) };
}

/** The block of row b alone, reading its share of the batch's inputs. */
function sampleOf(shape: BlockShape, b: number): Block {
  return defineBlock({ ...shape, B: 1 }, (name, size, dtype) => {
    if (name === 'x') return slice(input('x', [shape.B * shape.T, shape.D]), 0, b * shape.T, (b + 1) * shape.T);
    const perRow = name === 'cos' || name === 'sin' || name === 'mask';
    return perRow ? slice(input(name, [shape.B, ...size.slice(1)]), 0, b, b + 1) : input(name, size, dtype);
  });
}
