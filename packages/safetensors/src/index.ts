export { checkShards } from "./check-shards.ts";
export { type SafetensorsDataType, bitsPerElement, isSafetensorsDataType, safetensorsDataTypes } from "./data-types.ts";
export { type SafetensorsLimits, defaultSafetensorsLimits } from "./limits.ts";
export { type PlanSafetensorsOptions, type SafetensorsDeclaration, type SafetensorsPlan, planSafetensors } from "./plan-file.ts";
export { type PlanShardsOptions, type ShardPlan, planShards, shardFileName } from "./plan-shards.ts";
export { type ReadSafetensorsOptions, looksLikeSafetensors, readSafetensorsHeader } from "./read-header.ts";
export { SafetensorsError, type SafetensorsErrorCode, type SafetensorsErrorFields } from "./safetensors-error.ts";
export type { SafetensorsEntry, SafetensorsHeader, SafetensorsSource } from "./safetensors-file.ts";
export {
  type ParseSafetensorsIndexOptions,
  type SafetensorsIndex,
  type SafetensorsIndexDocument,
  type SafetensorsIndexLimits,
  defaultSafetensorsIndexLimits,
  formatSafetensorsIndex,
  parseSafetensorsIndex,
} from "./shard-index.ts";
