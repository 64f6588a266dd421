/*
 * Expressions over the op table: what a program computes, with concrete shapes.
 *
 * One alphabet holds in graph/, llama/, prune/ and tune/:
 *   B rows, T tokens, D hidden width, H query heads, K key/value heads, G = H/K, E head width, F FFN width, V vocabulary,
 *   R adapter rank, L layers, N = B·T flat places, M counted places, P cached tokens, S = P + T;
 *   x activation, w weight, dy gradient of the loss by y.
 */

export type Shape = readonly number[];
export type DType = 'float32' | 'float64' | 'float16' | 'int64' | 'bool';
export type Attributes = Readonly<Record<string, number | string | boolean | readonly number[]>>;

/** A rule of the op table was broken by the program's author: names the op, the shapes and the rule. */
export class ShapeError extends Error {
  constructor(op: string, inputs: readonly { readonly shape: Shape; readonly dtype: DType }[], rule: string) {
    super(`${op}(${inputs.map((x) => `${x.dtype}[${x.shape.join(',')}]`).join(', ')}): ${rule}`);
    this.name = 'ShapeError';
  }
}

/** What `lower` writes to: nodes of an ONNX graph and small constants. */
export interface Lowering {
  /** Adds a node and returns its output's name. */
  node(opType: string, inputs: readonly string[], attributes?: Readonly<Record<string, number | string | readonly number[]>>): string;
  /** A constant int64 vector (axes, shapes, starts). */
  ints(values: readonly number[]): string;
  /** A constant scalar or array of the given type. */
  constant(values: readonly number[], shape: Shape, dtype: DType): string;
}

/** A check case of an op: inputs are drawn at random; `positive` ones from [0.5, 2), `index` ones are whole numbers below `below`. */
export interface OpExample {
  readonly inputs: readonly { readonly shape: Shape; readonly kind?: 'normal' | 'positive' | 'index'; readonly below?: number }[];
  readonly attributes?: Attributes;
}

/** One entry of the op table. */
export interface Op {
  readonly name: string;
  /** Shape rule: throws ShapeError when the inputs do not fit. */
  readonly infer: (inputs: readonly Expr[], attributes: Attributes) => { readonly shape: Shape; readonly dtype: DType };
  /** Writes ONNX nodes for it and returns the name of the result. */
  readonly lower: (to: Lowering, inputs: readonly string[], node: Expr) => string;
  /** Gradients of the inputs given that of the output, before broadcasting is undone; undefined where none flows. */
  readonly vjp: (dy: Expr, node: Expr) => readonly (Expr | undefined)[];
  readonly examples: readonly OpExample[];
}

/** A node: an op applied to inputs. Immutable; shared sub-expressions are shared objects. */
export interface Expr {
  readonly op: Op;
  readonly inputs: readonly Expr[];
  readonly attributes: Attributes;
  readonly shape: Shape;
  readonly dtype: DType;
}

/** Applies an op: checks the shapes and makes the node. */
export function apply(op: Op, inputs: readonly Expr[], attributes: Attributes = {}): Expr {
  const { shape, dtype } = op.infer(inputs, attributes);
  return { op, inputs, attributes, shape, dtype };
}

export const sizeOf = (shape: Shape): number => shape.reduce((product, n) => product * n, 1);

const inputOp: Op = {
  name: 'input',
  infer: (_, attributes) => ({ shape: attributes['shape'] as Shape, dtype: attributes['dtype'] as DType }),
  lower: (_to, _inputs, node) => node.attributes['name'] as string,
  vjp: () => [],
  examples: [],
};

/** A tensor that is fed when the program runs. Names are unique within a program. */
export function input(name: string, shape: Shape, dtype: DType = 'float32'): Expr {
  return apply(inputOp, [], { name, shape, dtype });
}

export const isInput = (node: Expr): boolean => node.op === inputOp;

const constantOp: Op = {
  name: 'constant',
  infer: (_, attributes) => ({ shape: attributes['shape'] as Shape, dtype: attributes['dtype'] as DType }),
  lower: (to, _inputs, node) => to.constant(node.attributes['values'] as readonly number[], node.shape, node.dtype),
  vjp: () => [],
  examples: [],
};

/** A number written into the program, of the type of the tensor it will meet. */
export function scalar(value: number, like: Expr | DType): Expr {
  return apply(constantOp, [], { values: [value], shape: [], dtype: typeof like === 'string' ? like : like.dtype });
}

/** A small constant vector: 0, 1, ..., count-1. */
export function range(count: number, dtype: DType): Expr {
  return apply(constantOp, [], { values: Array.from({ length: count }, (_, i) => i), shape: [count], dtype });
}
