import { create } from "@bufbuild/protobuf";
import type { LazyTensor } from "@longspan/core";
import { attributeMessages } from "../onnx/attributes.ts";
import { GraphProtoSchema, NodeProtoSchema, TensorProto_DataType, type GraphProto } from "../onnx/onnx_pb.ts";
import { renameValues } from "./rename-values.ts";

/**
 * A graph whose nodes take float32 from weights that are kept in a narrower type: each of those is brought to float32 once, ahead of everything
 * (onnxruntime does it when it loads the model). So what is computed is what float32 gives with rounded weights, on every device.
 */
export function widenWeights(graph: GraphProto, weights: readonly LazyTensor[]): GraphProto {
  const narrow = weights.filter(({ dataType }) => dataType !== "float32").map(({ name }) => ({ name, wide: `${name}/float32` }));
  const casts = narrow.map(({ name, wide }) =>
    create(NodeProtoSchema, {
      name: wide,
      opType: "Cast",
      input: [name],
      output: [wide],
      attribute: attributeMessages({ to: { integer: TensorProto_DataType.FLOAT } }),
    }),
  );
  const renamed = renameValues(graph, new Map(narrow.map(({ name, wide }) => [name, wide])));
  return create(GraphProtoSchema, { ...renamed, node: [...casts, ...renamed.node] });
}
