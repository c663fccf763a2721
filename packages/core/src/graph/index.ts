export {
  addDimensions,
  bindSymbols,
  dimensionSymbols,
  dimensionTerms,
  divideDimensionUp,
  evaluateDimension,
  evaluateShape,
  formatShape,
  multiplyDimensions,
  sameShape,
  shapeSize,
  subtractDimensions,
  type Dimension,
  type DimensionBindings,
  type DimensionFactor,
  type DimensionTerm,
  type Shape,
} from "./dimension.ts";
export { formatType, graphDataTypes, type GraphDataType, type GraphTensor, type Value, type ValueType } from "./value.ts";
export {
  graphValues,
  type Graph,
  type GraphInput,
  type GraphNode,
  type GraphOutput,
  type GraphParameter,
  type InputRange,
} from "./graph.ts";
export {
  buildGraph,
  createGraphBuilder,
  extendGraph,
  type AttributesAndName,
  type GraphBuilder,
  type NodeInputs,
} from "./graph-builder.ts";
export { elementAt, joinAxes, linearLayer, normalizationLayer, scalar } from "./layers.ts";
export { validateGraph } from "./validate-graph.ts";
export { printGraph } from "./print-graph.ts";
export { graphFromJson, graphToJson } from "./graph-json.ts";
export type { NestedNumbers, RawTensor } from "./raw-tensor.ts";

export { attributeParsers } from "./all-attribute-parsers.ts";
export type {
  AttributeParser,
  AttributeParsers,
  Attributes,
  AttributeValue,
  GivenAttributes,
  NoAttributes,
  ParsedAttributes,
} from "./attributes.ts";
export {
  defineOperation,
  type AttributeDescription,
  type IntroducedDimension,
  type Operand,
  type OperandNames,
  type OperandTensors,
  type OperandTypes,
  type OperandValues,
  type Operation,
  type OperationDefinition,
  type OperationRule,
} from "./operation.ts";
export {
  operations,
  operationSet,
  standardOperations,
  type OperationSet,
  type StandardOperationName,
} from "./operations/standard-operations.ts";

export { activationFunctions, type ActivationFunction } from "./operations/activation.ts";
export { maskCodes } from "./operations/longformer-attention.ts";

export { runPasses, type Pass } from "./passes/pass.ts";
export {
  anyNodeOf,
  anyValue,
  indexGraph,
  matchPattern,
  nodeOf,
  type GraphIndex,
  type NodePattern,
  type Pattern,
  type PatternMatch,
  type ValuePattern,
} from "./passes/pattern.ts";
export { rewritePass, type RewriteRule, type RewriteRules } from "./passes/rewrite.ts";
export { eliminateDeadNodes } from "./passes/eliminate-dead-nodes.ts";
export { fuseLinearBias } from "./passes/fuse-linear-bias.ts";
export { lowerLongformerAttention, type LowerLongformerAttentionOptions } from "./passes/lower-longformer-attention.ts";
export { lowerTo, type LowerToOptions } from "./passes/lower-to.ts";
export { mergeDuplicates } from "./passes/merge-duplicates.ts";
export { removeIdentities } from "./passes/remove-identities.ts";
export { selectOutputs } from "./passes/select-outputs.ts";

export { longformerGraph, type LongformerGraphOptions } from "../longformer/graphs/longformer-graph.ts";
export { longformerTrunk, type Trunk, type TrunkOptions } from "../longformer/graphs/trunk.ts";
export {
  longformerInputs,
  type LongformerInputOptions,
  type LongformerInputs,
  type WordInput,
} from "../longformer/graphs/longformer-inputs.ts";
export {
  maskedLanguageModelLogits,
  multipleChoiceLogits,
  poolerOutput,
  questionAnsweringLogits,
  sequenceClassificationLogits,
  tokenClassificationLogits,
  type ClassifierOptions,
} from "../longformer/graphs/heads.ts";
export { activationFunction } from "../longformer/graphs/activation-function.ts";
export { defineHead, type HeadContext, type HeadDefinition, type HeadParts } from "../longformer/head-definition.ts";
