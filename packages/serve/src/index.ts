export { serveInference, type ServeOptions } from "./serve-inference.ts";
export { isBearerToken } from "./bearer-token.ts";
export { inferenceApp, type InferenceAppOptions } from "./inference-app.ts";
export {
  inferenceEngine,
  type EngineResult,
  type EngineState,
  type InferenceEngine,
  type InferenceEngineOptions,
} from "./inference-engine.ts";
export { servedTasks, type RunServedJobs, type ServedJob, type ServedOutcome, type ServedTask, type WithModel } from "./served-job.ts";
