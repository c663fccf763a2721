import { create } from "@bufbuild/protobuf";
import { LongspanError } from "@longspan/core";
import { isFloatingPoint } from "@longspan/core/adapter";
import type { Shape } from "@longspan/core/graph";
import { attributeMessages } from "../onnx/attributes.ts";
import { GraphProtoSchema, NodeProtoSchema, type NodeProto, type TensorProto, type ValueInfoProto } from "../onnx/onnx_pb.ts";
import { onnxTensorHeader } from "../onnx/tensor-header.ts";
import { valueInfo } from "../onnx/value-info.ts";
import type { ConstantType, OnnxWriter } from "./onnx-writer.ts";
import { writeDimension } from "./write-dimension.ts";

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
