export { checkpointModel, type CheckpointModel, type CheckpointModelOptions } from "./checkpoint-model.ts";
export type {
  PrepareOptions,
  ProfiledStep,
  RunOptions,
  Runtime,
  RuntimeCapabilities,
  Session,
  SessionInputs,
  SessionProfile,
  Weights,
} from "./runtime.ts";
export { defineRuntime, type RuntimeParts } from "./define-runtime.ts";
export { chosenDataType, fitGraph, type FitGraphOptions } from "./fit-graph.ts";
export { acceptGraph } from "./accept-graph.ts";
export { createSession, type SessionParts } from "./create-session.ts";
export { createInputCheck, type CheckedInputs, type InputMemory } from "./check-inputs.ts";
export { readParameterPieces, readParameters, type ReadParameter, type ReadParameterPiece } from "./read-parameters.ts";
export { memoryWeights } from "./memory-weights.ts";
export { referenceRuntime, type ReferenceRuntimeOptions } from "./reference-runtime.ts";
export {
  compareForward,
  forwardTolerance,
  type CompareForwardOptions,
  type Departure,
  type ForwardComparison,
  type OutputComparison,
  type SampleComparison,
} from "./compare-forward.ts";

export { prepareInputs, type RawLongformerInputs } from "../longformer/prepare-inputs.ts";
export {
  applyGlobalAttentionPolicy,
  separatorsKey,
  type GlobalAttentionPolicy,
  type SeparatorPolicy,
} from "../longformer/global-attention-policy.ts";
export { globalAttentionPolicy } from "../longformer/head-definition.ts";
export { sampleInputs, type SampleInputs } from "../longformer/sample-inputs.ts";
