// Composites: the pieces of a transformer as definitions over the op table, some with a hand-derived gradient that saves work.
import { ShapeError, scalar, type Expr } from './graph.ts';
import { withGradient } from './gradient.ts';
import { add, div, exp, mul, neg, scale, sigmoid, sqrt, sub } from './ops/elementwise.ts';
import { oneHot, pick } from './ops/gather.ts';
import { matmul } from './ops/product.ts';
import { logSoftmax, softmax, sumLast, sumTo } from './ops/reduce.ts';
import { concat, reshape, slice, transpose } from './ops/shape.ts';

const meanLast = (x: Expr): Expr => scale(sumLast(x), 1 / x.shape.at(-1)!);

/**
 * Root-mean-square norm over the last axis: y = x / sqrt(mean(x²) + eps) · w.
 * x [...,D], w [D] -> [...,D]. eps is inside the root, as in LLaMA checkpoints.
 * dx = r(g - n·mean(g·n)), dw = Σ dy·n, with r the reciprocal root, n = x·r, g = dy·w.
 * Zhang & Sennrich 2019, eq. 4. Throws ShapeError if w is not [D].
 */
export function rmsNorm(x: Expr, w: Expr, eps: number): Expr {
  if (w.shape.length !== 1 || w.shape[0] !== x.shape.at(-1)) throw new ShapeError('rmsNorm', [x, w], 'w must be [D]');
  const root = sqrt(add(meanLast(mul(x, x)), scalar(eps, x)));
  const n = div(x, root);
  return withGradient(mul(n, w), [x, w], (dy) => {
    const g = mul(dy, w);
    return [div(sub(g, mul(n, meanLast(mul(g, n)))), root), sumTo(mul(dy, n), w.shape)];
  });
}

/**
 * Rotary positions in the checkpoint's half-split layout: [x1, x2] -> [x1·cos - x2·sin, x2·cos + x1·sin].
 * x [B,T,H,E], cos and sin [B,T,1,E/2] -> [B,T,H,E]. The gradient is the rotation by the opposite angle.
 * Su et al. 2021, eq. 34.
 */
export function rope(x: Expr, cos: Expr, sin: Expr): Expr {
  const axis = x.shape.length - 1;
  const half = x.shape[axis]! / 2;
  const [x1, x2] = [slice(x, axis, 0, half), slice(x, axis, half, 2 * half)];
  const turned = concat([sub(mul(x1, cos), mul(x2, sin)), add(mul(x2, cos), mul(x1, sin))], axis);
  return withGradient(turned, [x], (dy) => [rope(dy, cos, neg(sin))]);
}

/** Sigmoid-weighted linear unit: x·σ(x), elementwise. dx = dy·σ(1 + x(1 - σ)). Elfwing et al. 2018. */
export function silu(x: Expr): Expr {
  const s = sigmoid(x);
  const y = mul(x, s);
  // σ(1 + x(1 - σ)) = σ + y(1 - σ)
  return withGradient(y, [x], (dy) => [mul(dy, add(s, mul(y, sub(scalar(1, x), s))))]);
}

/** Keys and values of one stretch of tokens: k and v [B,K,S,E], or batch 1 when every row shares them. */
export interface KeyValue {
  readonly k: Expr;
  readonly v: Expr;
}

/**
 * Grouped-query attention: softmax(q·kᵀ/√E + mask)·v over one or more stretches of keys and values (a cache, then the row itself),
 * each KV head serving its G contiguous query heads without being repeated.
 * q [B,T,H,E]; mask [B,1,1,T,S], 0 or a large negative, S the length of all stretches together -> [B·T, H·E].
 * Vaswani et al. 2017, eq. 1; Ainslie et al. 2023. Throws ShapeError when K does not divide H.
 */
export function attention(q: Expr, stretches: readonly KeyValue[], mask: Expr): Expr {
  const [B, T, H, E] = q.shape as [number, number, number, number];
  const K = stretches[0]!.k.shape[1]!;
  if (H % K !== 0) throw new ShapeError('attention', [q, stretches[0]!.k], 'query heads must be a multiple of KV heads');
  const G = H / K;
  const grouped = reshape(transpose(reshape(scale(q, 1 / Math.sqrt(E)), [B, T, K, G, E]), [0, 2, 3, 1, 4]), [B, K, G * T, E]);
  const products = stretches.map(({ k }) => matmul(grouped, k, { transB: true }));
  const S = mask.shape.at(-1)!;
  const scores = reshape(products.length === 1 ? products[0]! : concat(products, 3), [B, K, G, T, S]);
  const weights = reshape(softmax(add(scores, mask)), [B, K, G * T, S]);
  let start = 0;
  const mixed = stretches.map(({ v }) => {
    const end = start + v.shape[2]!;
    const part = stretches.length === 1 ? weights : slice(weights, 3, start, end);
    start = end;
    return matmul(part, v);
  });
  return reshape(transpose(reshape(mixed.reduce(add), [B, K, G, T, E]), [0, 3, 1, 2, 4]), [B * T, H * E]);
}

/**
 * log P(target) for each row of logits: logits [M,V], targets int64 [M] -> [M,1].
 * d logits = dy·(onehot - softmax).
 */
export function targetLogProbability(logits: Expr, targets: Expr): Expr {
  const logP = logSoftmax(logits);
  return withGradient(pick(logP, targets), [logits], (dy) => [mul(dy, sub(oneHot(targets, logits.shape[1]!, logits), exp(logP)))]);
}

/**
 * Kullback-Leibler divergence of the student's from the teacher's prediction at a temperature: Σ_v p(log p - log q), rows [M,1],
 * with p = softmax(teacher/τ), q = softmax(student/τ). Both logits [M,V]. d student = dy·(q - p)/τ; the teacher is a constant.
 * Hinton et al. 2015, section 2 (the caller multiplies by τ²).
 */
export function divergence(student: Expr, teacher: Expr, temperature: number): Expr {
  const logP = logSoftmax(scale(teacher, 1 / temperature));
  const logQ = logSoftmax(scale(student, 1 / temperature));
  const p = exp(logP);
  return withGradient(sumLast(mul(p, sub(logP, logQ))), [student], (dy) => [scale(mul(dy, sub(exp(logQ), p)), 1 / temperature)]);
}

/** A linear layer in checkpoint layout: x [N,in], w [out,in], bias [out] or none -> [N,out]. */
export function linear(x: Expr, w: Expr, bias?: Expr): Expr {
  const y = matmul(x, w, { transB: true });
  return bias === undefined ? y : add(y, bias);
}
