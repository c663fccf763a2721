import { create } from "@bufbuild/protobuf";
import { LongspanError, isFloatingPoint, type DataType, type Dimension, type Shape } from "@longspan/core";
import { attributeMessages, type OnnxAttributes } from "../onnx/attributes.ts";
import {
  GraphProtoSchema,
  NodeProtoSchema,
  type GraphProto,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
} from "../onnx/onnx_pb.ts";
import { onnxTensorHeader } from "../onnx/tensor-header.ts";
import { valueInfo } from "../onnx/value-info.ts";
import { writeDimension } from "./write-dimension.ts";

/** Constants of these types are written where nodes need them. */
export type ConstantType = "float32" | "int32" | "int64" | "bool";

/** What a value is, where a node knows more than a reader of the model could find out. */
export interface OnnxType {
  readonly dataType: DataType;
  readonly shape: Shape;
}

export interface OnnxBranchOutput {
  readonly name: string;
  readonly type: OnnxType;
}

/**
 * Writes the nodes of one ONNX graph, in an order in which they can run. Values go by their ONNX names. Constants, dimensions and what
 * `once` makes are written the first time they are asked for, and shared from then on.
 */
export interface OnnxWriter {
  /** Adds a node with one output, and returns the output's name. */
  apply(operator: string, inputs: readonly string[], attributes?: OnnxAttributes, type?: OnnxType): string;
  /** Adds a node with several outputs. */
  applyMany(operator: string, inputs: readonly string[], outputs: number, attributes?: OnnxAttributes): readonly string[];
  /** A constant with these values in C order; a scalar has the shape `[]`. */
  constant(dataType: ConstantType, shape: readonly number[], values: readonly number[]): string;
  /** A dimension as an int64 tensor of shape `[1]`. @throws LongspanError `graph-invalid` for a symbol that no value so far has. */
  dimension(dimension: Dimension): string;
  /** A shape as an int64 tensor of one axis. */
  shape(shape: Shape): string;
  /** `x` under another shape. */
  reshape(x: string, shape: Shape, dataType?: DataType): string;
  /** What `make` gives, which is called the first time only. It writes outside of branches: what it needs must be there, too. */
  once<Made>(key: string, make: () => Made): Made;
  /**
   * A graph for a node such as If: it sees everything written so far. `build` gets the names of its own inputs, if it has any, and returns
   * its outputs.
   */
  branch(name: string, inputs: readonly OnnxType[], build: (inputs: readonly string[]) => readonly OnnxBranchOutput[]): GraphProto;
  /** Names what follows: the graph's node that is being written. */
  scope(name: string): void;
  /** Says that an axis of a value has the size of a symbol. The first value to say so counts. */
  bind(symbol: string, value: string, axis: number): void;
}

export interface WrittenGraph {
  readonly nodes: readonly NodeProto[];
  readonly constants: readonly TensorProto[];
  readonly valueInfo: readonly ValueInfoProto[];
}

/** A writer, and what it wrote. `taken` are names it must not give to values. */
export function createOnnxWriter(taken: Iterable<string>): { readonly writer: OnnxWriter; readonly written: WrittenGraph } {
  const root: Level = { nodes: [], types: [] };
  const constants: TensorProto[] = [];
  const names = new Set(taken);
  const shared = new Map<string, unknown>();
  const symbols = new Map<string, { readonly value: string; readonly axis: number }>();
  let level = root;
  let scope = "";

  const freshName = (wanted: string): string => {
    let name = wanted;
    for (let count = 2; names.has(name); count++) name = `${wanted}_${count}`;
    names.add(name);
    return name;
  };
  const within = <Made>(inner: Level, innerScope: string, write: () => Made): Made => {
    const before = { level, scope };
    level = inner;
    scope = innerScope;
    try {
      return write();
    } finally {
      ({ level, scope } = before);
    }
  };

  const writer: OnnxWriter = {
    apply(operator, inputs, attributes = {}, type) {
      const name = freshName(`${scope}/${operator}`);
      level.nodes.push(
        create(NodeProtoSchema, { name, opType: operator, input: [...inputs], output: [name], attribute: attributeMessages(attributes) }),
      );
      if (type !== undefined) level.types.push(valueInfo(name, type.dataType, type.shape));
      return name;
    },
    applyMany(operator, inputs, outputs, attributes = {}) {
      const name = freshName(`${scope}/${operator}`);
      const output = Array.from({ length: outputs }, (_, index) => freshName(`${name}:${index}`));
      level.nodes.push(
        create(NodeProtoSchema, { name, opType: operator, input: [...inputs], output, attribute: attributeMessages(attributes) }),
      );
      return output;
    },
    constant: (dataType, shape, values) =>
      writer.once(`constant ${dataType} [${shape.join()}] ${values.map((value) => (Object.is(value, -0) ? "-0" : value)).join()}`, () => {
        const name = freshName(`constant/${dataType}[${shape.join()}]`);
        constants.push({ ...onnxTensorHeader(name, dataType, shape), rawData: constantBytes(dataType, values) });
        return name;
      }),
    dimension: (dimension) =>
      writer.once(`dimension ${dimension}`, () =>
        writeDimension(writer, dimension, (symbol) => {
          const bound = symbols.get(symbol);
          if (bound !== undefined)
            return writer.apply("Shape", [bound.value], { start: { integer: bound.axis }, end: { integer: bound.axis + 1 } });
          throw new LongspanError("graph-invalid", `No value has the dimension "${symbol}" where ONNX needs it.`, {
            details: { dimension: symbol },
          });
        }),
      ),
    shape(shape) {
      const sizes = shape.filter((size) => typeof size === "number");
      if (sizes.length === shape.length) return writer.constant("int64", [shape.length], sizes);
      return writer.once(`shape ${shape.join()}`, () => {
        const parts = shape.map((size) => writer.dimension(size));
        const [only] = parts;
        return parts.length === 1 && only !== undefined ? only : writer.apply("Concat", parts, { axis: { integer: 0 } });
      });
    },
    reshape(x, shape, dataType = "float32") {
      // Without allowzero, a size that comes out as 0 would mean "as the input has it".
      return writer.apply("Reshape", [x, inferable(writer, shape)], { allowzero: { integer: 1 } }, { dataType, shape });
    },
    once<Made>(key: string, make: () => Made): Made {
      if (!shared.has(key)) shared.set(key, within(root, "shared", make));
      return shared.get(key) as Made;
    },
    branch(name, inputs, build) {
      const inside: Level = { nodes: [], types: [] };
      const given = inputs.map(({ dataType, shape }, index) => valueInfo(freshName(`${scope}/${name}:${index}`), dataType, shape));
      const outputs = within(inside, `${scope}/${name}`, () => build(given.map((input) => input.name)));
      const output = outputs.map((value) => valueInfo(value.name, value.type.dataType, value.type.shape));
      const valueInfos = inside.types.filter((type) => outputs.every((value) => value.name !== type.name));
      return create(GraphProtoSchema, { name, input: given, node: inside.nodes, output, valueInfo: valueInfos });
    },
    scope(name) {
      scope = name;
    },
    bind(symbol, value, axis) {
      if (!symbols.has(symbol)) symbols.set(symbol, { value, axis });
    },
  };
  return { writer, written: { nodes: root.nodes, constants, valueInfo: root.types } };
}

/** The outermost graph, or a branch. */
interface Level {
  readonly nodes: NodeProto[];
  readonly types: ValueInfoProto[];
}

/** A shape with one unknown needs no computing: ONNX finds the size of -1 itself (but not where there are no elements at all). */
function inferable(writer: OnnxWriter, shape: Shape): string {
  const unknown = shape.filter((size) => typeof size === "string");
  const known = shape.every((size) => typeof size === "string" || size > 0);
  if (unknown.length !== 1 || !known) return writer.shape(shape);
  return writer.constant(
    "int64",
    [shape.length],
    shape.map((size) => (typeof size === "string" ? -1 : size)),
  );
}

function constantBytes(dataType: ConstantType, values: readonly number[]): Uint8Array {
  if (dataType === "bool") return Uint8Array.from(values);
  const bytes = new Uint8Array(values.length * (dataType === "int64" ? 8 : 4));
  const view = new DataView(bytes.buffer);
  for (const [index, value] of values.entries()) {
    if (dataType === "int64") view.setBigInt64(index * 8, BigInt(value), true);
    else if (isFloatingPoint(dataType)) view.setFloat32(index * 4, value, true);
    else view.setInt32(index * 4, value, true);
  }
  return bytes;
}
