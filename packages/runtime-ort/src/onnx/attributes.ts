import { create } from "@bufbuild/protobuf";
import { AttributeProto_AttributeType, AttributeProtoSchema, type AttributeProto, type GraphProto } from "./onnx_pb.ts";

/** One attribute of a node, without its name. */
export type OnnxAttribute =
  | { readonly integer: number }
  | { readonly integers: readonly number[] }
  | { readonly float: number }
  | { readonly text: string }
  | { readonly graph: GraphProto };

/** The attributes of an ONNX node by name. */
export type OnnxAttributes = Readonly<Record<string, OnnxAttribute>>;

/** Attributes as messages; a node says their kind, since ONNX has no common number. */
export function attributeMessages(attributes: OnnxAttributes): AttributeProto[] {
  return Object.entries(attributes).map(([name, attribute]) => {
    const { INT, INTS, FLOAT, STRING, GRAPH } = AttributeProto_AttributeType;
    if ("integer" in attribute) return create(AttributeProtoSchema, { name, type: INT, i: BigInt(attribute.integer) });
    if ("integers" in attribute) return create(AttributeProtoSchema, { name, type: INTS, ints: attribute.integers.map(BigInt) });
    if ("float" in attribute) return create(AttributeProtoSchema, { name, type: FLOAT, f: attribute.float });
    if ("text" in attribute) return create(AttributeProtoSchema, { name, type: STRING, s: new TextEncoder().encode(attribute.text) });
    return create(AttributeProtoSchema, { name, type: GRAPH, g: attribute.graph });
  });
}
