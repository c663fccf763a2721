export { longformerGraph, type LongformerGraphOptions } from "./longformer-graph.ts";
export { longformerTrunk, type Trunk, type TrunkOptions } from "./trunk.ts";
export { longformerInputs, type LongformerInputOptions, type LongformerInputs, type WordInput } from "./longformer-inputs.ts";
export {
  maskedLanguageModelLogits,
  multipleChoiceLogits,
  poolerOutput,
  questionAnsweringLogits,
  sequenceClassificationLogits,
  tokenClassificationLogits,
  type ClassifierOptions,
} from "./heads.ts";
export { activationFunction } from "./activation-function.ts";
export { prepareInputs, type RawLongformerInputs } from "../prepare-inputs.ts";
export { applyGlobalAttentionPolicy, separatorsKey, type GlobalAttentionPolicy, type SeparatorPolicy } from "../global-attention-policy.ts";
export { sampleInputs, type SampleInputs } from "../sample-inputs.ts";
