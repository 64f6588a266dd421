// Matrix products, with either operand read transposed so that checkpoints keep their [out, in] layout.
import { broadcastShapes } from './elementwise.ts';
import { ShapeError, apply, type Expr, type Op, type Shape } from '../graph.ts';

const swapLast = (shape: Shape): Shape => [...shape.slice(0, -2), shape.at(-1)!, shape.at(-2)!];
const swapOrder = (rank: number): number[] => [...Array(rank - 2).keys(), rank - 1, rank - 2];

export const matmulOp: Op = {
  name: 'matmul',
  infer: (inputs, attributes) => {
    const [a, b] = inputs as [Expr, Expr];
    if (a.shape.length < 2 || b.shape.length < 2 || a.dtype !== b.dtype)
      throw new ShapeError('matmul', inputs, 'needs matrices of one dtype');
    const left = attributes['transA'] ? swapLast(a.shape) : a.shape;
    const right = attributes['transB'] ? swapLast(b.shape) : b.shape;
    const lead = broadcastShapes(left.slice(0, -2), right.slice(0, -2));
    if (left.at(-1) !== right.at(-2) || lead === undefined)
      throw new ShapeError(
        'matmul',
        inputs,
        `inner sizes must agree (transA ${String(attributes['transA'])}, transB ${String(attributes['transB'])})`,
      );
    return { shape: [...lead, left.at(-2)!, right.at(-1)!], dtype: a.dtype };
  },
  lower: (to, inputs, node) => {
    const [a, b] = node.inputs as [Expr, Expr];
    const { transA, transB } = node.attributes as { transA: boolean; transB: boolean };
    // Plain matrices go to Gemm, which reads either operand transposed without a copy.
    if (a.shape.length === 2 && b.shape.length === 2) return to.node('Gemm', inputs, { transA: transA ? 1 : 0, transB: transB ? 1 : 0 });
    const turned = (name: string, x: Expr, yes: boolean): string =>
      yes ? to.node('Transpose', [name], { perm: swapOrder(x.shape.length) }) : name;
    return to.node('MatMul', [turned(inputs[0]!, a, transA), turned(inputs[1]!, b, transB)]);
  },
  // With A' and B' the operands as read: dA' = dy·B'ᵀ, dB' = A'ᵀ·dy; written so that no operand is turned twice.
  vjp: (dy, node) => {
    const [a, b] = node.inputs as [Expr, Expr];
    const { transA, transB } = node.attributes as { transA: boolean; transB: boolean };
    return [
      transA ? matmul(b, dy, { transA: transB, transB: true }) : matmul(dy, b, { transB: !transB }),
      transB ? matmul(dy, a, { transA: true, transB: transA }) : matmul(a, dy, { transA: !transA }),
    ];
  },
  examples: [
    { inputs: [{ shape: [3, 4] }, { shape: [4, 5] }], attributes: { transA: false, transB: false } },
    { inputs: [{ shape: [3, 4] }, { shape: [5, 4] }], attributes: { transA: false, transB: true } },
    { inputs: [{ shape: [4, 3] }, { shape: [4, 5] }], attributes: { transA: true, transB: false } },
    { inputs: [{ shape: [4, 3] }, { shape: [5, 4] }], attributes: { transA: true, transB: true } },
    { inputs: [{ shape: [2, 3, 4] }, { shape: [2, 5, 4] }], attributes: { transA: false, transB: true } },
    { inputs: [{ shape: [1, 1, 3, 4] }, { shape: [1, 2, 4, 5] }], attributes: { transA: false, transB: false } },
    { inputs: [{ shape: [3, 2, 3, 4] }, { shape: [1, 2, 4, 5] }], attributes: { transA: false, transB: false } },
  ],
};

/** a·b over the last two axes; leading axes broadcast. transA and transB read an operand with its last two axes swapped. */
export function matmul(a: Expr, b: Expr, { transA = false, transB = false } = {}): Expr {
  return apply(matmulOp, [a, b], { transA, transB });
}
