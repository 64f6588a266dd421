// Reductions and the softmax family.
import { ShapeError, apply, type Expr, type Op, type Shape } from '../graph.ts';
import { exp, mul, sub } from './elementwise.ts';
import { expand, reshape } from './shape.ts';

export const sumOp: Op = {
  name: 'sum',
  infer: (inputs, attributes) => {
    const axes = attributes['axes'] as readonly number[];
    const x = inputs[0]!;
    if (axes.some((axis) => axis < 0 || axis >= x.shape.length)) throw new ShapeError('sum', inputs, `axes [${axes.join(',')}] must exist`);
    return { shape: x.shape.map((n, i) => (axes.includes(i) ? 1 : n)), dtype: x.dtype };
  },
  lower: (to, inputs, node) => to.node('ReduceSum', [inputs[0]!, to.ints(node.attributes['axes'] as readonly number[])], { keepdims: 1 }),
  vjp: (dy, node) => [expand(dy, node.inputs[0]!.shape)],
  examples: [
    { inputs: [{ shape: [2, 3, 4] }], attributes: { axes: [1] } },
    { inputs: [{ shape: [2, 3] }], attributes: { axes: [0, 1] } },
  ],
};

const lastAxis = (name: string, onnx: string, vjp: (dy: Expr, y: Expr) => Expr): Op => ({
  name,
  infer: (inputs) => {
    if (inputs[0]!.shape.length === 0) throw new ShapeError(name, inputs, 'needs an axis');
    return { shape: inputs[0]!.shape, dtype: inputs[0]!.dtype };
  },
  lower: (to, inputs) => to.node(onnx, inputs, { axis: -1 }),
  vjp: (dy, node) => [vjp(dy, node)],
  examples: [{ inputs: [{ shape: [2, 3, 5] }] }],
});

// dx = y·(dy - Σ dy·y)
export const softmaxOp = lastAxis('softmax', 'Softmax', (dy, y) => mul(y, sub(dy, sumLast(mul(dy, y)))));
// dx = dy - softmax·Σ dy
export const logSoftmaxOp = lastAxis('logSoftmax', 'LogSoftmax', (dy, y) => sub(dy, mul(exp(y), sumLast(dy))));

/** Sum over axes, which stay as 1. */
export const sum = (x: Expr, axes: readonly number[]): Expr => (axes.length === 0 ? x : apply(sumOp, [x], { axes }));
export const sumLast = (x: Expr): Expr => sum(x, [x.shape.length - 1]);
/** Softmax over the last axis. */
export const softmax = (x: Expr): Expr => apply(softmaxOp, [x]);
/** log(softmax) over the last axis. */
export const logSoftmax = (x: Expr): Expr => apply(logSoftmaxOp, [x]);

/** Undoes broadcasting: sums x down to the given shape, which must broadcast to x's. */
export function sumTo(x: Expr, shape: Shape): Expr {
  const lead = x.shape.length - shape.length;
  const axes = x.shape.flatMap((n, i) => (i < lead || (shape[i - lead] === 1 && n !== 1) ? [i] : []));
  return reshape(sum(x, axes), shape);
}
