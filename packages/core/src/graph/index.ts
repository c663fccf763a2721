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
export { buildGraph, createGraphBuilder, extendGraph, type GraphBuilder } from "./graph-builder.ts";
export { elementAt, joinAxes, linearLayer, normalizationLayer, scalar } from "./layers.ts";
export { validateGraph } from "./validate-graph.ts";
export { printGraph, printNode } from "./print-graph.ts";
export { graphFormat, graphFromJson, graphToJson } from "./graph-json.ts";
export type { NestedNumbers, RawTensor } from "./raw-tensor.ts";

export * as attributeParsers from "./attribute-parsers.ts";
export { type AttributeParser, type AttributeParsers, type Attributes, type AttributeValue, type ParsedAttributes } from "./attributes.ts";
export {
  defineOperation,
  type IntroducedDimension,
  type Operand,
  type OperandNames,
  type OperandTensors,
  type OperandTypes,
  type Operation,
  type OperationDefinition,
  type OperationRule,
} from "./operation.ts";
export { operationSet, standardOperations, type OperationSet } from "./operations/standard-operations.ts";
export { activation, activationFunctions, type ActivationFunction } from "./operations/activation.ts";
export { add } from "./operations/add.ts";
export { band } from "./operations/band.ts";
export { cast } from "./operations/cast.ts";
export { concatenate } from "./operations/concatenate.ts";
export { constant } from "./operations/constant.ts";
export { divide } from "./operations/divide.ts";
export { embedding } from "./operations/embedding.ts";
export { equal } from "./operations/equal.ts";
export { findIndices } from "./operations/find-indices.ts";
export { gatherRows } from "./operations/gather-rows.ts";
export { layerNormalization } from "./operations/layer-normalization.ts";
export { linear } from "./operations/linear.ts";
export { longformerAttention, maskCodes } from "./operations/longformer-attention.ts";
export { matMul } from "./operations/mat-mul.ts";
export { multiply } from "./operations/multiply.ts";
export { pad } from "./operations/pad.ts";
export { reduceSum } from "./operations/reduce-sum.ts";
export { reshape } from "./operations/reshape.ts";
export { scatterRows } from "./operations/scatter-rows.ts";
export { select } from "./operations/select.ts";
export { slice } from "./operations/slice.ts";
export { softmax } from "./operations/softmax.ts";
export { subtract } from "./operations/subtract.ts";
export { transpose } from "./operations/transpose.ts";

export { runPasses, type Pass } from "./passes/pass.ts";
export {
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
