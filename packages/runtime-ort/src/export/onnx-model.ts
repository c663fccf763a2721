import type { LazyTensor } from "@longspan/core";
import type { ModelProto } from "../onnx/onnx_pb.ts";

/**
 * A model as ONNX, before it becomes a file or a session: who writes it decides where the weights go.
 *
 * `model` is whole but for its weights: nodes, inputs, outputs, and the few small constants (with `rawData`) are there, the weights of
 * `initializers` are not. To finish it, add one `TensorProto` per weight to `model.graph.initializer`: with `rawData` (inline), or with
 * `dataLocation: EXTERNAL` and `externalData` entries `location`, `offset`, `length`. Its `name`, `dims` and `dataType` are those of the
 * tensor (`onnxTensorHeader`); its bytes are what `tensor.chunks()` gives: C order, little endian.
 */
export interface OnnxModel {
  readonly model: ModelProto;
  /** In the order of the graph's parameters. */
  readonly initializers: readonly OnnxInitializer[];
}

/** A weight of an ONNX model, still unread. */
export interface OnnxInitializer {
  /** What nodes call it: the canonical name of the parameter. */
  readonly name: string;
  /** Already in the shape and data type in which the model takes it (float32 or float16), never transposed: linear weights are `[out, in]`. */
  readonly tensor: LazyTensor;
}
