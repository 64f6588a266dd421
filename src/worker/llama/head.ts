// The head as expressions: final norm, lm_head and cross-entropy at the counted places only, in chunks of M rows.
import { divergence, linear, rmsNorm, targetLogProbability } from '../graph/composites.ts';
import { gradients } from '../graph/gradient.ts';
import { input, type Expr } from '../graph/graph.ts';
import { add, mul, neg, scale } from '../graph/ops/elementwise.ts';
import { gatherRows } from '../graph/ops/gather.ts';
import { sum } from '../graph/ops/reduce.ts';
import { cast, reshape } from '../graph/ops/shape.ts';

export interface HeadShape {
  readonly N: number;
  readonly M: number;
  readonly D: number;
  readonly V: number;
  readonly eps: number;
  readonly matrices: 'float32' | 'float16';
}

/** A teacher's head, read from its own hidden states [M,D']. */
export interface TeacherShape {
  readonly D: number;
  readonly eps: number;
  readonly matrices: 'float32' | 'float16';
  readonly weight: number;
  readonly temperature: number;
}

interface HeadSymbols {
  readonly h: Expr;
  readonly norm: Expr;
  readonly lmHead: Expr;
  readonly logits: Expr;
}

/** Inputs: h [N,D] hidden states before the final norm, at int64 [M], norm [D], head [V,D]. logits [M,V]. */
function defineHead({ N, M, D, V, eps, matrices }: HeadShape): HeadSymbols {
  const h = input('h', [N, D]);
  const norm = input('norm', [D]);
  const lmHead = cast(input('head', [V, D], matrices), 'float32');
  return { h, norm, lmHead, logits: linear(rmsNorm(gatherRows(h, input('at', [M], 'int64')), norm, eps), lmHead) };
}

/** logits [M,V] at the places `at`. */
export function logitsProgram(shape: HeadShape): Record<string, Expr> {
  return { logits: defineHead(shape).logits };
}

/** log P(target) [M] at the places `at`, targets int64 [M]. */
export function logProbProgram(shape: HeadShape): Record<string, Expr> {
  return { logp: reshape(targetLogProbability(defineHead(shape).logits, input('target', [shape.M], 'int64')), [shape.M]) };
}

/**
 * The loss of one chunk and its gradient, added to what earlier chunks gave: ce = Σ weight·(-log P(target)), and with a teacher
 * kl = Σ weight·KL(teacher ‖ student); the differentiated loss is (1-λ)·ce + λ·τ²·kl. `dh.in` and, when training weights,
 * `dnorm.in` and `dhead.in` are the sums so far. Rows of a chunk that are only filling have weight 0.
 */
export function lossProgram(shape: HeadShape, teacher: TeacherShape | undefined, withWeights: boolean): Record<string, Expr> {
  const { M, V } = shape;
  const { h, norm, lmHead, logits } = defineHead(shape);
  const weight = input('weight', [M, 1]);
  const crossEntropy = sum(mul(weight, neg(targetLogProbability(logits, input('target', [M], 'int64')))), [0, 1]);
  let loss = crossEntropy;
  const parts: Record<string, Expr> = { ce: crossEntropy };
  if (teacher) {
    const teacherHead = cast(input('teacher.head', [V, teacher.D], teacher.matrices), 'float32');
    const teacherLogits = linear(rmsNorm(input('teacher.h', [M, teacher.D]), input('teacher.norm', [teacher.D]), teacher.eps), teacherHead);
    const kl = sum(mul(weight, divergence(logits, teacherLogits, teacher.temperature)), [0, 1]);
    parts['kl'] = kl;
    loss = add(scale(crossEntropy, 1 - teacher.weight), scale(kl, teacher.weight * teacher.temperature ** 2));
  }
  const named: [string, Expr][] = withWeights
    ? [
        ['dh', h],
        ['dnorm', norm],
        ['dhead', lmHead],
      ]
    : [['dh', h]];
  const found = gradients(
    loss,
    input('one', loss.shape),
    named.map(([, expr]) => expr),
  );
  for (const [i, [name, expr]] of named.entries()) parts[name] = add(input(`${name}.in`, expr.shape), found[i]!);
  return parts;
}
