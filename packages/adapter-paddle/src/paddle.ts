import type { FormatAdapter } from "@longspan/core";
import { standardDerivations } from "@longspan/core/adapter";
import { safetensorsContainer, safetensorsShardedContainer } from "@longspan/container-safetensors";
import { paddleCombinedContainer } from "./combined/paddle-combined.ts";
import { paddleStateDictEnvelope } from "./envelopes/paddle-state-dict.ts";
import { paddleHfLayout } from "./layouts/paddle-hf.ts";
import { paddleNlpLayout } from "./layouts/paddle-nlp.ts";
import { paddleLayout } from "./layouts/paddle.ts";
import { paddlePickleContainer, paddlePickleShardedContainer } from "./pdparams/paddle-pickle.ts";
import { paddleSafetensorsTarget } from "./targets/paddle-safetensors-target.ts";
import { paddleTarget } from "./targets/paddle-target.ts";

/** PaddlePaddle's checkpoints: what reads and writes them. Pass it to `createConverter` or `openCheckpoint`. */
export function paddle(): FormatAdapter {
  return {
    specificationVersion: 1,
    name: "paddle",
    containers: [
      paddlePickleContainer(),
      paddlePickleShardedContainer(),
      paddleCombinedContainer(),
      safetensorsContainer(),
      safetensorsShardedContainer(),
    ],
    envelopes: [paddleStateDictEnvelope()],
    derivations: standardDerivations(),
    layouts: [paddleLayout, paddleHfLayout, paddleNlpLayout],
    targets: [paddleTarget, paddleSafetensorsTarget],
  };
}
