import { create } from "@bufbuild/protobuf";
import { AttributeProtoSchema, GraphProtoSchema, NodeProtoSchema, type GraphProto, type NodeProto } from "../onnx/onnx_pb.ts";

/** A graph whose nodes read other values, in its branches too: what stands in `names` is called what it says there. */
export function renameValues(graph: GraphProto, names: ReadonlyMap<string, string>): GraphProto {
  return create(GraphProtoSchema, { ...graph, node: graph.node.map((node) => renameInputs(node, names)) });
}

function renameInputs(node: NodeProto, names: ReadonlyMap<string, string>): NodeProto {
  return create(NodeProtoSchema, {
    ...node,
    input: node.input.map((name) => names.get(name) ?? name),
    attribute: node.attribute.map((attribute) =>
      attribute.g === undefined ? attribute : create(AttributeProtoSchema, { ...attribute, g: renameValues(attribute.g, names) }),
    ),
  });
}
