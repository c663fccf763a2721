export { checkOptions, type OptionNames } from "../arguments/check-options.ts";
export { defineAdapter, type AdapterParts } from "./define-adapter.ts";
export type { Claim } from "./claim.ts";
export { budgetOf, type Container, type ContainerInput, type ContainerProbe, type OpenedContainer } from "./container.ts";
export type { Envelope, EnvelopeContents, EnvelopeTensor, UnreadableTensor } from "./envelope.ts";
export type { AddRule, DropRule, Layout, Rule } from "./layout.ts";
export type { Sidecar, Target, TargetRequest, TargetTensor } from "./target.ts";
export type { FolderEntry, FolderKind } from "./folder-kind.ts";
export type { Derivation, DerivationContext } from "./derivation.ts";

export { envelopeContents, stateDictEnvelope, type StateDictEntry, type StateDictEnvelopeOptions } from "./state-dict-envelope.ts";
export { fileReader, type FileReader, type TensorInFile } from "./file-reader.ts";
export { writeWeightsFile } from "./write-weights-file.ts";
export { writeSidecarFiles, writeTextFile } from "../conversion/write-sidecar-files.ts";
export { tokenizerFileNames } from "../conversion/convert-checkpoint.ts";
export { standardDerivations } from "../derivations/standard-derivations.ts";
export { checkTies } from "../conversion/check-ties.ts";

export { canonicalRules } from "../rules/canonical-rules.ts";
export { compileLayout, type CompiledLayout, type WrittenParameter } from "../rules/compile-layout.ts";
export { parseLayoutFile } from "../rules/layout-file.ts";
export { parameterRules, type ParameterNames } from "../rules/parameter-rules.ts";
export { parseLayout, type ParsedLayout, type Reading } from "../rules/parse-layout.ts";

export { headOfArchitecture, headParameters, headRecords, type HeadRecord, type HeadSizes } from "../longformer/head.ts";
export { headRecord, inputAxes } from "../longformer/head-definition.ts";
export { modelTypeOfConfigClass } from "../longformer/class-names.ts";
export type { ParsedConfig } from "../longformer/config.ts";
export { parseLongformerConfig } from "../longformer/parse-config.ts";
export type { ParameterDraft } from "../longformer/parameter-draft.ts";
export { publishedConfigs } from "../longformer/published-configs.ts";
export { isRobertaModelType } from "../longformer/roberta-config.ts";
export { createLongformerSpec, type LongformerSpec, type ParameterSpec } from "../longformer/spec.ts";

export { hasVocabulary } from "../checkpoint/has-vocabulary.ts";
export { describeTree } from "../checkpoint/describe-tree.ts";
export { flattenTree } from "../checkpoint/flatten-tree.ts";
export { foldTree, type FoldedTree, type TreeFold, type TreeFoldLimits, type TreeLeaf } from "../checkpoint/fold-tree.ts";
export { nestTensors, type NestedTensors } from "../checkpoint/nest-tensors.ts";
export {
  isJsonObject,
  plainConfiguration,
  plainJson,
  type Json,
  type PlainConfiguration,
  type PlainJson,
} from "../checkpoint/plain-json.ts";
export { tensorSearch } from "../checkpoint/tensor-search.ts";
export { isTensor, isTensorLike, isTreeMap, type TreeList, type TreeMap, type TreeOpaque, type TreeValue } from "../checkpoint/tree.ts";
export { treeMap } from "../checkpoint/tree-map.ts";
export { whyNoTensor } from "../checkpoint/why-no-tensor.ts";

export { isDataType, isFloatingPoint } from "../tensor/data-type.ts";
export {
  assembledTensor,
  concatenatedTensor,
  reshapeTensor,
  type AssembledTensorOptions,
  type TensorPiece,
} from "../tensor/assembled-tensor.ts";
export { castTensor } from "../tensor/cast-tensor.ts";
export { computedTensor, type ComputedRange, type ComputedTensorOptions } from "../tensor/computed-tensor.ts";
export { floatConversion, type FloatConversion } from "../tensor/convert-floats.ts";
export { firstNonFinite } from "../tensor/first-non-finite.ts";
export type { TensorStorage } from "../tensor/lazy-tensor.ts";
export { readFloats } from "../tensor/read-floats.ts";
export { tensorFromBytes } from "../tensor/read-tensor.ts";
export { tensorBlob } from "../tensor/tensor-blob.ts";
export { denseStrides, renameTensor, stridedTensor, type StridedTensorOptions } from "../tensor/strided-tensor.ts";
export type { SourceStorage } from "../tensor/strided-view.ts";
export { transposeTensor } from "../tensor/transpose-tensor.ts";

export { blobSource } from "../bytes/blob-source.ts";
export type { ScratchBuffer } from "../bytes/byte-source.ts";
export { bytesSource } from "../bytes/bytes-source.ts";
export { concatenatedSource, type SourceRange } from "../bytes/concatenated-source.ts";
export { causeOf, fileTracker, type FileTracker } from "../bytes/file-tracker.ts";
export { httpSource } from "../bytes/http-source.ts";
export { joinedFileSet } from "../bytes/joined-file-set.ts";
export { pagedReader, type ReadRange } from "../bytes/paged-reader.ts";
export { throwIfAborted } from "../bytes/throw-if-aborted.ts";
export { memoryBudget, memoryCosts, type MemoryBudget } from "../accounting/memory-budget.ts";

export { parseJson, readJson, type ParseJsonOptions } from "../json/parse-json.ts";
export { jsonChunks, stringifyJson, type StringifyJsonOptions } from "../json/stringify-json.ts";
export { boundedText } from "../text/bounded-text.ts";
export { shownMessage } from "../text/shown-message.ts";
export { shownValue } from "../text/shown-value.ts";
export { visibleText } from "../text/visible-text.ts";
