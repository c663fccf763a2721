export { LongspanError, type LongspanErrorData, type LongspanErrorOptions } from "./errors/longspan-error.ts";
export { errorCodes, type ErrorCode } from "./errors/error-codes.ts";

export { openCheckpoint, type OpenOptions } from "./conversion/open-checkpoint.ts";
export type { OpenLimits } from "./accounting/memory-budget.ts";
export type { FormatAdapter } from "./adapter/format-adapter.ts";
export type { Checkpoint, CheckpointTensor, ModelInFile, Orientation, UnreadableParameter } from "./checkpoint/checkpoint.ts";
export type { WrongShape } from "./conversion/checked-weights.ts";
export { describeModelDifferences } from "./conversion/describe-models.ts";

export { createConverter, type Converter, type PlanRequest } from "./conversion/create-converter.ts";
export type { ConversionPlan, ConversionStep } from "./conversion/conversion-plan.ts";
export type { ConvertOptions } from "./conversion/convert-checkpoint.ts";
export type { Verification, VerifyOptions } from "./conversion/verify-checkpoints.ts";
export type { TensorComparison } from "./conversion/compare-tensors.ts";
export type { ProgressEvent, ProgressListener } from "./accounting/progress.ts";

export { checkpointInput, type CheckpointPlace } from "./place/checkpoint-place.ts";
export type { CheckpointInput } from "./bytes/checkpoint-input.ts";
export type { FileSet, ResolveOptions } from "./bytes/file-set.ts";
export type { ByteSource, ReadOptions } from "./bytes/byte-source.ts";
export type { ByteSink, DirectorySink } from "./bytes/sink.ts";
export { filesFileSet } from "./bytes/files-file-set.ts";
export { httpFileSet } from "./bytes/http-file-set.ts";
export type { HttpSourceOptions } from "./bytes/http-options.ts";
export { memoryDirectorySink, type MemoryDirectorySink } from "./bytes/memory-directory-sink.ts";
export { memoryFileSet } from "./bytes/memory-file-set.ts";

export { heads, isHead, type Head } from "./longformer/head.ts";
export { headName, type AnyHead } from "./longformer/head-definition.ts";
export type { LongformerConfig } from "./longformer/config.ts";
export type { AttentionWindows } from "./longformer/attention-windows.ts";
export type { ExtendOptions, Extension } from "./longformer/extend-config.ts";

export { bytesPerElement, dataTypes, elementCount, type DataType } from "./tensor/data-type.ts";
export type { LazyTensor, TensorReadOptions } from "./tensor/lazy-tensor.ts";
export type { Tensor, TensorArrays } from "./tensor/tensor.ts";
