export { paddle } from "./paddle.ts";
export { paddlePickleContainer, paddlePickleShardedContainer } from "./pdparams/paddle-pickle.ts";
export { paddleCombinedContainer } from "./combined/paddle-combined.ts";
export { paddleStateDictEnvelope } from "./envelopes/paddle-state-dict.ts";
export { paddleLayout } from "./layouts/paddle.ts";
export { paddleHfLayout } from "./layouts/paddle-hf.ts";
export { paddleNlpLayout } from "./layouts/paddle-nlp.ts";
export { paddleTarget } from "./targets/paddle-target.ts";
export { paddleSafetensorsTarget } from "./targets/paddle-safetensors-target.ts";
