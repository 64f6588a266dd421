// Ops that move numbers without changing them: reshape, transpose, slice, concat, expand, cast.
import { ShapeError, apply, sizeOf, type DType, type Expr, type Op, type Shape } from '../graph.ts';
import { sumTo } from './reduce.ts';

export const reshapeOp: Op = {
  name: 'reshape',
  infer: (inputs, attributes) => {
    const shape = attributes['shape'] as Shape;
    if (sizeOf(shape) !== sizeOf(inputs[0]!.shape))
      throw new ShapeError('reshape', inputs, `[${shape.join(',')}] holds another number of elements`);
    return { shape, dtype: inputs[0]!.dtype };
  },
  lower: (to, inputs, node) => to.node('Reshape', [inputs[0]!, to.ints(node.shape)]),
  vjp: (dy, node) => [reshape(dy, node.inputs[0]!.shape)],
  examples: [{ inputs: [{ shape: [2, 6] }], attributes: { shape: [3, 4] } }],
};

export const transposeOp: Op = {
  name: 'transpose',
  infer: (inputs, attributes) => {
    const order = attributes['order'] as readonly number[];
    const x = inputs[0]!;
    if ([...order].sort((a, b) => a - b).some((axis, i) => axis !== i) || order.length !== x.shape.length)
      throw new ShapeError('transpose', inputs, `order [${order.join(',')}] must name every axis once`);
    return { shape: order.map((axis) => x.shape[axis]!), dtype: x.dtype };
  },
  lower: (to, inputs, node) => to.node('Transpose', inputs, { perm: node.attributes['order'] as readonly number[] }),
  vjp: (dy, node) => {
    const order = node.attributes['order'] as readonly number[];
    return [
      transpose(
        dy,
        order.map((_, axis) => order.indexOf(axis)),
      ),
    ];
  },
  examples: [{ inputs: [{ shape: [2, 3, 4] }], attributes: { order: [2, 0, 1] } }],
};

export const sliceOp: Op = {
  name: 'slice',
  infer: (inputs, attributes) => {
    const x = inputs[0]!;
    const { axis, start, end } = attributes as { axis: number; start: number; end: number };
    if (!(0 <= start && start < end && end <= (x.shape[axis] ?? -1)))
      throw new ShapeError('slice', inputs, `[${start}, ${end}) on axis ${axis} is out of range`);
    return { shape: x.shape.map((n, i) => (i === axis ? end - start : n)), dtype: x.dtype };
  },
  lower: (to, inputs, node) => {
    const { axis, start, end } = node.attributes as { axis: number; start: number; end: number };
    return to.node('Slice', [inputs[0]!, to.ints([start]), to.ints([end]), to.ints([axis])]);
  },
  vjp: (dy, node) => {
    const { axis, start, end } = node.attributes as { axis: number; start: number; end: number };
    return [padAxis(dy, axis, start, node.inputs[0]!.shape[axis]! - end)];
  },
  examples: [{ inputs: [{ shape: [3, 6] }], attributes: { axis: 1, start: 2, end: 5 } }],
};

export const padOp: Op = {
  name: 'pad',
  infer: (inputs, attributes) => {
    const { axis, before, after } = attributes as { axis: number; before: number; after: number };
    return { shape: inputs[0]!.shape.map((n, i) => (i === axis ? n + before + after : n)), dtype: inputs[0]!.dtype };
  },
  lower: (to, inputs, node) => {
    const { axis, before, after } = node.attributes as { axis: number; before: number; after: number };
    const rank = node.shape.length;
    const pads = Array.from({ length: 2 * rank }, (_, i) => (i === axis ? before : i === axis + rank ? after : 0));
    return to.node('Pad', [inputs[0]!, to.ints(pads)]);
  },
  vjp: (dy, node) => {
    const { axis, before } = node.attributes as { axis: number; before: number };
    return [slice(dy, axis, before, before + node.inputs[0]!.shape[axis]!)];
  },
  examples: [{ inputs: [{ shape: [2, 3] }], attributes: { axis: 0, before: 1, after: 2 } }],
};

export const concatOp: Op = {
  name: 'concat',
  infer: (inputs, attributes) => {
    const axis = attributes['axis'] as number;
    const first = inputs[0]!;
    if (
      inputs.some(
        (x) =>
          x.dtype !== first.dtype || x.shape.length !== first.shape.length || x.shape.some((n, i) => i !== axis && n !== first.shape[i]),
      )
    )
      throw new ShapeError('concat', inputs, `shapes must agree outside axis ${axis}`);
    const total = inputs.reduce((sum, x) => sum + x.shape[axis]!, 0);
    return { shape: first.shape.map((n, i) => (i === axis ? total : n)), dtype: first.dtype };
  },
  lower: (to, inputs, node) => to.node('Concat', inputs, { axis: node.attributes['axis'] as number }),
  vjp: (dy, node) => {
    const axis = node.attributes['axis'] as number;
    let start = 0;
    return node.inputs.map((x) => slice(dy, axis, start, (start += x.shape[axis]!)));
  },
  examples: [{ inputs: [{ shape: [2, 3] }, { shape: [2, 1] }, { shape: [2, 4] }], attributes: { axis: 1 } }],
};

export const expandOp: Op = {
  name: 'expand',
  infer: (inputs, attributes) => {
    const shape = attributes['shape'] as Shape;
    const x = inputs[0]!;
    const lead = shape.length - x.shape.length;
    if (lead < 0 || x.shape.some((n, i) => n !== 1 && n !== shape[lead + i]))
      throw new ShapeError('expand', inputs, `does not broadcast to [${shape.join(',')}]`);
    return { shape, dtype: x.dtype };
  },
  lower: (to, inputs, node) => to.node('Expand', [inputs[0]!, to.ints(node.shape)]),
  vjp: (dy, node) => [sumTo(dy, node.inputs[0]!.shape)],
  examples: [{ inputs: [{ shape: [3, 1] }], attributes: { shape: [2, 3, 4] } }],
};

/** ONNX TensorProto.DataType numbers. */
export const ONNX_TYPE: Readonly<Record<DType, number>> = { float32: 1, int64: 7, bool: 9, float16: 10, float64: 11 };

export const castOp: Op = {
  name: 'cast',
  infer: (inputs, attributes) => ({ shape: inputs[0]!.shape, dtype: attributes['dtype'] as DType }),
  lower: (to, inputs, node) => to.node('Cast', inputs, { to: ONNX_TYPE[node.dtype] }),
  vjp: (dy, node) => [node.inputs[0]!.dtype.startsWith('float') ? cast(dy, node.inputs[0]!.dtype) : undefined],
  examples: [{ inputs: [{ shape: [2, 3] }], attributes: { dtype: 'float64' } }],
};

export const reshape = (x: Expr, shape: Shape): Expr => (shape.join() === x.shape.join() ? x : apply(reshapeOp, [x], { shape }));
export const transpose = (x: Expr, order: readonly number[]): Expr => apply(transposeOp, [x], { order });
export const slice = (x: Expr, axis: number, start: number, end: number): Expr => apply(sliceOp, [x], { axis, start, end });
export const padAxis = (x: Expr, axis: number, before: number, after: number): Expr => apply(padOp, [x], { axis, before, after });
export const concat = (inputs: readonly Expr[], axis: number): Expr => apply(concatOp, inputs, { axis });
export const expand = (x: Expr, shape: Shape): Expr => (shape.join() === x.shape.join() ? x : apply(expandOp, [x], { shape }));
export const cast = (x: Expr, dtype: DType): Expr => (x.dtype === dtype ? x : apply(castOp, [x], { dtype }));
