export { type RefusedTensor, safetensorsContainer } from "./safetensors-container.ts";
export { safetensorsShardedContainer } from "./safetensors-sharded-container.ts";
export { type ShardedContainerOptions, shardedContainer } from "./sharded-container.ts";
export { type ShardTensorsOptions, type ShardedTensors, shardTensors } from "./shard-tensors.ts";
export { type WriteSafetensorsOptions, safetensorsFiles, writeSafetensors } from "./write-safetensors.ts";
