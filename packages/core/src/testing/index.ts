export type { Expectation, TestKit } from "./test-kit.ts";
export { seededCheckpoint, smallConfig, type SeededCheckpointOptions } from "./seeded-checkpoint.ts";
export { testLayout } from "./test-layout.ts";
export { testFormatAdapter } from "./test-format-adapter.ts";
export { testHead, type TestHeadOptions } from "./test-head.ts";
export { testRuntime, type TestRuntimeOptions } from "./test-runtime.ts";
export { operationCaseGraph, type CaseInput, type CaseValues, type OperationCase, type RunnableCase } from "./operation-case.ts";
export { operationCases } from "./operation-cases.ts";
export {
  longformerCaseGraph,
  longformerCaseInputs,
  longformerCases,
  seededWeights,
  tinyConfig,
  type LongformerCase,
} from "./longformer-cases.ts";
export { seededIntegers, seededNormal, seededUniform } from "./seeded-tensor.ts";
export { tensorDifference, type Tolerance } from "./tensor-difference.ts";
