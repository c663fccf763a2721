import { canonicalRules, type Layout } from "@longspan/core/adapter";

/** The layout `onnx`: what the weights are called in the models that Longspan writes, their canonical names. */
export const onnxLayout: Layout = {
  name: "onnx",
  description: "ONNX models written by Longspan",
  rules: canonicalRules,
};
