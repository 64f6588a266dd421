// The part of the ONNX message format that programs need, written through protobufjs.
import protobuf from 'protobufjs';

// Field numbers from the ONNX IR specification (onnx.proto3), opset 18 and IR version 8.
const SCHEMA = `
syntax = "proto3";
package onnx;
message AttributeProto { string name = 1; float f = 2; int64 i = 3; bytes s = 4; repeated int64 ints = 8; int32 type = 20; }
message TensorShapeProto { message Dimension { int64 dim_value = 1; } repeated Dimension dim = 1; }
message TypeProto { message Tensor { int32 elem_type = 1; TensorShapeProto shape = 2; } Tensor tensor_type = 1; }
message ValueInfoProto { string name = 1; TypeProto type = 2; }
message NodeProto { repeated string input = 1; repeated string output = 2; string name = 3; string op_type = 4; repeated AttributeProto attribute = 5; }
message TensorProto { repeated int64 dims = 1; int32 data_type = 2; string name = 8; bytes raw_data = 9; }
message GraphProto {
  repeated NodeProto node = 1; string name = 2; repeated TensorProto initializer = 5;
  repeated ValueInfoProto input = 11; repeated ValueInfoProto output = 12;
}
message OperatorSetIdProto { string domain = 1; int64 version = 2; }
message ModelProto { int64 ir_version = 1; repeated OperatorSetIdProto opset_import = 8; string producer_name = 2; GraphProto graph = 7; }
`;
const ModelProto = protobuf.parse(SCHEMA, { keepCase: true }).root.lookupType('onnx.ModelProto');

const ATTRIBUTE_FLOAT = 1;
const ATTRIBUTE_INT = 2;
const ATTRIBUTE_STRING = 3;
const ATTRIBUTE_INTS = 7;

export interface OnnxNode {
  readonly opType: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes: Readonly<Record<string, number | string | readonly number[]>>;
}
export interface OnnxValue {
  readonly name: string;
  readonly type: number;
  readonly shape: readonly number[];
}
export interface OnnxConstant extends OnnxValue {
  readonly data: Uint8Array;
}

function attribute(name: string, value: number | string | readonly number[]): object {
  if (typeof value === 'string') return { name, s: new TextEncoder().encode(value), type: ATTRIBUTE_STRING };
  if (typeof value === 'number')
    return Number.isInteger(value) ? { name, i: value, type: ATTRIBUTE_INT } : { name, f: value, type: ATTRIBUTE_FLOAT };
  return { name, ints: value, type: ATTRIBUTE_INTS };
}

const valueInfo = ({ name, type, shape }: OnnxValue): object => ({
  name,
  type: { tensor_type: { elem_type: type, shape: { dim: shape.map((n) => ({ dim_value: n })) } } },
});

/** Writes a model message: nodes in order, inputs and outputs with concrete shapes, constants as initialisers. */
export function encodeModel(
  nodes: readonly OnnxNode[],
  constants: readonly OnnxConstant[],
  inputs: readonly OnnxValue[],
  outputs: readonly OnnxValue[],
): Uint8Array {
  const model = {
    ir_version: 8,
    opset_import: [{ domain: '', version: 18 }],
    producer_name: 'tailor',
    graph: {
      name: 'program',
      node: nodes.map((node) => ({
        input: node.inputs,
        output: [node.output],
        name: node.output,
        op_type: node.opType,
        attribute: Object.entries(node.attributes).map(([name, value]) => attribute(name, value)),
      })),
      initializer: constants.map(({ name, type, shape, data }) => ({ name, data_type: type, dims: shape, raw_data: data })),
      input: inputs.map(valueInfo),
      output: outputs.map(valueInfo),
    },
  };
  return ModelProto.encode(ModelProto.create(model)).finish();
}
