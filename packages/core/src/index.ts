export { LongspanError, type LongspanErrorData, type LongspanErrorOptions } from "./errors/longspan-error.ts";
export { errorCodes, type ErrorCode } from "./errors/error-codes.ts";

export { boundedText } from "./text/bounded-text.ts";
export { shownMessage } from "./text/shown-message.ts";
export { shownValue } from "./text/shown-value.ts";
export { visibleText } from "./text/visible-text.ts";
export { parseJson, readJson, type ParseJsonOptions } from "./json/parse-json.ts";
export { jsonChunks, stringifyJson, type StringifyJsonOptions } from "./json/stringify-json.ts";

export type { ByteSource, ReadOptions, ScratchBuffer } from "./bytes/byte-source.ts";
export type { CheckpointInput } from "./bytes/checkpoint-input.ts";
export type { FileSet, ResolveOptions } from "./bytes/file-set.ts";
export { pagedReader, type ReadRange } from "./bytes/paged-reader.ts";
export { causeOf, fileTracker, type FileTracker } from "./bytes/file-tracker.ts";
export type { ByteSink, DirectorySink } from "./bytes/sink.ts";
export { throwIfAborted } from "./bytes/throw-if-aborted.ts";
export { bytesSource } from "./bytes/bytes-source.ts";
export { concatenatedSource, type SourceRange } from "./bytes/concatenated-source.ts";
export { joinedFileSet } from "./bytes/joined-file-set.ts";
export { memoryFileSet } from "./bytes/memory-file-set.ts";
export { urlInput } from "./bytes/url-input.ts";
export { httpFileSet } from "./bytes/http-file-set.ts";
export { httpSource, type HttpSourceOptions } from "./bytes/http-source.ts";
export { blobSource } from "./bytes/blob-source.ts";
export { filesFileSet } from "./bytes/files-file-set.ts";
export { memoryDirectorySink, type MemoryDirectorySink } from "./bytes/memory-directory-sink.ts";

export { bytesPerElement, dataTypes, elementCount, isDataType, isFloatingPoint, type DataType } from "./tensor/data-type.ts";
export type { Tensor, TensorArrays } from "./tensor/tensor.ts";
export type { LazyTensor, TensorReadOptions, TensorStorage } from "./tensor/lazy-tensor.ts";
export { denseStrides, renameTensor, stridedTensor, type StridedTensorOptions } from "./tensor/strided-tensor.ts";
export type { SourceStorage } from "./tensor/strided-view.ts";
export { transposeTensor } from "./tensor/transpose-tensor.ts";
export {
  assembledTensor,
  concatenatedTensor,
  reshapeTensor,
  type AssembledTensorOptions,
  type TensorPiece,
} from "./tensor/assembled-tensor.ts";
export { computedTensor, type ComputedRange, type ComputedTensorOptions } from "./tensor/computed-tensor.ts";
export { readFloats } from "./tensor/read-floats.ts";
export { castTensor } from "./tensor/cast-tensor.ts";
export { tensorFromBytes } from "./tensor/read-tensor.ts";
export { floatConversion, type FloatConversion } from "./tensor/convert-floats.ts";

export type { ProgressEvent, ProgressListener } from "./accounting/progress.ts";
export { isTensor, isTensorLike, isTreeMap, type TreeList, type TreeMap, type TreeOpaque, type TreeValue } from "./checkpoint/tree.ts";
export { treeMap } from "./checkpoint/tree-map.ts";
export { whyNoTensor } from "./checkpoint/why-no-tensor.ts";
export { describeTree } from "./checkpoint/describe-tree.ts";
export { foldTree, type FoldedTree, type TreeFold, type TreeFoldLimits, type TreeLeaf } from "./checkpoint/fold-tree.ts";
export {
  isJsonObject,
  plainConfiguration,
  plainJson,
  type Json,
  type PlainConfiguration,
  type PlainJson,
} from "./checkpoint/plain-json.ts";
export { flattenTree } from "./checkpoint/flatten-tree.ts";
export { nestTensors, type NestedTensors } from "./checkpoint/nest-tensors.ts";
export { tensorSearch } from "./checkpoint/tensor-search.ts";
export { memoryBudget, memoryCosts, type MemoryBudget, type OpenLimits } from "./accounting/memory-budget.ts";

export type { Claim } from "./adapter/claim.ts";
export { budgetOf, type Container, type ContainerInput, type ContainerProbe, type OpenedContainer } from "./adapter/container.ts";
export type { Derivation, DerivationContext } from "./adapter/derivation.ts";
export { standardDerivations } from "./derivations/standard-derivations.ts";
export type { Envelope, EnvelopeContents, EnvelopeTensor, UnreadableTensor } from "./adapter/envelope.ts";
export type { AddRule, DropRule, Layout, Rule } from "./adapter/layout.ts";
export type { Sidecar, Target, TargetRequest, TargetTensor } from "./adapter/target.ts";
export type { FolderEntry, FolderKind } from "./adapter/folder-kind.ts";
export type { FormatAdapter } from "./adapter/format-adapter.ts";
export { defineAdapter, type AdapterParts } from "./adapter/define-adapter.ts";
export { envelopeContents, stateDictEnvelope, type StateDictEntry, type StateDictEnvelopeOptions } from "./adapter/state-dict-envelope.ts";
export { fileReader, type FileReader, type TensorInFile } from "./adapter/file-reader.ts";
export { writeWeightsFile } from "./adapter/write-weights-file.ts";

export {
  globalAttentionPolicy,
  headOfArchitecture,
  headParameters,
  headRecords,
  heads,
  inputAxes,
  isHead,
  type Head,
  type HeadRecord,
  type HeadSizes,
} from "./longformer/head.ts";
export { classDefaults, parseLongformerConfig, type LongformerConfig, type ParsedConfig } from "./longformer/config.ts";
export { modelTypeOfConfigClass } from "./longformer/class-names.ts";
export { isRobertaModelType } from "./longformer/roberta-config.ts";
export type { AttentionWindows } from "./longformer/attention-windows.ts";
export type { ExtendOptions, Extension } from "./longformer/extend-config.ts";
export { publishedConfigs } from "./longformer/published-configs.ts";
export { parameterRules, type ParameterNames } from "./rules/parameter-rules.ts";
export { canonicalRules } from "./rules/canonical-rules.ts";
export type { ParameterDraft } from "./longformer/parameter-draft.ts";
export { createLongformerSpec, type LongformerSpec, type ParameterSpec } from "./longformer/spec.ts";

export { compileLayout, type CompiledLayout, type WrittenParameter } from "./rules/compile-layout.ts";
export { parseLayout, type ParsedLayout, type Reading } from "./rules/parse-layout.ts";
export { layoutFileVersion, parseLayoutFile } from "./rules/layout-file.ts";

export type { Checkpoint, CheckpointTensor, ModelInFile, Orientation, UnreadableParameter } from "./checkpoint/checkpoint.ts";
export { openCheckpoint, type OpenOptions } from "./conversion/open-checkpoint.ts";
export { planConversion, type PlanOptions } from "./conversion/plan-conversion.ts";
export type { ConversionPlan, ConversionStep } from "./conversion/conversion-plan.ts";
export type { WrongShape } from "./conversion/checked-weights.ts";
export { writeSidecarFiles, writeTextFile } from "./conversion/write-sidecar-files.ts";
export { convertCheckpoint, tokenizerFileNames, type ConvertOptions } from "./conversion/convert-checkpoint.ts";
export type { TensorComparison } from "./conversion/compare-tensors.ts";
export { describeModelDifferences } from "./conversion/choose-model.ts";
export { checkTies } from "./conversion/check-ties.ts";
export { verifyCheckpoints, type Verification, type VerifyOptions } from "./conversion/verify-checkpoints.ts";
export { createConverter, type Converter, type PlanRequest } from "./conversion/create-converter.ts";

export * from "./graph/index.ts";
export * from "./longformer/graphs/index.ts";
export * from "./runtime/index.ts";
