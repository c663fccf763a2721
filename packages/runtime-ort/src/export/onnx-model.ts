import type { GraphProto, ModelProto } from "../onnx/onnx_pb.ts";

/**
 * A model as ONNX, before it becomes a file or a session: who writes it decides where the weights go.
 *
 * `model` is whole but for its weights: nodes, inputs, outputs, and the few small constants (with `rawData`) are there, the tensors of
 * `initializers` are not. To finish it, add one `TensorProto` for each to `model.graph.initializer`: with `rawData` (inline), or with
 * `dataLocation: EXTERNAL` and `externalData` entries `location`, `offset`, `length`.
 */
export interface OnnxModel {
  /** Of @bufbuild/protobuf; initializers have names and types, and no data. */
  readonly model: ModelProto & { readonly graph: GraphProto };
  /** In the order of the graph's parameters. */
  readonly initializers: readonly OnnxInitializer[];
}

/** A weight that nodes of a model name: float32, C order, never transposed (linear weights are `[out, in]`). */
export interface OnnxInitializer {
  /** The canonical name of the parameter. */
  readonly name: string;
  /** In elements. */
  readonly shape: readonly number[];
}
