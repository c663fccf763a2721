export { onnx, type OnnxOptions } from "./onnx-adapter.ts";
export type { WholeTokenizer } from "./file/onnx-target.ts";
export { exportGraph, type ExportGraphOptions } from "./export/export-graph.ts";
export type { OnnxInitializer, OnnxModel } from "./export/onnx-model.ts";
export type { NodeToWrite, OnnxOperand, OnnxOperation, OnnxOperationSet } from "./export/onnx-operations.ts";
export type { ConstantType, OnnxBranchOutput, OnnxType, OnnxWriter } from "./export/onnx-writer.ts";
export { standardOnnxOperations } from "./export/standard-onnx-operations.ts";
export type { OnnxAttribute, OnnxAttributes } from "./onnx/attributes.ts";
