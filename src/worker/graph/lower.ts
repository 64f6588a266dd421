// Lowering: a set of named expressions becomes one ONNX model; equal sub-expressions are written once.
import { isInput, type DType, type Expr, type Lowering, type Shape } from './graph.ts';
import { topological } from './gradient.ts';
import { encodeModel, type OnnxConstant, type OnnxNode, type OnnxValue } from './onnx.ts';
import { ONNX_TYPE } from './ops/shape.ts';

/** What a program takes and gives. */
export interface Signature {
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: DType;
}

export interface Lowered {
  readonly model: Uint8Array;
  readonly inputs: readonly Signature[];
  readonly outputs: readonly Signature[];
}

function bytesOf(values: readonly number[], dtype: DType): Uint8Array {
  switch (dtype) {
    case 'float32':
      return new Uint8Array(Float32Array.from(values).buffer);
    case 'float64':
      return new Uint8Array(Float64Array.from(values).buffer);
    case 'int64':
      return new Uint8Array(BigInt64Array.from(values, (value) => BigInt(value)).buffer);
    default:
      throw new Error(`no ${dtype} constants`);
  }
}

/** Writes the outputs as one ONNX model. Throws when two different inputs share a name. */
export function lower(outputs: Readonly<Record<string, Expr>>): Lowered {
  const nodes: OnnxNode[] = [];
  const constants = new Map<string, OnnxConstant>();
  const inputs = new Map<string, Signature>();
  const written = new Map<string, string>(); // structure of a node -> name of its result
  const names = new Map<Expr, string>();

  const emit = (opType: string, args: readonly string[], attributes: OnnxNode['attributes'] = {}): string => {
    const key = `${opType}(${args.join()})${JSON.stringify(attributes)}`;
    const known = written.get(key);
    if (known !== undefined) return known;
    const output = `v${nodes.length}`;
    nodes.push({ opType, inputs: args, output, attributes });
    written.set(key, output);
    return output;
  };
  const constant = (values: readonly number[], shape: Shape, dtype: DType): string => {
    const key = `${dtype}[${shape.join()}]${values.join()}`;
    const known = constants.get(key);
    if (known !== undefined) return known.name;
    const name = `c${constants.size}`;
    constants.set(key, { name, type: ONNX_TYPE[dtype], shape, data: bytesOf(values, dtype) });
    return name;
  };
  const to: Lowering = { node: emit, constant, ints: (values) => constant(values, [values.length], 'int64') };

  for (const node of topological(Object.values(outputs))) {
    const args = node.inputs.map((x) => names.get(x)!);
    const name = node.op.lower(to, args, node);
    names.set(node, name);
    if (!isInput(node)) continue;
    const earlier = inputs.get(name);
    if (earlier && earlier.shape.join() !== node.shape.join()) throw new Error(`two inputs are called ${name}`);
    inputs.set(name, { name, shape: node.shape, dtype: node.dtype });
  }
  // A result may be an input itself or be asked for twice, so each output gets a node of its own.
  const results = Object.entries(outputs).map(([name, node]) => {
    const output = `out ${name}`; // inputs and outputs have separate names, so a program may give back what it takes
    nodes.push({ opType: 'Identity', inputs: [names.get(node)!], output, attributes: {} });
    return { name: output, shape: node.shape, dtype: node.dtype };
  });
  const value = ({ name, shape, dtype }: Signature): OnnxValue => ({ name, shape, type: ONNX_TYPE[dtype] });
  const signature = [...inputs.values()];
  return {
    model: encodeModel(nodes, [...constants.values()], signature.map(value), results.map(value)),
    inputs: signature,
    outputs: results.map((result) => ({ ...result, name: result.name.slice(4) })),
  };
}
