// Rows and numbers picked by index, rows added back, and the comparison that makes one-hot rows.
import { ShapeError, apply, range, type Expr, type Op } from '../graph.ts';
import { mul } from './elementwise.ts';
import { cast, reshape } from './shape.ts';

export const gatherRowsOp: Op = {
  name: 'gatherRows',
  infer: (inputs) => {
    const [x, at] = inputs as [Expr, Expr];
    if (x.shape.length !== 2 || at.shape.length !== 1 || at.dtype !== 'int64')
      throw new ShapeError('gatherRows', inputs, 'needs x [N,D] and int64 at [M]');
    return { shape: [at.shape[0]!, x.shape[1]!], dtype: x.dtype };
  },
  lower: (to, inputs) => to.node('Gather', inputs, { axis: 0 }),
  vjp: (dy, node) => [scatterRows(dy, node.inputs[1]!, node.inputs[0]!.shape[0]!), undefined],
  examples: [{ inputs: [{ shape: [4, 3] }, { shape: [5], kind: 'index', below: 4 }] }],
};

export const scatterRowsOp: Op = {
  name: 'scatterRows',
  infer: (inputs, attributes) => {
    const [x, at] = inputs as [Expr, Expr];
    if (x.shape.length !== 2 || at.shape.length !== 1 || at.shape[0] !== x.shape[0])
      throw new ShapeError('scatterRows', inputs, 'needs x [M,D] and int64 at [M]');
    return { shape: [attributes['rows'] as number, x.shape[1]!], dtype: x.dtype };
  },
  lower: (to, inputs, node) => {
    const zeros = to.node('Expand', [to.constant([0], [], node.dtype), to.ints(node.shape)]);
    const indices = to.node('Reshape', [inputs[1]!, to.ints([node.inputs[1]!.shape[0]!, 1])]);
    return to.node('ScatterND', [zeros, indices, inputs[0]!], { reduction: 'add' });
  },
  vjp: (dy, node) => [gatherRows(dy, node.inputs[1]!), undefined],
  examples: [{ inputs: [{ shape: [5, 3] }, { shape: [5], kind: 'index', below: 4 }], attributes: { rows: 4 } }],
};

export const pickOp: Op = {
  name: 'pick',
  infer: (inputs) => {
    const [x, at] = inputs as [Expr, Expr];
    if (x.shape.length !== 2 || at.shape.length !== 1 || at.dtype !== 'int64' || at.shape[0] !== x.shape[0])
      throw new ShapeError('pick', inputs, 'needs x [M,V] and int64 at [M]');
    return { shape: [x.shape[0]!, 1], dtype: x.dtype };
  },
  lower: (to, inputs, node) => to.node('GatherElements', [inputs[0]!, to.node('Reshape', [inputs[1]!, to.ints(node.shape)])], { axis: 1 }),
  vjp: (dy, node) => [mul(dy, oneHot(node.inputs[1]!, node.inputs[0]!.shape[1]!, dy)), undefined],
  examples: [{ inputs: [{ shape: [4, 3] }, { shape: [4], kind: 'index', below: 3 }] }],
};

export const equalOp: Op = {
  name: 'equal',
  infer: (inputs) => {
    const [a, b] = inputs as [Expr, Expr];
    if (a.shape.length !== 1 || b.shape.length !== 1 || a.dtype !== b.dtype)
      throw new ShapeError('equal', inputs, 'needs two vectors of one dtype');
    return { shape: [a.shape[0]!, b.shape[0]!], dtype: 'bool' };
  },
  lower: (to, inputs, node) => to.node('Equal', [to.node('Reshape', [inputs[0]!, to.ints([node.shape[0]!, 1])]), inputs[1]!]),
  vjp: () => [undefined, undefined],
  examples: [],
};

/** Rows of x at the indices: x [N,D], at int64 [M] -> [M,D]. Indices may repeat. */
export const gatherRows = (x: Expr, at: Expr): Expr => apply(gatherRowsOp, [x, at]);
/** The transpose of gatherRows: adds row m of x [M,D] to row at[m] of zeros [rows,D]. */
export const scatterRows = (x: Expr, at: Expr, rows: number): Expr => apply(scatterRowsOp, [x, at], { rows });
/** Every pair compared: a [M], b [V] -> bool [M,V]. */
export const equal = (a: Expr, b: Expr): Expr => apply(equalOp, [reshape(a, [a.shape[0]!]), b]);
/** One number of each row: x [M,V], at int64 [M] -> [M,1]. */
export const pick = (x: Expr, at: Expr): Expr => apply(pickOp, [x, at]);
/** One-hot rows of the given type: at int64 [M] -> [M,V]. */
export const oneHot = (at: Expr, V: number, like: Expr): Expr => cast(equal(at, range(V, 'int64')), like.dtype);
