import type { FormatAdapter } from "@longspan/core";
import { onnxLayout } from "./onnx-layout.ts";
import { onnxTarget, type OnnxTargetOptions } from "./onnx-target.ts";

export type OnnxOptions = OnnxTargetOptions;

/**
 * ONNX files as a target of conversions: `createConverter({ adapters: [torch(), onnx()] })`, `--to onnx`. Any checkpoint that the other adapters
 * read becomes a model of any length up to its positions, for onnxruntime everywhere.
 */
export function onnx(options: OnnxOptions = {}): FormatAdapter {
  return {
    specificationVersion: 1,
    name: "onnx",
    containers: [],
    envelopes: [],
    layouts: [onnxLayout],
    targets: [onnxTarget(options)],
  };
}
