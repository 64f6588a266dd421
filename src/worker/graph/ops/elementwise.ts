// Elementwise ops: one or two inputs, NumPy broadcasting, the gradient of each in one line.
import { ShapeError, apply, scalar, type Expr, type Op, type OpExample, type Shape } from '../graph.ts';

/** The shape two operands broadcast to, or undefined when they do not fit. */
export function broadcastShapes(a: Shape, b: Shape): Shape | undefined {
  const rank = Math.max(a.length, b.length);
  const out: number[] = [];
  for (let i = 0; i < rank; i++) {
    const m = a[a.length - rank + i] ?? 1;
    const n = b[b.length - rank + i] ?? 1;
    if (m !== n && m !== 1 && n !== 1) return undefined;
    out.push(Math.max(m, n));
  }
  return out;
}

function binary(
  name: string,
  onnx: string,
  vjp: (dy: Expr, a: Expr, b: Expr) => readonly [Expr, Expr],
  kind: 'normal' | 'positive' = 'normal',
): Op {
  const pair = (a: Shape, b: Shape): OpExample => ({ inputs: [{ shape: a }, { shape: b, kind }] });
  return {
    name,
    infer: (inputs) => {
      const [a, b] = inputs as [Expr, Expr];
      const shape = broadcastShapes(a.shape, b.shape);
      if (!shape || a.dtype !== b.dtype) throw new ShapeError(name, inputs, 'operands must broadcast and have one dtype');
      return { shape, dtype: a.dtype };
    },
    lower: (to, inputs) => to.node(onnx, inputs),
    vjp: (dy, node) => vjp(dy, node.inputs[0]!, node.inputs[1]!),
    examples: [pair([3, 4], [3, 4]), pair([2, 3, 4], [4]), pair([3, 1], [2, 1, 5])],
  };
}

function unary(
  name: string,
  onnx: string,
  vjp: (dy: Expr, x: Expr, y: Expr) => Expr | undefined,
  kind: 'normal' | 'positive' = 'normal',
): Op {
  return {
    name,
    infer: (inputs) => ({ shape: inputs[0]!.shape, dtype: inputs[0]!.dtype }),
    lower: (to, inputs) => to.node(onnx, inputs),
    vjp: (dy, node) => [vjp(dy, node.inputs[0]!, node)],
    examples: [{ inputs: [{ shape: [3, 5], kind }] }],
  };
}

export const addOp = binary('add', 'Add', (dy) => [dy, dy]);
export const subOp = binary('sub', 'Sub', (dy) => [dy, neg(dy)]);
export const mulOp = binary('mul', 'Mul', (dy, a, b) => [mul(dy, b), mul(dy, a)]);
// d(a/b) = da/b - a·db/b²
export const divOp = binary('div', 'Div', (dy, a, b) => [div(dy, b), neg(div(mul(dy, a), mul(b, b)))], 'positive');
export const negOp = unary('neg', 'Neg', (dy) => neg(dy));
export const expOp = unary('exp', 'Exp', (dy, _x, y) => mul(dy, y));
export const sqrtOp = unary('sqrt', 'Sqrt', (dy, _x, y) => div(mul(dy, scalar(0.5, y)), y), 'positive');
export const absOp = unary('abs', 'Abs', (dy, x) => mul(dy, sign(x)));
export const signOp = unary('sign', 'Sign', () => undefined);
// σ' = σ(1 - σ)
export const sigmoidOp = unary('sigmoid', 'Sigmoid', (dy, _x, y) => mul(dy, mul(y, sub(scalar(1, y), y))));

export const add = (a: Expr, b: Expr): Expr => apply(addOp, [a, b]);
export const sub = (a: Expr, b: Expr): Expr => apply(subOp, [a, b]);
export const mul = (a: Expr, b: Expr): Expr => apply(mulOp, [a, b]);
export const div = (a: Expr, b: Expr): Expr => apply(divOp, [a, b]);
export const neg = (x: Expr): Expr => apply(negOp, [x]);
export const exp = (x: Expr): Expr => apply(expOp, [x]);
export const sqrt = (x: Expr): Expr => apply(sqrtOp, [x]);
export const abs = (x: Expr): Expr => apply(absOp, [x]);
export const sign = (x: Expr): Expr => apply(signOp, [x]);
export const sigmoid = (x: Expr): Expr => apply(sigmoidOp, [x]);
/** x · factor for a plain number. */
export const scale = (x: Expr, factor: number): Expr => (factor === 1 ? x : mul(x, scalar(factor, x)));
