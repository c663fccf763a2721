import type { FormatAdapter } from "@longspan/core";
import { defineAdapter } from "@longspan/core/adapter";
import { safetensorsContainer, safetensorsShardedContainer } from "@longspan/container-safetensors";
import { hdf5Container } from "./container/hdf5-container.ts";
import { hdf5ShardedContainer } from "./container/hdf5-sharded.ts";
import { kerasWeightsEnvelope } from "./envelope/keras-weights.ts";
import { tensorflowLayout } from "./layout/tensorflow-layout.ts";
import { tensorflowTarget } from "./target/tensorflow-target.ts";

/** transformers' TensorFlow checkpoints (`tf_model.h5`): what reads and writes them. Pass it to `createConverter` or `openCheckpoint`. */
export function tensorflow(): FormatAdapter {
  return defineAdapter({
    name: "tensorflow",
    containers: [hdf5Container(), hdf5ShardedContainer(), safetensorsContainer(), safetensorsShardedContainer()],
    envelopes: [kerasWeightsEnvelope()],
    layouts: [tensorflowLayout],
    targets: [tensorflowTarget()],
  });
}
